// Which devices a list shows, in which order, and where its next page begins. Pure. Pages are found by the sort key of
// the last item shown, not by offset, so a fleet that changes between two pages neither skips nor repeats what stayed.
import { z } from 'zod';
import type { DeviceItem } from '../api/schemas.ts';
import { badness } from './worst.ts';

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
export function selectDevices(
  items: Iterable<DeviceItem>,
  selection: Selection,
): { items: DeviceItem[]; next: string | null } | null {
  const after = selection.cursor === undefined ? null : decode(selection.cursor);
  if (after === undefined) return null;
  const keyed: { key: Key; item: DeviceItem }[] = [];
  for (const item of items) {
    if (!matches(item, selection)) continue;
    const key: Key = [sortValue(item, selection.sort), item.fleet, item.id];
    if (after === null || compareKeys(key, after) > 0) keyed.push({ key, item });
  }
  keyed.sort((a, b) => compareKeys(a.key, b.key));
  const page = keyed.slice(0, selection.limit);
  const last = page.at(-1);
  const more = keyed.length > page.length && last !== undefined;
  return { items: page.map(({ item }) => item), next: more ? encode(last.key) : null };
}

function matches(item: DeviceItem, selection: Selection): boolean {
  if (selection.sync !== undefined && item.sync !== selection.sync) return false;
  if (selection.health !== undefined && item.health !== selection.health) return false;
  if (selection.presence !== undefined && item.presence !== selection.presence) return false;
  if (selection.fleet !== undefined && item.fleet !== selection.fleet) return false;
  if (!selection.labels.every((label) => hasLabel(item, label))) return false;
  return selection.q === undefined || mentions(item, selection.q.toLowerCase());
}

function hasLabel(item: DeviceItem, label: string): boolean {
  const equals = label.indexOf('=');
  if (equals < 0) return Object.hasOwn(item.labels, label);
  const key = label.slice(0, equals);
  return Object.hasOwn(item.labels, key) && item.labels[key] === label.slice(equals + 1);
}

function mentions(item: DeviceItem, text: string): boolean {
  const labels = Object.entries(item.labels).map(([key, value]) => `${key}=${value}`);
  const texts = [item.id, item.fleet, item.reason, item.message, ...labels, ...item.apps.map(({ name }) => name)];
  return texts.some((one) => one.toLowerCase().includes(text));
}

function sortValue(item: DeviceItem, sort: Sort): number | string {
  if (sort === 'worst') return badness(item);
  if (sort === 'drift') return -item.drift;
  if (sort === 'last_seen') return -Date.parse(item.last_seen);
  return item.id;
}

function compareKeys(a: Key, b: Key): number {
  return compare(a[0], b[0]) || compare(a[2], b[2]) || compare(a[1], b[1]);
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
