// Which devices a list shows, in which order, and where its next page begins. Pure. Pages are found by the sort key of
// the last item shown, not by offset, so a fleet that changes between two pages neither skips nor repeats what stayed.
import { z } from 'zod';
import type { DeviceItem } from '../api/schemas.ts';
import { firstOf } from './first.ts';
import { type Listed, toItem } from './listed.ts';

export const SORTS = ['worst', 'id', 'last_seen', 'drift'] as const;
export type Sort = (typeof SORTS)[number];

export interface Selection {
  readonly sync?: string | undefined;
  readonly health?: string | undefined;
  readonly presence?: string | undefined;
  readonly fleet?: string | undefined;
  /** `key=value` each; all have to hold. `key` alone: the label is there. */
  readonly labels: readonly string[];
  /** Found in id, labels, app names, reason or message, whatever the case. */
  readonly q?: string | undefined;
  readonly sort: Sort;
  readonly cursor?: string | undefined;
  readonly limit: number;
}

const keySchema = z.tuple([z.union([z.number(), z.string()]), z.string(), z.string()]);
type Key = z.infer<typeof keySchema>;

/** null: the cursor is not one of ours. */
export function selectListed(
  all: Iterable<Listed>,
  selection: Selection,
): { items: DeviceItem[]; next: string | null } | null {
  const after = selection.cursor === undefined ? null : decode(selection.cursor);
  if (after === undefined) return null;
  const { limit } = selection;
  const sortValue = VALUES[selection.sort];
  const order = (a: Listed, b: Listed) =>
    compare(sortValue(a), sortValue(b)) || compare(a.id, b.id) || compare(a.fleet, b.fleet);
  const found = firstOf(all, limit + 1, order, wanted(selection, after, sortValue));
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const more = found.length > limit && last !== undefined;
  return { items: page.map(toItem), next: more ? encode([sortValue(last), last.fleet, last.id]) : null };
}

const VALUES: { readonly [S in Sort]: (one: Listed) => number | string } = {
  worst: ({ worst }) => worst,
  drift: ({ drift }) => -drift,
  last_seen: ({ lastSeen }) => -lastSeen,
  id: ({ id }) => id,
};

function wanted(
  selection: Selection,
  after: Key | null,
  sortValue: (one: Listed) => number | string,
): (one: Listed) => boolean {
  const { sync, health, presence, fleet } = selection;
  const mentioned = selection.q === undefined ? null : mentions(selection.q.toLowerCase());
  const labels = selection.labels.map(labelOf);
  return (one) =>
    (sync === undefined || one.sync === sync) &&
    (health === undefined || one.health === health) &&
    (presence === undefined || one.presence === presence) &&
    (fleet === undefined || one.fleet === fleet) &&
    (after === null || isAfter(one, after, sortValue)) &&
    labels.every((has) => has(one.labels)) &&
    (mentioned === null || mentioned(one));
}

function isAfter(one: Listed, [value, fleet, id]: Key, sortValue: (one: Listed) => number | string): boolean {
  return (compare(sortValue(one), value) || compare(one.id, id) || compare(one.fleet, fleet)) > 0;
}

function labelOf(label: string): (labels: Listed['labels']) => boolean {
  const equals = label.indexOf('=');
  if (equals < 0) return (labels) => Object.hasOwn(labels, label);
  const [key, value] = [label.slice(0, equals), label.slice(equals + 1)];
  return (labels) => Object.hasOwn(labels, key) && labels[key] === value;
}

/** Ids are lower case. What many devices say is looked at once. */
function mentions(text: string): (one: Listed) => boolean {
  const answers = new Map<string, boolean>();
  const holds = (said: string) => {
    const known = answers.get(said);
    if (known !== undefined) return known;
    const answer = said.toLowerCase().includes(text);
    answers.set(said, answer);
    return answer;
  };
  return (one) =>
    one.id.includes(text) || one.words.includes(text) || holds(one.fleet) || holds(one.reason) || holds(one.message);
}

function compare(a: number | string, b: number | string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function encode(key: Key): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

function decode(cursor: string): Key | undefined {
  try {
    return keySchema.safeParse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))).data;
  } catch {
    // Not JSON: not a cursor of ours, which the caller says.
    return undefined;
  }
}
