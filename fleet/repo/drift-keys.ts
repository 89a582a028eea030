// `drift`, of a device or of one app: a word for every field, or a map with rules for some (fleet/reconcile/ownership.ts
// decides by them). Defaults are replaced by the later layer, and rules are gathered; of one pattern the later word counts.
import { type Keys, type Located, listReader, locatedReader, type Reader, readKeys } from '../compose/read.ts';
import { shown, type Where, wrong } from '../compose/report.ts';
import { readName, wordReader } from '../compose/scalars.ts';
import type { Owner, Rules } from '../reconcile/ownership.ts';
import { readTime } from './words.ts';

/** Most patterns in one list. */
export const MAX_PATTERNS = 256;

export interface DriftKeys {
  default: Located<'correct' | 'warn'>;
  correct: readonly Located<string>[];
  warn: readonly Located<string>[];
  ignore: readonly Located<string>[];
  /** Milliseconds. */
  inside: Located<number>;
}

export type DriftSettings = Readonly<Partial<DriftKeys>>;

/** One pattern and whose the fields are that it names. */
export interface Rule {
  readonly owner: Owner;
  readonly pattern: Located<string>;
}

const readWord = locatedReader(wordReader<'correct' | 'warn'>(['correct', 'warn']));

export const readPatterns: Reader<readonly Located<string>[]> = (node, where) => {
  const patterns = listReader(locatedReader(readName))(node, where);
  if (patterns === undefined || patterns.length <= MAX_PATTERNS) return patterns;
  return wrong(where, node.at, 'too-large', `more than ${MAX_PATTERNS} patterns`);
};

export const DRIFT_KEYS: Keys<DriftKeys> = {
  default: readWord,
  correct: readPatterns,
  warn: readPatterns,
  ignore: readPatterns,
  inside: locatedReader(readTime),
};

export const readDrift: Reader<DriftSettings> = (node, where) => {
  if (node.kind !== 'map') {
    const word = readWord(node, where);
    return word && { default: word };
  }
  const settings = readKeys(node, where, DRIFT_KEYS);
  if (settings !== undefined) checkTwice(rulesOf(settings), where);
  return settings;
};

export function rulesOf(settings: DriftSettings | undefined): Rule[] {
  const rules = (owner: Owner) => (settings?.[owner] ?? []).map((pattern): Rule => ({ owner, pattern }));
  return [...rules('correct'), ...rules('warn'), ...rules('ignore')];
}

/** Of one pattern the last word counts. */
export function gathered(rules: readonly Rule[]): Omit<Rules, 'drift'> {
  const owners = new Map(rules.map(({ owner, pattern }) => [pattern.value, owner]));
  const patterns = (owner: Owner) => [...owners].flatMap(([pattern, one]) => (one === owner ? [pattern] : []));
  return { correct: patterns('correct'), warn: patterns('warn'), ignore: patterns('ignore') };
}

function checkTwice(rules: readonly Rule[], where: Where): void {
  const owners = new Map<string, Owner>();
  for (const { owner, pattern } of rules) {
    const before = owners.get(pattern.value);
    owners.set(pattern.value, owner);
    if (before === undefined || before === owner) continue;
    const what = `"${shown(pattern.value)}" is under ${before} and under ${owner}`;
    wrong(where, pattern.at, 'value', what, 'leave it in one of them');
  }
}
