// Writes one batch in one transaction. Values are always bound, never spliced into SQL.
import type { Kysely, Transaction } from 'kysely';
import type { EventItem } from '../api/schemas.ts';
import type { Effect } from '../ingest/effects.ts';
import type { Tables } from './schema.ts';
import type { DeviceChange } from './store.ts';

export async function commitBatch(
  db: Kysely<Tables>,
  changes: readonly DeviceChange[],
  now: number,
): Promise<readonly EventItem[]> {
  return await db.transaction().execute(async (transaction) => {
    const written: EventItem[] = [];
    for (const change of changes) {
      if (change.entry !== null) await writeDevice(transaction, change);
      for (const effect of change.effects) {
        const event = await writeEffect(transaction, change, effect, now);
        if (event !== null) written.push(event);
      }
    }
    return written;
  });
}

async function writeDevice(transaction: Transaction<Tables>, change: DeviceChange): Promise<void> {
  const { fleet, device } = change;
  const entry = JSON.stringify(change.entry);
  await transaction
    .insertInto('devices')
    .values({ fleet, device, entry, status: null })
    .onConflict((conflict) => conflict.columns(['fleet', 'device']).doUpdateSet({ entry }))
    .execute();
}

async function writeEffect(
  transaction: Transaction<Tables>,
  change: DeviceChange,
  effect: Effect,
  now: number,
): Promise<EventItem | null> {
  const { fleet, device } = change;
  switch (effect.kind) {
    case 'status': {
      const status = JSON.stringify(effect.status);
      await transaction
        .updateTable('devices')
        .set({ status })
        .where('fleet', '=', fleet)
        .where('device', '=', device)
        .execute();
      return null;
    }
    case 'drift-open': {
      const row = driftRow(effect);
      await transaction
        .insertInto('drift')
        .values({ fleet, device, ...row, opened: now, closed: null })
        .execute();
      return null;
    }
    case 'drift-change': {
      const { desired, observed, revision, since, by } = driftRow(effect);
      await openRow(transaction, change, effect.key).set({ desired, observed, revision, since, by }).execute();
      return null;
    }
    case 'drift-close':
      await openRow(transaction, change, effect.key).set({ closed: now }).execute();
      return null;
    case 'event':
      return await writeEvent(transaction, effect, now);
  }
}

async function writeEvent(
  transaction: Transaction<Tables>,
  effect: Extract<Effect, { kind: 'event' }>,
  now: number,
): Promise<EventItem | null> {
  const { event, origin } = effect;
  const { received: _, ...columns } = event;
  const row = await transaction
    .insertInto('events')
    .values({ ...columns, origin, received: now })
    .onConflict((conflict) => conflict.columns(['fleet', 'device', 'origin']).doNothing())
    .returning('id')
    .executeTakeFirst();
  return row === undefined ? null : { id: row.id, ...event };
}

function openRow(transaction: Transaction<Tables>, change: DeviceChange, key: string) {
  return transaction
    .updateTable('drift')
    .where('fleet', '=', change.fleet)
    .where('device', '=', change.device)
    .where('key', '=', key)
    .where('closed', 'is', null);
}

function driftRow(effect: Extract<Effect, { kind: 'drift-open' | 'drift-change' }>) {
  const { drift, key, revision } = effect;
  const { resource, kind, field, since } = drift;
  const [, type = '', app = '', name = ''] = /^([a-z]+):([^/]*)\/(.*)$/s.exec(resource) ?? [];
  return {
    key,
    resource,
    kind,
    field,
    since,
    revision,
    by: drift.by ?? null,
    app,
    service: type === 'service' ? name : null,
    desired: JSON.stringify(drift.desired),
    observed: JSON.stringify(drift.observed),
  };
}
