// What the rules of alerts ask of the store.
import { sql } from 'kysely';
import { memoryKey, type OpenDriftRow, type Since } from '../alerts/facts.ts';
import type { DeviceKey } from '../roster/entry.ts';
import type { Database } from './database.ts';
import { rowsOf } from './dialect.ts';

/** Rows of open drift that one look takes in, the oldest first. */
const DRIFT_MAX = 50_000;
/** Devices of one question. */
const SEED_CHUNK = 2_000;

export interface FactStore {
  drift(openedBefore: number): Promise<readonly OpenDriftRow[]>;
  /** Since when devices are in trouble, or want what they do not run, as far as the store knows. */
  seed(degraded: readonly DeviceKey[], stuck: readonly (DeviceKey & { readonly revision: string })[]): Promise<Since>;
}

export function readFacts({ db, engine }: Database): FactStore {
  return {
    async drift(openedBefore) {
      const rows = await db
        .selectFrom('drift')
        .select(['fleet', 'device', 'app', 'field', 'kind', 'resource', 'opened'])
        .where('closed', 'is', null)
        .where('opened', '<=', openedBefore)
        .orderBy('opened')
        .limit(DRIFT_MAX)
        .execute();
      return rows.map(({ field, kind, ...row }) => ({ ...row, field: field ?? kind }));
    },
    async seed(degraded, stuck) {
      const since = new Map<string, number>();
      const key = { fleet: 'text', device: 'text' } as const;
      for (const some of chunks([...degraded, ...stuck])) {
        const { rows } = await sql<DeviceKey & { at: number }>`select devices.fleet, devices.device, trouble_since as at
          from ${rowsOf(engine, key, some)} as wanted cross join devices
          where devices.fleet = wanted.fleet and devices.device = wanted.device and trouble_since is not null`.execute(
          db,
        );
        for (const row of rows) {
          since.set(memoryKey('degraded', row.fleet, row.device), row.at);
          since.set(memoryKey('stuck', row.fleet, row.device), row.at);
        }
      }
      for (const some of chunks(stuck)) {
        const { rows } = await sql<DeviceKey & { at: number }>`select rollouts.fleet, rollouts.device, desired_at as at
          from ${rowsOf(engine, { ...key, revision: 'text' } as const, some)} as wanted cross join rollouts
          where rollouts.fleet = wanted.fleet and rollouts.revision = wanted.revision
            and rollouts.device = wanted.device`.execute(db);
        for (const row of rows) since.set(memoryKey('stuck', row.fleet, row.device), row.at);
      }
      return since;
    },
  };
}

function* chunks<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < all.length; from += SEED_CHUNK) yield all.slice(from, from + SEED_CHUNK);
}
