// The Store over SQLite. Every change is one transaction, synced before the call returns; a call that changes
// nothing writes nothing. One agent at a time; `status` reads beside it through read-store.ts.
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { InventoryItem } from '../../fleet/model/inventory.ts';
import { openDatabase, ownerOnly } from './database.ts';
import { stateError } from './failure.ts';
import { lockState } from './lock.ts';
import { rolloutRows } from './rollout-rows.ts';
import { type DriftSince, OUTBOX_CAP, type Store } from './store.ts';
import { readTables } from './tables.ts';

export interface OpenedStore extends Store {
  /** Path of the corrupt state file that was set aside by this opening; null: there was none. */
  readonly setAside: string | null;
}

/** Throws `StateUnavailable` (another agent, unusable folder) or `DiskPressure`. */
export function openStore(given: { stateDir: string }): OpenedStore {
  const { stateDir } = given;
  makeFolder(stateDir);
  const release = lockState(stateDir);
  try {
    const { db, setAside } = openDatabase(stateDir);
    return createStore({ db, stateDir, setAside, release });
  } catch (error) {
    release();
    throw stateError(stateDir, error);
  }
}

interface Given {
  readonly db: DatabaseSync;
  readonly stateDir: string;
  readonly setAside: string | null;
  readonly release: () => void;
}

function createStore(given: Given): OpenedStore {
  const { db } = given;
  const tables = readTables(db);
  const { meta: _meta, outbox: _outbox, rolloutRows: _rows, ...reads } = tables;
  const { setMeta, dropMeta, putItem, findItem, dropItem, addDrift, addOutbox, dropOutbox, trimOutbox } =
    prepareWrites(db);
  const identity = transaction(beginBoot);
  const salt = transaction(madeOnce);
  /** As it was last read; null: it has been written since. */
  let inventory: readonly InventoryItem[] | null = null;

  return {
    identity,
    salt,
    setAside: given.setAside,
    ...reads,
    inventory: () => (inventory ??= tables.inventory()),
    putInventory(item) {
      const json = JSON.stringify(item);
      if (findItem.get(item.kind, item.name)?.item === json) return;
      inventory = null;
      transaction(() => putItem.run(item.kind, item.name, json));
    },
    removeInventory(kind, name) {
      if (findItem.get(kind, name) === undefined) return;
      inventory = null;
      transaction(() => dropItem.run(kind, name));
    },
    putRollout(rollout) {
      const { put, gone } = changedRows(tables.rolloutRows(), rolloutRows(rollout));
      if (put.length + gone.length === 0) return;
      transaction(() => [put.map((row) => setMeta.run(...row)), gone.map((key) => dropMeta.run(key))]);
    },
    putAccepted: (...accepted) => transaction(() => acceptedRows(...accepted).map((row) => setMeta.run(...row))),
    applied: () => tables.meta('applied'),
    putApplied: (revision) => putMeta('applied', revision),
    putVerifiedImages: (images) => putMeta('verified-images', JSON.stringify(images)),
    putBroughtImages: (images) => putMeta('brought-images', JSON.stringify(images)),
    replaceDriftSince(entries) {
      const wanted = new Map(entries.map(({ key, since }) => [key, since]));
      if (sameDrift(tables.driftSince(), wanted)) return;
      transaction(() => {
        db.exec('DELETE FROM drift_since');
        for (const [key, since] of wanted) addDrift.run(key, since);
      });
    },
    status: () => tables.meta('status'),
    putStatus: (json) => putMeta('status', json),
    pushOutbox(topic, payload) {
      transaction(() => {
        addOutbox.run(topic, payload);
        const dropped = Number(trimOutbox.run(OUTBOX_CAP).changes);
        if (dropped > 0) setMeta.run('dropped', String(droppedSoFar() + dropped));
      });
    },
    peekOutbox: tables.outbox,
    ackOutbox: (id) => void transaction(() => dropOutbox.run(id)),
    droppedFromOutbox: droppedSoFar,
    close() {
      db.close();
      given.release();
    },
  };

  function beginBoot(): Store['identity'] {
    const instance = tables.meta('instance') ?? randomUUID();
    const boot = Number(tables.meta('boot') ?? '0') + 1;
    setMeta.run('instance', instance);
    setMeta.run('boot', String(boot));
    return { instance, boot };
  }

  function madeOnce(): string {
    const made = tables.meta('salt') ?? randomBytes(32).toString('hex');
    setMeta.run('salt', made);
    return made;
  }

  function putMeta(key: string, value: string): void {
    if (tables.meta(key) === value) return;
    transaction(() => setMeta.run(key, value));
  }

  function droppedSoFar(): number {
    return Number(tables.meta('dropped') ?? '0');
  }

  function transaction<T>(work: () => T): T {
    return inTransaction(given, work);
  }
}

function inTransaction<T>({ db, stateDir }: Given, work: () => T): T {
  try {
    db.exec('BEGIN IMMEDIATE');
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw stateError(stateDir, error);
  }
}

function changedRows(held: ReadonlyMap<string, string>, wanted: ReadonlyMap<string, string>) {
  return {
    put: [...wanted].filter(([key, value]) => held.get(key) !== value),
    gone: [...held.keys()].filter((key) => !wanted.has(key)),
  };
}

function acceptedRows(...[desired, asks, signedBy]: Parameters<Store['putAccepted']>): (readonly [string, string])[] {
  const { revision } = desired;
  return [
    ['snapshot.accepted', JSON.stringify(desired)],
    ['asks', JSON.stringify({ revision, asks })],
    ['signer', JSON.stringify({ revision, signedBy })],
  ];
}

function prepareWrites(db: DatabaseSync) {
  return {
    setMeta: db.prepare('INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value'),
    dropMeta: db.prepare('DELETE FROM meta WHERE key = ?'),
    putItem: db.prepare(
      'INSERT INTO inventory VALUES (?, ?, ?) ON CONFLICT (kind, name) DO UPDATE SET item = excluded.item',
    ),
    findItem: db.prepare('SELECT item FROM inventory WHERE kind = ? AND name = ?'),
    dropItem: db.prepare('DELETE FROM inventory WHERE kind = ? AND name = ?'),
    addDrift: db.prepare('INSERT INTO drift_since VALUES (?, ?)'),
    addOutbox: db.prepare('INSERT INTO outbox (topic, payload) VALUES (?, ?)'),
    dropOutbox: db.prepare('DELETE FROM outbox WHERE id = ?'),
    trimOutbox: db.prepare('DELETE FROM outbox WHERE id IN (SELECT id FROM outbox ORDER BY id DESC LIMIT -1 OFFSET ?)'),
  };
}

function sameDrift(held: readonly DriftSince[], wanted: ReadonlyMap<string, string>): boolean {
  return held.length === wanted.size && held.every(({ key, since }) => wanted.get(key) === since);
}

function makeFolder(stateDir: string): void {
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    ownerOnly(stateDir, 0o700);
  } catch (error) {
    throw stateError(stateDir, error);
  }
}
