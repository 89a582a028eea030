// Opens the state file: write-ahead log, full synchronous, migrated. A corrupt file is set aside, never repaired and
// never deleted; the agent then starts empty and finds its things again by their labels.
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { HoldfastError } from '../../fleet/error.ts';
import { isCorrupt, stateError } from './failure.ts';
import { migrate, SCHEMA_VERSION, schemaVersion } from './schema.ts';

export const STATE_FILE = 'state.db';
/** A reader (`status`) holds the file for milliseconds. */
const BUSY_MS = 5_000;
/** Corrupt files that are kept for a look; the oldest go first. */
const KEPT_CORRUPT = 5;

/** Throws `StateUnavailable` or `DiskPressure`. `setAside` names the corrupt file that was moved, if one was. */
export function openDatabase(stateDir: string): { db: DatabaseSync; setAside: string | null } {
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    const db = tryOpen(stateDir);
    if (db !== null) return { db, setAside: null };
    const setAside = moveAside(stateDir);
    const fresh = tryOpen(stateDir);
    if (fresh === null) throw new Error('a new state file is corrupt at once; check the disk');
    return { db: fresh, setAside };
  } catch (error) {
    throw stateError(stateDir, error);
  }
}

/** null: corrupt. */
function tryOpen(stateDir: string): DatabaseSync | null {
  const file = join(stateDir, STATE_FILE);
  const db = new DatabaseSync(file, { timeout: BUSY_MS });
  try {
    ownerOnly(file, 0o600);
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 1048576');
    const [check] = db.prepare('PRAGMA quick_check(1)').all();
    if (check?.quick_check !== 'ok') throw new CorruptState();
    const version = schemaVersion(db);
    if (!migrate(db))
      throw new HoldfastError(
        'StateUnavailable',
        `${stateDir}: the state was written by a newer agent (schema ${version}, this one knows ${SCHEMA_VERSION}). Update this agent.`,
      );
    for (const suffix of ['-wal', '-shm']) if (existsSync(file + suffix)) ownerOnly(file + suffix, 0o600);
    return db;
  } catch (error) {
    db.close();
    if (error instanceof CorruptState || isCorrupt(error)) return null;
    throw error;
  }
}

/** The state holds what containers are given, secrets too. What belongs to another user is left as it is. */
export function ownerOnly(path: string, mode: 0o600 | 0o700): void {
  const { uid, mode: now } = statSync(path);
  if (uid === process.getuid?.() && (now & 0o777) !== mode) chmodSync(path, mode);
}

class CorruptState extends Error {}

function moveAside(stateDir: string): string {
  let number = 1;
  while (existsSync(asidePath(stateDir, number))) number++;
  const aside = asidePath(stateDir, number);
  renameSync(join(stateDir, STATE_FILE), aside);
  for (const suffix of ['-wal', '-shm']) {
    const path = join(stateDir, `${STATE_FILE}${suffix}`);
    if (existsSync(path)) renameSync(path, `${aside}${suffix}`);
  }
  for (const suffix of ['', '-wal', '-shm'])
    rmSync(`${asidePath(stateDir, number - KEPT_CORRUPT)}${suffix}`, { force: true });
  return aside;
}

function asidePath(stateDir: string, number: number): string {
  return join(stateDir, `${STATE_FILE}.corrupt-${number}`);
}
