// Apps, services and labels of devices, in tables of their own so that they can be counted and joined. Written only
// when they changed.
import { sql } from 'kysely';
import type { Status } from '../../fleet/wire/messages.ts';
import type { DeviceKey } from '../roster/entry.ts';
import type { PartChanges } from '../roster/parts.ts';
import { insertRows, rowsOf } from './dialect.ts';
import type { Writing } from './write.ts';

const KEY = { fleet: 'text', device: 'text' } as const;
const APP = { ...KEY, app: 'text', sync: 'text', health: 'text', revision: 'text', quarantined: 'bigint' } as const;
const SERVICE = {
  ...KEY,
  app: 'text',
  service: 'text',
  health: 'text',
  image: 'text',
  digest: 'text',
  restarts: 'bigint',
} as const;
const LABEL = { ...KEY, key: 'text', value: 'text' } as const;

type Given = DeviceKey & { readonly status: Status };

export async function writeParts(
  on: Writing,
  given: readonly (Given & { readonly changes: PartChanges })[],
): Promise<void> {
  const labelled = given.filter(({ changes }) => changes.labels);
  await clear(on, 'labels', labelled);
  await insertRows(on, 'labels', LABEL, labelled.flatMap(labelsOf));
  const shaped = given.filter(({ changes }) => changes.apps);
  await clear(on, 'apps', shaped);
  await clear(on, 'services', shaped);
  await insertRows(on, 'apps', APP, shaped.flatMap(appsOf));
  const running = given.filter(({ changes }) => changes.apps || changes.services);
  await insertRows(on, 'services', SERVICE, running.flatMap(servicesOf), CHANGED);
}

async function clear(on: Writing, table: 'apps' | 'services' | 'labels', given: readonly Given[]): Promise<void> {
  if (given.length === 0) return;
  const keys = given.map(({ fleet, device }) => ({ fleet, device }));
  await sql`delete from ${sql.table(table)} where (fleet, device) in
    (select fleet, device from ${rowsOf(on.engine, KEY, keys)} as given)`.execute(on.db);
}

/** Mostly one service of several is other than before. */
const CHANGED = sql`on conflict (fleet, device, app, service) do update set health = excluded.health,
    image = excluded.image, digest = excluded.digest, restarts = excluded.restarts
  where services.health <> excluded.health or services.image <> excluded.image
    or services.digest is distinct from excluded.digest or services.restarts <> excluded.restarts`;

function appsOf({ fleet, device, status }: Given) {
  return status.apps.map(({ name: app, sync, health, revision = null, quarantined }) => ({
    ...{ fleet, device, app, sync, health, revision, quarantined: quarantined === undefined ? 0 : 1 },
  }));
}

function servicesOf({ fleet, device, status }: Given) {
  const rows = status.apps.flatMap(({ name: app, services }) =>
    services.map(({ name: service, health, image, digest, restarts }) => ({
      ...{ fleet, device, app, service, health, image, digest, restarts },
    })),
  );
  // A device that names one thing twice has said it once.
  return [...new Map(rows.map((row) => [`${row.app}/${row.service}`, row])).values()];
}

function labelsOf({ fleet, device, status }: Given) {
  return Object.entries(status.labels).map(([key, value]) => ({ fleet, device, key, value }));
}
