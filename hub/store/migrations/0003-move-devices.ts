// Devices of an earlier store, out of their JSON. Frozen with its migration: it reads what was written then.
import type { Kysely } from 'kysely';
import { z } from 'zod';

const before = z.object({
  item: z.looseObject({
    presence: z.string(),
    last_seen: z.string(),
    sync: z.string(),
    health: z.string(),
    reason: z.string(),
    message: z.string(),
    revision: z.object({
      desired: z.string().nullable(),
      applied: z.string().nullable(),
      last_good: z.string().nullable(),
      signed_by: z.string().nullable(),
    }),
    labels: z.unknown(),
    apps: z.unknown(),
    drift: z.number(),
    changes: z.number(),
    agent_version: z.string(),
  }),
  instance: z.string(),
  former: z.array(z.string()),
  boot: z.number(),
  seq: z.number(),
  ts: z.string(),
  births: z.object({ last: z.number(), before: z.number() }),
  offlineTs: z.number(),
  seenAt: z.number(),
  clashAt: z.number().nullable(),
});

interface Before {
  devices_before: { fleet: string; device: string; entry: string; status: string | null };
  devices: Record<string, string | number | null>;
  statuses: { fleet: string; device: string; status: string };
}

export async function moveDevices(any: Kysely<unknown>): Promise<void> {
  const db = any as Kysely<Before>;
  for (const row of await db.selectFrom('devices_before').selectAll().execute()) {
    const read = before.safeParse(parse(row.entry));
    // A row that does not read is left behind; the device's next status writes it anew.
    if (!read.success) continue;
    const { fleet, device, status } = row;
    await db
      .insertInto('devices')
      .values({ fleet, device, ...columnsOf(read.data) })
      .execute();
    if (status !== null) await db.insertInto('statuses').values({ fleet, device, status }).execute();
  }
}

function columnsOf(entry: z.infer<typeof before>): Record<string, string | number | null> {
  const { presence, sync, health, reason, message, drift, changes, agent_version, revision } = entry.item;
  return {
    ...{ presence, sync, health, reason, message, drift, changes, agent_version, ...revision },
    ...{ rev: 1, tx: 0, last_seen: Date.parse(entry.item.last_seen), seen_at: entry.seenAt, reconciling: 0, parts: '' },
    ...{ labels: JSON.stringify(entry.item.labels), apps: JSON.stringify(entry.item.apps) },
    ...{ instance: entry.instance, former: JSON.stringify(entry.former), boot: entry.boot, seq: entry.seq },
    ...{ ts: entry.ts, birth_last: entry.births.last, birth_before: entry.births.before },
    ...{ offline_ts: entry.offlineTs, clash_at: entry.clashAt },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Damaged: the schema refuses null.
    return null;
  }
}
