// The rows of the tables in docs/compose.md.
import { readFileSync } from 'node:fs';
import type { Group } from './schema-keys.ts';

export interface Documented {
  readonly key: string;
  readonly status: 'supported' | 'accepted' | 'warned' | 'refused';
  /** Engine API version that it needs. */
  readonly api: string | undefined;
  /** Code of the warning. */
  readonly code: string;
  /** `in place`, `recreates`, `—` (no container changes), or empty where nothing can change. */
  readonly onChange: string;
}

/** One for each key: a row may tell about several. */
export function documented(group: Group): readonly Documented[] {
  const text = readFileSync(new URL('../../../../docs/compose.md', import.meta.url), 'utf8');
  const section = text.split(/^## /m).find((part) => part.startsWith(`${group}\n`));
  if (section === undefined) throw new Error(`docs/compose.md has no section "${group}"`);
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap(rowsOf);
}

function rowsOf(line: string): Documented[] {
  const [keys = '', said = '', onChange = ''] = line
    .split('|')
    .slice(1)
    .map((cell) => cell.trim());
  const [, status = '', api, code = 'ignored-key'] = /^(\w+)(?:, API ([\d.]+))?(?: \(`([\w-]+)`\))?$/.exec(said) ?? [];
  if (!isStatus(status)) throw new Error(`docs/compose.md: "${said}" is no status: ${line}`);
  return keys.split(', ').map((key) => ({ key: key.replaceAll('`', ''), status, api, code, onChange }));
}

function isStatus(word: string): word is Documented['status'] {
  return ['supported', 'accepted', 'warned', 'refused'].includes(word);
}
