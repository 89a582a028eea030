// `holdfast get devices|apps|drift`; causes and rollouts are in `past.ts`.

import { HEALTH_WORST_FIRST } from '../../fleet/model/conditions.ts';
import { shortRevision } from '../../fleet/names.ts';
import { type DeviceItem, type DriftPage, devicePageSchema, driftPageSchema } from '../api/schemas.ts';
import { type Ask, query } from './ask.ts';
import { deviceTable } from './device-table.ts';
import type { ExitCode } from './io.ts';
import { print } from './output.ts';
import { table } from './table.ts';
import { age, plural, show } from './text.ts';

/** Pages of 500 that one listing asks for at most. */
const PAGES_MAX = 200;

export interface Filters {
  readonly sync?: string;
  readonly health?: string;
  readonly presence?: string;
  readonly label?: readonly string[];
  readonly query?: string;
}

export async function getDevices(ask: Ask, filters: Filters): Promise<ExitCode> {
  const items = await allDevices(ask, filters);
  const { io, format, paint } = ask;
  print(io, format, { items }, () =>
    items.length === 0 ? 'No devices.\n' : deviceTable(items, io.now(), paint, io.columns),
  );
  return 0;
}

export async function getApps(ask: Ask, filters: Filters): Promise<ExitCode> {
  const { io, format, paint } = ask;
  const items = (await allDevices(ask, filters))
    .flatMap((device) =>
      device.apps.map((app) => ({ fleet: device.fleet, device: device.id, presence: device.presence, ...app })),
    )
    .sort((a, b) => HEALTH_WORST_FIRST.indexOf(a.health) - HEALTH_WORST_FIRST.indexOf(b.health));
  print(io, format, { items }, () => {
    if (items.length === 0) return 'No apps.\n';
    const rows = items.map((app) => [
      { text: app.name, paint: paint.bold },
      app.device,
      { text: app.health, paint: paint.state(app.health) },
      { text: app.sync, paint: paint.state(app.sync) },
      runs(app),
      { text: app.presence, paint: paint.state(app.presence) },
    ]);
    return table(['APP', 'DEVICE', 'HEALTH', 'SYNC', 'REVISION', 'PRESENCE'], rows, io.columns);
  });
  return 0;
}

/** `main@2b7d01aa (main@5f1c9f6b in quarantine)`; an older agent does not tell. */
function runs({ revision, quarantined }: DeviceItem['apps'][number]): string {
  const failed = quarantined === undefined ? '' : ` (${shortRevision(quarantined.revision)} in quarantine)`;
  return `${revision === undefined ? '' : shortRevision(revision)}${failed}`.trimStart();
}

export async function getDrift(ask: Ask, options: { by?: string }): Promise<ExitCode> {
  const page = await ask.api.get(`/api/v1/drift${query(options)}`, driftPageSchema);
  print(ask.io, ask.format, page, () => driftText(page, options.by, ask));
  return 0;
}

function driftText(page: DriftPage, by: string | undefined, { io, paint }: Ask): string {
  if (page.total === 0) return `${paint.good('No drift')}: every device runs what Git declares.\n`;
  const since = (iso: string) => age(io.now() - Date.parse(iso));
  if (by !== undefined) {
    const rows = page.groups.map((group) => [
      { text: by === 'revision' ? shortRevision(group.key) : group.key, paint: paint.bold },
      String(group.open),
      String(group.devices),
      since(group.since),
      `${group.sample.device}: ${difference(group.sample)}`,
    ]);
    return table([by.toUpperCase(), 'OPEN', 'DEVICES', 'FOR', 'FOR EXAMPLE'], rows, io.columns);
  }
  const rows = page.items.map((item) => [
    { text: item.device, paint: paint.bold },
    item.resource,
    { text: item.field ?? item.kind, paint: paint.warn },
    item.kind === 'field' ? show(item.desired) : '',
    item.kind === 'field' ? show(item.observed) : '',
    since(item.since),
  ]);
  const rest = page.total - page.items.length;
  const note = rest > 0 ? `and ${rest} more\n` : '';
  return table(['DEVICE', 'RESOURCE', 'FIELD', 'DECLARED', 'LIVE', 'FOR'], rows, io.columns) + note;
}

/** One difference on one line. */
export function difference(
  drift:
    | DriftPage['items'][number]
    | { kind: string; resource: string; field: string | null; desired: unknown; observed: unknown },
): string {
  if (drift.field === null) return `${drift.resource} is ${drift.kind}`;
  return `${drift.resource} ${drift.field}: ${show(drift.desired)} → ${show(drift.observed)}`;
}

async function allDevices({ api, io }: Ask, filters: Filters): Promise<readonly DeviceItem[]> {
  const { query: q, ...rest } = filters;
  const items: DeviceItem[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const got = await api.get(`/api/v1/devices${query({ ...rest, q, limit: 500, cursor })}`, devicePageSchema);
    items.push(...got.items);
    if (got.next === null) return items;
    cursor = got.next;
  }
  io.err(`holdfast: only the first ${plural(items.length, 'device')} are listed; narrow them with --label or -q\n`);
  return items;
}
