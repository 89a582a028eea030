// The tables of the state file and how older ones become newer ones. Migrations are appended, never changed.
import type { DatabaseSync } from 'node:sqlite';

const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE inventory (
    kind TEXT NOT NULL, name TEXT NOT NULL, item TEXT NOT NULL, PRIMARY KEY (kind, name)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE drift_since (key TEXT PRIMARY KEY, since TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, payload TEXT NOT NULL) STRICT;
  `,
];

export const SCHEMA_VERSION = MIGRATIONS.length;

export function schemaVersion(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.user_version ?? 0);
}

/** Brings the file to this version, each step in a transaction of its own. False: a newer program wrote it. */
export function migrate(db: DatabaseSync): boolean {
  const from = schemaVersion(db);
  if (from > SCHEMA_VERSION) return false;
  for (const [index, sql] of MIGRATIONS.slice(from).entries()) {
    db.exec(`BEGIN IMMEDIATE; ${sql}; PRAGMA user_version = ${from + index + 1}; COMMIT`);
  }
  return true;
}
