// Tokens, sessions, credentials of devices and the audit, in the hub's store.
import type { Kysely, Selectable } from 'kysely';
import { type Access, type AuditRecord, OUTCOMES, type TokenRecord } from '../access/access.ts';
import { ROLES, type Role } from '../access/roles.ts';
import type { AccessTables } from './access-tables.ts';

const USED_EVERY_MS = 60_000;
/** No list here is longer; a fleet has at most a million devices. */
const MOST_TOKENS = 10_000;
const MOST_DEVICES = 1_000_000;

/** @param reader answers those who knock; it may lag behind nothing that was committed */
export function createAccess(db: Kysely<AccessTables>, reader = db): Access {
  return {
    async guarded() {
      return (await reader.selectFrom('tokens').select('name').limit(1).executeTakeFirst()) !== undefined;
    },
    async tokens() {
      const rows = await db.selectFrom('tokens').selectAll().orderBy('name').limit(MOST_TOKENS).execute();
      return rows.map(tokenOf);
    },
    async addToken(token) {
      const made = await db
        .insertInto('tokens')
        .values(token)
        .onConflict((conflict) => conflict.column('name').doNothing())
        .returning('name')
        .executeTakeFirst();
      return made !== undefined;
    },
    removeToken: (name) =>
      db.transaction().execute(async (transaction) => {
        await transaction.deleteFrom('sessions').where('token', '=', name).execute();
        const gone = await transaction.deleteFrom('tokens').where('name', '=', name).returning('name').execute();
        return gone.length > 0;
      }),
    async findToken(hash, now) {
      const row = await reader.selectFrom('tokens').selectAll().where('hash', '=', hash).executeTakeFirst();
      return row === undefined ? null : await seen(db, row, now);
    },
    async addSession(session) {
      await db.insertInto('sessions').values(session).execute();
    },
    async findSession(hash, now) {
      const row = await reader
        .selectFrom('sessions')
        .innerJoin('tokens', 'tokens.name', 'sessions.token')
        .selectAll('tokens')
        .where('sessions.hash', '=', hash)
        .where('sessions.expires', '>', now)
        .executeTakeFirst();
      return row === undefined ? null : await seen(db, row, now);
    },
    async removeSession(hash) {
      await db.deleteFrom('sessions').where('hash', '=', hash).execute();
    },
    ...devices(db, reader),
    ...audit(db),
  };
}

function devices(
  db: Kysely<AccessTables>,
  reader: Kysely<AccessTables>,
): Pick<Access, 'credential' | 'devices' | 'enroll' | 'revoke'> {
  const write = async (
    row: { fleet: string; device: string; salt: string; hash: string; revoked: 0 | 1 },
    now: number,
  ) => {
    const { salt, hash, revoked } = row;
    await db
      .insertInto('credentials')
      .values({ ...row, changed: now })
      .onConflict((conflict) =>
        conflict.columns(['fleet', 'device']).doUpdateSet({ salt, hash, revoked, changed: now }),
      )
      .execute();
  };
  return {
    async credential(fleet, device) {
      const row = await reader
        .selectFrom('credentials')
        .select(['salt', 'hash', 'revoked'])
        .where('fleet', '=', fleet)
        .where('device', '=', device)
        .executeTakeFirst();
      return row === undefined ? null : { ...row, revoked: row.revoked !== 0 };
    },
    async devices() {
      const rows = await db
        .selectFrom('credentials')
        .selectAll()
        .orderBy('fleet')
        .orderBy('device')
        .limit(MOST_DEVICES)
        .execute();
      return rows.map((row) => ({ ...row, revoked: row.revoked !== 0 }));
    },
    enroll: (fleet, device, { salt, hash }, now) => write({ fleet, device, salt, hash, revoked: 0 }, now),
    // The old hash goes too: nothing is left that could let it in again.
    revoke: (fleet, device, now) => write({ fleet, device, salt: '', hash: '', revoked: 1 }, now),
  };
}

function audit(db: Kysely<AccessTables>): Pick<Access, 'audit' | 'concluded' | 'trail' | 'prune'> {
  return {
    async audit(entry) {
      const { id } = await db.insertInto('audit').values(entry).returning('id').executeTakeFirstOrThrow();
      return id;
    },
    async concluded(id, outcome, subject) {
      await db.updateTable('audit').set({ outcome, subject }).where('id', '=', id).execute();
    },
    async trail(query) {
      let select = db.selectFrom('audit').selectAll().orderBy('id', 'desc').limit(query.limit);
      if (query.actor !== undefined) select = select.where('actor', '=', query.actor);
      if (query.action !== undefined) select = select.where('action', '=', query.action);
      if (query.subject !== undefined) select = select.where('subject', '=', query.subject);
      if (query.since !== undefined) select = select.where('at', '>=', query.since);
      if (query.before !== undefined) select = select.where('id', '<', query.before);
      return (await select.execute()).map(auditOf);
    },
    async prune(before, now) {
      await db.deleteFrom('audit').where('at', '<', before).execute();
      await db.deleteFrom('sessions').where('expires', '<=', now).execute();
    },
  };
}

/** null: it has expired. Notes when it was used, to the minute, so that reading does not mean writing each time. */
async function seen(
  db: Kysely<AccessTables>,
  row: Selectable<AccessTables['tokens']>,
  now: number,
): Promise<TokenRecord | null> {
  const token = tokenOf(row);
  if (token.expires !== null && token.expires <= now) return null;
  if (token.used === null || now - token.used >= USED_EVERY_MS) {
    await db.updateTable('tokens').set({ used: now }).where('name', '=', token.name).execute();
  }
  return token;
}

function tokenOf({ hash: _, ...row }: Selectable<AccessTables['tokens']>): TokenRecord {
  return { ...row, role: roleOf(row.role) ?? 'viewer' };
}

function auditOf(row: Selectable<AccessTables['audit']>): AuditRecord {
  return { ...row, role: roleOf(row.role), outcome: OUTCOMES.find((one) => one === row.outcome) ?? 'failed' };
}

function roleOf(text: string | null): Role | null {
  return ROLES.find((role) => role === text) ?? null;
}
