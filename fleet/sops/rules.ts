// Which values of a file are encrypted, by the names of the keys above them. A regex comes from a file that may be hostile:
// only those that cannot run away are asked; of the others the file itself shows what is encrypted.
import type { Rule } from './metadata.ts';

/** true or false; null: the file shows it. */
export type Decide = (path: readonly string[]) => boolean | null;

const MAX_KEY = 256;
/** Unbounded repetitions of one regex; each multiplies the time by the length of a key. */
const MAX_REPEATS = 2;

export function decider({ kind, text }: Rule): Decide {
  switch (kind) {
    case 'unencrypted_suffix':
      return (path) => !path.some((key) => key.endsWith(text));
    case 'encrypted_suffix':
      return (path) => path.some((key) => key.endsWith(text));
    case 'unencrypted_regex':
    case 'encrypted_regex':
      return byRegex(text, kind === 'encrypted_regex');
    case 'unencrypted_comment_regex':
    case 'encrypted_comment_regex':
      return () => null;
  }
}

function byRegex(text: string, encrypts: boolean): Decide {
  const regex = tameRegex(text);
  if (regex === null) return () => null;
  const known = new Map<string, boolean>();
  const matches = (key: string): boolean => {
    const before = known.get(key) ?? regex.test(key);
    known.set(key, before);
    return before;
  };
  return (path) => {
    if (path.some((key) => key.length > MAX_KEY)) return null;
    return path.some(matches) === encrypts;
  };
}

/** null: not one that Go and this engine surely agree on, or one that may take very long. */
export function tameRegex(text: string): RegExp | null {
  const ignoreCase = text.startsWith('(?i)');
  const body = ignoreCase ? text.slice(4) : text;
  if (/\(\?|\\[^wdsWDSbB.^$*+?()[\]{}|/_-]|\)[*+{]|\[\[/.test(body)) return null;
  if ((body.match(/[*+]|\{\d+,/g) ?? []).length > MAX_REPEATS) return null;
  try {
    return new RegExp(body, ignoreCase ? 'i' : '');
  } catch {
    return null;
  }
}
