// Reads the state beside a running agent, for the `status` command. Takes no lock, counts no boot, writes nothing.
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { STATE_FILE } from './database.ts';
import { stateError } from './failure.ts';
import { SCHEMA_VERSION, schemaVersion } from './schema.ts';
import type { Store } from './store.ts';
import { readTables } from './tables.ts';

const BUSY_MS = 2_000;

export type ReadStore = Pick<
  Store,
  | 'identity'
  | 'salt'
  | 'inventory'
  | 'accepted'
  | 'rollout'
  | 'applied'
  | 'asks'
  | 'verifiedImages'
  | 'driftSince'
  | 'status'
  | 'droppedFromOutbox'
  | 'close'
>;

/** null: no agent has written a state here yet. Throws `StateUnavailable`. */
export function readStore(stateDir: string): ReadStore | null {
  const file = join(stateDir, STATE_FILE);
  if (!isThere(stateDir, file)) return null;
  let db: DatabaseSync | null = null;
  try {
    db = new DatabaseSync(file, { readOnly: true, timeout: BUSY_MS });
    if (schemaVersion(db) !== SCHEMA_VERSION) {
      db.close();
      return null;
    }
    const opened = db;
    const tables = readTables(opened);
    return {
      identity: { instance: tables.meta('instance') ?? '', boot: Number(tables.meta('boot') ?? '0') },
      salt: tables.meta('salt') ?? '',
      inventory: tables.inventory,
      accepted: tables.accepted,
      rollout: tables.rollout,
      applied: () => tables.meta('applied'),
      asks: tables.asks,
      verifiedImages: tables.verifiedImages,
      driftSince: tables.driftSince,
      status: () => tables.meta('status'),
      droppedFromOutbox: () => Number(tables.meta('dropped') ?? '0'),
      close: () => opened.close(),
    };
  } catch (error) {
    db?.close();
    throw stateError(stateDir, error);
  }
}

/** The folder is its owner's alone: to anyone else nothing is absent, only closed. */
function isThere(stateDir: string, file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw stateError(stateDir, error);
  }
}
