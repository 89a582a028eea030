// An opened file as the loader has it: values by name, and the whole of it as it was before it was encrypted. And the same
// with placeholders, for those who check a repository without any identity.
import { createHash } from 'node:crypto';
import type { SecretFile, SecretValue } from '../model/secret-file.ts';
import { REDACTED } from '../secret.ts';
import { isEncrypted, typeOf } from './cipher.ts';
import { attempt } from './fault.ts';
import { type Format, formatPlain } from './format.ts';
import type { Plaintext } from './open.ts';
import { readSealed } from './sealed.ts';
import { type Branch, type Leaf, leaf, mapTree, namedLeaves, textOf } from './tree.ts';

/** Never throws. */
export function secretFile(format: Format, { branch, encrypted }: Plaintext): SecretFile {
  const whole = attempt(() => formatPlain(format, branch));
  if (whole.kind === 'closed') return whole;
  const values = namedLeaves(branch).map(({ name, leaf: value }): [string, SecretValue] => {
    return [name, { text: valueText(format, value), encrypted: encrypted.has(value) }];
  });
  return { kind: 'open', values: new Map(values), whole: Buffer.from(whole.value).toString('base64') };
}

/** Numbers and booleans as YAML has them; one pair of quotes around a value of an environment file is not part of it. */
function valueText(format: Format, value: Leaf): string {
  const text = textOf(value);
  if (value.type === 'bool') return text.toLowerCase();
  const quoted = format === 'dotenv' ? /^(["'])([\s\S]*)\1$/.exec(text) : null;
  return quoted?.[2] ?? text;
}

/** What an encrypted value looks like to those who cannot open it. */
const PLACEHOLDERS: Partial<Record<string, Leaf>> = {
  int: leaf('int', '1'),
  float: leaf('float', '1.5'),
  bool: leaf('bool', 'True'),
};

/** The file with placeholders for what is encrypted: its names are real. Never throws. */
export function placeholderFile(path: string, bytes: Uint8Array | undefined): SecretFile {
  return standIn(path, bytes, () => REDACTED);
}

/** The same, with a placeholder of its own for each text that differs when encrypted: who cannot open two files sees what changed. */
export function distinctFile(path: string, bytes: Uint8Array | undefined): SecretFile {
  const mark = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16);
  return standIn(path, bytes, (text) => `${REDACTED} ${mark(text)}`);
}

function standIn(path: string, bytes: Uint8Array | undefined, placeholderOf: (text: string) => string): SecretFile {
  const sealed = readSealed(path, bytes);
  if (sealed.kind === 'closed') return sealed;
  const encrypted = new Set<Leaf>();
  const branch: Branch = mapTree(sealed.value.branch, {
    comment: (comment) => comment,
    leaf: (value) => {
      const text = value.type === 'str' ? textOf(value) : '';
      if (!isEncrypted(text)) return value;
      const placeholder = PLACEHOLDERS[typeOf(text) ?? ''] ?? leaf('str', placeholderOf(text));
      encrypted.add(placeholder);
      return placeholder;
    },
  });
  return secretFile(sealed.value.format, { branch, ivs: new Map(), encrypted });
}
