// Alerts, and what receivers were told, in the hub's store. Rows pass a schema on their way back: a file can be older or
// damaged, and one bad row must not keep alerts from being judged.
import { type Kysely, type Selectable, sql } from 'kysely';
import { z } from 'zod';
import { type Alert, CONDITIONS, type ReceiverState, SEVERITIES, type Told } from '../alerts/model.ts';
import { type FactStore, readFacts } from './alert-facts.ts';
import type { Database } from './database.ts';
import { parse } from './device-row.ts';
import { keepSilences, type SilenceStore } from './silences.ts';
import type { Tables } from './tables.ts';

const FIRING_MAX = 10_000;
/** Alerts that are over: kept for so long, and so many. */
const RESOLVED_MS = 30 * 24 * 60 * 60_000;
const RESOLVED_MAX = 10_000;

export interface AlertStore extends SilenceStore, FactStore {
  firing(): Promise<readonly Alert[]>;
  /** The last ones first. */
  resolved(since: number, limit: number): Promise<readonly Alert[]>;
  /** Writes those that are new or other than before; @returns all, with their ids. */
  write(alerts: readonly Alert[], before: readonly Alert[], now: number): Promise<readonly Alert[]>;
  /** Of alerts that fire or were resolved since then. */
  told(since: number): Promise<readonly Told[]>;
  states(): Promise<readonly ReceiverState[]>;
  /** How one message went: both, or neither. */
  sent(told: readonly Told[], state: ReceiverState): Promise<void>;
  prune(now: number): Promise<void>;
}

export function createAlertStore(database: Database): AlertStore {
  const { db } = database;
  return {
    async firing() {
      const rows = await db
        .selectFrom('alerts')
        .selectAll()
        .where('resolved', 'is', null)
        .orderBy('id')
        .limit(FIRING_MAX)
        .execute();
      return rows.flatMap(alertOf);
    },
    async resolved(since, limit) {
      const rows = await db
        .selectFrom('alerts')
        .selectAll()
        .where('resolved', '>=', since)
        .orderBy('resolved', 'desc')
        .orderBy('id', 'desc')
        .limit(limit)
        .execute();
      return rows.flatMap(alertOf);
    },
    write: (alerts, before, now) => writeAlerts(db, alerts, before, now),
    async told(since) {
      const rows = await db
        .selectFrom('alert_told')
        .innerJoin('alerts', 'alerts.id', 'alert_told.alert')
        .selectAll('alert_told')
        .where((where) => where.or([where('alerts.resolved', 'is', null), where('alerts.resolved', '>=', since)]))
        .execute();
      return rows.map((row) => ({ ...row, state: row.state === 'resolved' ? 'resolved' : 'firing' }));
    },
    async states() {
      const rows = await db.selectFrom('alert_receivers').selectAll().orderBy('receiver').execute();
      return rows.map(({ retry_at, ok_at, ...row }) => ({ ...row, retryAt: retry_at, okAt: ok_at }));
    },
    sent: (told, state) =>
      db.transaction().execute(async (transaction) => {
        for (const one of told) {
          const { state: said, at, joined } = one;
          await transaction
            .insertInto('alert_told')
            .values({ ...one })
            .onConflict((conflict) => conflict.columns(['alert', 'receiver']).doUpdateSet({ state: said, at, joined }))
            .execute();
        }
        const { receiver, failures, retryAt, error, okAt } = state;
        const row = { failures, retry_at: retryAt, error, ok_at: okAt };
        await transaction
          .insertInto('alert_receivers')
          .values({ receiver, ...row })
          .onConflict((conflict) => conflict.column('receiver').doUpdateSet(row))
          .execute();
      }),
    ...keepSilences(db),
    ...readFacts(database),
    async prune(now) {
      const oldest = sql<number>`(select resolved from alerts where resolved is not null
        order by resolved desc limit 1 offset ${RESOLVED_MAX})`;
      await sql`delete from alerts where resolved < ${now - RESOLVED_MS} or resolved <= ${oldest}`.execute(db);
      await sql`delete from alert_told where not exists (select 1 from alerts where alerts.id = alert_told.alert)`.execute(
        db,
      );
      await db
        .deleteFrom('silences')
        .where('ends', '<', now - RESOLVED_MS)
        .execute();
    },
  };
}

async function writeAlerts(
  db: Kysely<Tables>,
  alerts: readonly Alert[],
  before: readonly Alert[],
  now: number,
): Promise<readonly Alert[]> {
  const known = new Map(before.map((alert) => [alert.id, contentOf(alert)]));
  const other = alerts.filter((alert) => alert.id === 0 || known.get(alert.id) !== contentOf(alert));
  if (other.length === 0) return alerts;
  const ids = new Map<string, number>();
  await db.transaction().execute(async (transaction) => {
    for (const alert of other) {
      const { id, key, rule, severity, fleet, since, resolved } = alert;
      const row = { rule, severity, fleet, since, resolved, changed: now, alert: contentOf(alert) };
      if (id === 0) {
        const added = transaction
          .insertInto('alerts')
          .values({ key, ...row })
          .onConflict((conflict) => conflict.column('key').where('resolved', 'is', null).doNothing());
        const made = await added.returning('id').executeTakeFirst();
        // Another hub was first: the next look sees what it wrote.
        if (made !== undefined) ids.set(key, made.id);
      } else await transaction.updateTable('alerts').set(row).where('id', '=', id).execute();
    }
  });
  return alerts.flatMap((alert) => (alert.id === 0 ? withId(alert, ids.get(alert.key)) : [alert]));
}

/** What the columns do not say; in one order, so that the same alert is the same text. */
function contentOf(alert: Alert): string {
  const { when, labels, devices, most, of, silenced, silencedBy, loud, joined, samples, reasons, quiet } = alert;
  const { severity, resolved } = alert;
  return JSON.stringify({
    ...{
      when,
      severity,
      labels,
      devices,
      most,
      of,
      silenced,
      silencedBy,
      loud,
      joined,
      samples,
      reasons,
      quiet,
      resolved,
    },
  });
}

function withId(alert: Alert, id: number | undefined): Alert[] {
  return id === undefined ? [] : [{ ...alert, id }];
}

const labels = z.record(z.string(), z.string());
const alertSchema = z.object({
  when: z.enum(CONDITIONS),
  severity: z.enum(SEVERITIES),
  labels,
  devices: z.number(),
  most: z.number(),
  of: z.number(),
  silenced: z.number(),
  silencedBy: z.array(z.string()),
  loud: z.boolean(),
  joined: z.number(),
  samples: z.array(z.object({ device: z.string(), since: z.number(), reason: z.string(), message: z.string() })),
  reasons: z.array(z.object({ reason: z.string(), devices: z.number() })),
  quiet: z.number().nullable(),
});

function alertOf(row: Selectable<Tables['alerts']>): Alert[] {
  const read = alertSchema.safeParse(parse(row.alert));
  if (!read.success) return [];
  const { id, key, rule, fleet, since, resolved } = row;
  return [{ ...read.data, id, key, rule, fleet, since, resolved }];
}
