// volumes and tmpfs of a service: short (`[SOURCE:]TARGET[:MODE]`) and long form. What a source stands for (a named volume,
// a file of the repository, a path of the host) is settled later, with the repository at hand.
import { posix } from 'node:path';
import { describe, type Node } from '../node.ts';
import type { Place } from '../place.ts';
import {
  type Keys,
  listReader,
  oneOrMoreReader,
  type Reader,
  readBoolean,
  readKeys,
  readName,
  readSize,
  readText,
  wordReader,
} from '../read.ts';
import { doubtful, shown, type Where, wrong } from '../report.ts';

/** A mount as written. */
export type MountSpec = { readonly target: string; readonly read_only: boolean; readonly at: Place } & (
  | { readonly type: 'volume'; readonly source: string | null; readonly nocopy: boolean }
  | { readonly type: 'bind'; readonly source: string; readonly create_host_path: boolean }
  | { readonly type: 'tmpfs'; readonly size?: number; readonly mode?: number }
);

/** One entry per mount point; the last one wins. */
export const readVolumes: Reader<readonly MountSpec[]> = (node, where) => {
  const specs = listReader(readVolume)(node, where);
  return specs === undefined ? undefined : lastPerTarget(specs);
};

export const readTmpfs: Reader<readonly MountSpec[]> = (node, where) => {
  const specs = oneOrMoreReader(readTmpfsEntry)(node, where);
  return specs === undefined ? undefined : lastPerTarget(specs);
};

export function lastPerTarget<T extends { readonly target: string }>(specs: readonly T[]): T[] {
  return [...new Map(specs.map((spec) => [spec.target, spec])).values()];
}

const readVolume: Reader<MountSpec> = (node, where) => {
  if (node.kind === 'map') return longVolume(node, where);
  if (node.kind !== 'scalar' || typeof node.value !== 'string') {
    return wrong(
      where,
      node.at,
      'type',
      `has to be a volume, not ${describe(node)}`,
      'write "data:/var/lib/data" or "./file:/etc/file:ro"',
    );
  }
  return shortVolume(node.value, node.at, where);
};

function shortVolume(text: string, at: Place, where: Where): MountSpec | undefined {
  const parts = text.split(':');
  const [first = '', second, options] = parts;
  if (parts.length > 3 || parts.some((part) => part === '')) {
    return wrong(where, at, 'value', `"${shown(text)}" is not a volume`, 'write SOURCE:TARGET or SOURCE:TARGET:ro');
  }
  const target = mountPoint(second ?? first, at, where);
  const mode = readOptions(options, at, where);
  if (target === undefined || mode === undefined) return undefined;
  const base = { target, read_only: mode.read_only, at };
  if (second === undefined) return { ...base, type: 'volume', source: null, nocopy: false };
  if (/^[./~\\]/.test(first)) return { ...base, type: 'bind', source: first, create_host_path: true };
  return { ...base, type: 'volume', source: first, nocopy: mode.nocopy };
}

/** Options of the short form; undefined: one of them cannot be honoured, and was reported. */
function readOptions(
  text: string | undefined,
  at: Place,
  where: Where,
): { read_only: boolean; nocopy: boolean } | undefined {
  const mode = { read_only: false, nocopy: false };
  let fine = true;
  for (const option of text?.split(',') ?? []) {
    if (option === 'ro') mode.read_only = true;
    else if (option === 'nocopy') mode.nocopy = true;
    else if (option === 'cached' || option === 'delegated' || option === 'consistent') {
      doubtful(where, at, 'no-effect', `"${option}" has no meaning on Linux`, 'remove it');
    } else if (option !== 'rw') {
      fine = false;
      const known = /^(z|Z|r?shared|r?slave|r?private)$/.test(option);
      const what = known
        ? `"${option}" is valid Compose, but Holdfast does not support it yet`
        : `"${shown(option)}" is not a mount option`;
      wrong(where, at, known ? 'unsupported-value' : 'value', what, 'supported are ro, rw and nocopy');
    }
  }
  return fine ? mode : undefined;
}

function mountPoint(text: string, at: Place, where: Where): string | undefined {
  if (!text.startsWith('/')) {
    const hint = 'write SOURCE:TARGET with an absolute path in the container';
    return wrong(where, at, 'value', `"${shown(text)}" is not an absolute path in the container`, hint);
  }
  const path = posix.normalize(text);
  if (path === '/') return wrong(where, at, 'value', 'the root of the container cannot be a mount point');
  return path.replace(/^\/+/, '/').replace(/\/$/, '');
}

interface VolumeFields {
  type: 'volume' | 'bind' | 'tmpfs';
  source: string;
  target: string;
  read_only: boolean;
  bind: { create_host_path?: boolean };
  volume: { nocopy?: boolean };
  tmpfs: { size?: number; mode?: number };
  consistency: string;
}

const VOLUME_FIELDS: Keys<VolumeFields> = {
  type: readType,
  source: readName,
  target: readName,
  read_only: readBoolean,
  bind: (node, where) =>
    readKeys(node, where, { create_host_path: readBoolean }, { propagation: '', selinux: '', recursive: '' }),
  volume: (node, where) => readKeys(node, where, { nocopy: readBoolean }, { subpath: '', labels: '' }),
  tmpfs: (node, where) => readKeys(node, where, { size: readSize, mode: readFileMode }),
  consistency: readText,
};

function readType(node: Node, where: Where): VolumeFields['type'] | undefined {
  if (node.kind === 'scalar' && (node.value === 'image' || node.value === 'npipe' || node.value === 'cluster')) {
    return wrong(
      where,
      node.at,
      'unsupported-value',
      `"${node.value}" is valid Compose, but Holdfast does not support it yet`,
    );
  }
  return wordReader(['volume', 'bind', 'tmpfs'])(node, where);
}

function longVolume(node: Node & { kind: 'map' }, where: Where): MountSpec | undefined {
  const fields = readKeys(node, where, VOLUME_FIELDS);
  if (fields === undefined) return undefined;
  for (const key of ['type', 'target'] as const) {
    if (!node.entries.has(key)) wrong(where, node.at, 'missing-key', `${key} is missing`);
  }
  if (fields.type === undefined || fields.target === undefined) return undefined;
  const target = mountPoint(fields.target, node.entries.get('target')?.value.at ?? node.at, where);
  if (target === undefined) return undefined;
  const at = node.entries.get('source')?.value.at ?? node.at;
  const base = { target, read_only: fields.read_only ?? false, at };
  if (fields.type === 'tmpfs') return { ...base, type: 'tmpfs', ...fields.tmpfs };
  if (fields.type === 'volume') {
    return { ...base, type: 'volume', source: fields.source ?? null, nocopy: fields.volume?.nocopy ?? false };
  }
  if (fields.source === undefined)
    return wrong(where, node.at, 'missing-key', 'source is missing', 'a bind needs a path of the host');
  return { ...base, type: 'bind', source: fields.source, create_host_path: fields.bind?.create_host_path ?? true };
}

const readTmpfsEntry: Reader<MountSpec> = (node, where) => {
  const text = readText(node, where);
  if (text === undefined) return undefined;
  const [path = '', options = ''] = text.split(/:(.*)/s);
  const target = mountPoint(path, node.at, where);
  if (target === undefined) return undefined;
  const spec: { size?: number; mode?: number } = {};
  for (const option of options === '' ? [] : options.split(',')) {
    const [name = '', value = ''] = option.split('=', 2);
    const scalar: Node = { kind: 'scalar', value, text: value, at: node.at };
    if (name === 'size') Object.assign(spec, { size: readSize(scalar, where) });
    else if (name === 'mode') Object.assign(spec, { mode: readFileMode(scalar, where) });
    else
      wrong(
        where,
        node.at,
        'unsupported-value',
        `the option "${shown(option)}" is not supported yet`,
        'supported are size and mode',
      );
  }
  return { type: 'tmpfs', target, read_only: false, at: node.at, ...spec };
};

/** Permissions: octal as people write them (`0644`, `"1777"`, `0o755`). */
export const readFileMode: Reader<number> = (node, where) => {
  const match = node.kind === 'scalar' ? /^0?o?([0-7]{1,4})$/.exec(node.text) : null;
  if (match?.[1] !== undefined) return Number.parseInt(match[1], 8);
  return wrong(where, node.at, 'value', 'has to be permissions in octal', 'write it like 0644');
};
