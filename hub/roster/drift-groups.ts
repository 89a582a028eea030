// Open drift as a list or in groups. Pure.
import type { DriftItem, DriftPage } from '../api/schemas.ts';

export type DriftGroup = 'field' | 'service' | 'app' | 'revision';

const GROUPS_MAX = 500;

/** @param items oldest first */
export function driftPage(items: readonly DriftItem[], by: DriftGroup | undefined, limit: number): DriftPage {
  if (by === undefined) return { items: items.slice(0, limit), groups: [], total: items.length };
  const groups = new Map<string, { open: number; devices: Set<string>; sample: DriftItem }>();
  for (const item of items) {
    const key = keyOf(item, by);
    const group = groups.get(key) ?? { open: 0, devices: new Set(), sample: item };
    group.open++;
    group.devices.add(`${item.fleet}/${item.device}`);
    groups.set(key, group);
  }
  const page = [...groups]
    .map(([key, { open, devices, sample }]) => ({ key, open, devices: devices.size, since: sample.since, sample }))
    .sort((a, b) => b.devices - a.devices || b.open - a.open || (a.key < b.key ? -1 : 1));
  return { items: [], groups: page.slice(0, GROUPS_MAX), total: items.length };
}

/** What has no field (a missing or unexpected resource) is grouped under what it is. */
function keyOf(item: DriftItem, by: DriftGroup): string {
  if (by === 'field') return item.field ?? item.kind;
  if (by === 'service') return item.service === null ? item.resource : `${item.app}/${item.service}`;
  if (by === 'app') return item.app;
  return item.revision ?? 'unknown';
}
