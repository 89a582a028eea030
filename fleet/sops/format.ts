// The four formats of SOPS files, by the name of the file: text to a tree and its `sops` part, and back.
import { TEXT_BYTES } from '../model/source.ts';
import { formatDotenv, parseDotenv } from './dotenv.ts';
import { Closed, ENCRYPT, RESTORE } from './fault.ts';
import { formatJson, parseJson } from './json.ts';
import type { Branch, Leaf, Value } from './tree.ts';
import { formatYaml, parseYaml } from './yaml.ts';

/** `binary`: any file, as the one value `data` of a JSON file. */
export type Format = 'yaml' | 'json' | 'dotenv' | 'binary';

/** Largest file, in the clear and encrypted: devices read no larger ones. */
export const MAX_BYTES = TEXT_BYTES;

/** As SOPS tells them apart. */
export function formatOf(path: string): Format {
  const name = path.toLowerCase();
  if (/\.ya?ml$/.test(name)) return 'yaml';
  if (name.endsWith('.json')) return 'json';
  return name.endsWith('.env') ? 'dotenv' : 'binary';
}

/** A file before and without its `sops` part. */
export interface Parts {
  readonly branch: Branch;
  readonly sops: Value | undefined;
}

/** An encrypted file's text. Throws `Closed`. */
export function parseSealed(format: Format, bytes: Uint8Array): Parts {
  const text = decode(bytes);
  if (format === 'dotenv') return parseDotenv(text);
  if (format === 'binary' && !/^\s*\{/.test(text)) throw notEncrypted();
  const whole = format === 'yaml' ? parseYaml(text) : parseJson(text);
  return takeSops(whole);
}

/** A file in the clear. Throws `Closed`. */
export function parsePlain(format: Format, bytes: Uint8Array): Branch {
  if (bytes.length > MAX_BYTES) throw tooLarge();
  if (format === 'binary') {
    const data: Leaf = { kind: 'leaf', type: 'str', bytes };
    return { kind: 'map', items: [{ kind: 'pair', key: 'data', value: data }] };
  }
  const { branch, sops } =
    format === 'dotenv'
      ? parseDotenv(decode(bytes))
      : takeSops(format === 'yaml' ? parseYaml(decode(bytes)) : parseJson(decode(bytes)));
  if (sops !== undefined) throw new Closed('it has a "sops" part: it is encrypted already', 'edit it instead');
  return branch;
}

/** Throws `Closed` for what no device would read. */
export function formatSealed(format: Format, branch: Branch, sops: Branch): string {
  const text = sealedText(format, branch, sops);
  if (new TextEncoder().encode(text).length > MAX_BYTES) throw tooLarge();
  return text;
}

function sealedText(format: Format, branch: Branch, sops: Branch): string {
  if (format === 'yaml') return formatYaml(branch, sops);
  if (format === 'dotenv') return formatDotenv(branch, sops);
  return formatJson({ kind: 'map', items: [...branch.items, { kind: 'pair', key: 'sops', value: sops }] });
}

/** The file as it was before it was encrypted. Throws `Closed`. */
export function formatPlain(format: Format, branch: Branch): Uint8Array {
  if (format === 'binary') {
    const data = branch.items.find((item) => item.kind === 'pair' && item.key === 'data');
    if (data?.kind === 'pair' && data.value.kind === 'leaf') return data.value.bytes;
    throw new Closed('it is a binary SOPS file without "data"', RESTORE);
  }
  const text = format === 'yaml' ? formatYaml(branch) : format === 'dotenv' ? formatDotenv(branch) : formatJson(branch);
  return new TextEncoder().encode(text);
}

function takeSops(whole: Branch): Parts {
  const found = whole.items.find((item) => item.kind === 'pair' && item.key === 'sops');
  const items = whole.items.filter((item) => item !== found);
  return { branch: { kind: 'map', items }, sops: found?.kind === 'pair' ? found.value : undefined };
}

function decode(bytes: Uint8Array): string {
  if (bytes.length > MAX_BYTES) throw tooLarge();
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Closed('it is not UTF-8', RESTORE);
  }
}

export function tooLarge(): Closed {
  return new Closed(`it is larger than ${MAX_BYTES / 1024} KiB`, 'split it');
}

function notEncrypted(): Closed {
  return new Closed('it is not encrypted with SOPS', ENCRYPT);
}
