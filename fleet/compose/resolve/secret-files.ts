// The SOPS files of one device: opened ones are handed in, the others are asked for; each that cannot be opened is reported
// once, where it is named. Remembers every secret value, because whatever leaves the device is redacted by them.
import { isHidden, MAX_VALUES } from '../../mask.ts';
import type { GivenSecrets, SecretFile } from '../../model/secret-file.ts';
import type { SourceFile } from '../../model/source.ts';
import type { Place } from '../place.ts';
import { shown, type Where, wrong } from '../report.ts';

export type OpenFile = Extract<SecretFile, { kind: 'open' }>;

export interface SecretFiles {
  /** undefined: not opened yet, or closed, which was reported. */
  open(file: SourceFile, at: Place, where: Where): OpenFile | undefined;
  /** What came out of a secret. */
  remember(value: string): void;
  /** Files to open, sorted. */
  needs(): string[];
  /** Sorted. */
  values(): string[];
  /** More than anybody could look for in whatever the device says. */
  tooMany(): boolean;
  /** Ids of secret content are keyed by it. */
  readonly salt: string;
}

export function createSecretFiles(given: GivenSecrets, salt: string): SecretFiles {
  const needed = new Set<string>();
  const values = new Set<string>();
  let over = false;
  const remember = (value: string): void => {
    if (!isHidden(value)) return;
    if (values.size < MAX_VALUES || values.has(value)) values.add(value);
    else over = true;
  };
  return {
    salt,
    remember,
    needs: () => [...needed].sort(),
    values: () => [...values].sort(),
    tooMany: () => over,
    open({ path }, at, where) {
      const found = given.get(path);
      if (found === undefined) {
        needed.add(path);
        return undefined;
      }
      if (found.kind === 'closed') {
        return wrong(where, at, 'closed-secret', `${shown(path)} cannot be opened: ${found.what}`, found.hint);
      }
      for (const { text, encrypted } of found.values.values()) if (encrypted) remember(text);
      return found;
    },
  };
}

export function isSopsName(path: string): boolean {
  return /[^/]\.sops(\.[a-z]+)?$/i.test(path);
}

/** By its name, or by what is in it. */
export function isSops({ path, bytes }: SourceFile): boolean {
  if (isSopsName(path)) return true;
  if (bytes === undefined) return false;
  const text = new TextDecoder().decode(bytes);
  return text.includes('ENC[AES256_GCM,') && /^\s*"?sops"?\s*:|^sops_mac=/m.test(text);
}

/** Names that `$NAME` can have: `outer.inner` is `outer_inner`, what no variable can have becomes `_`. */
export function variableName(name: string): string {
  return name.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(?=\d)/, '_');
}
