// The Git objects that this device holds: `<state>/git/objects/<2>/<38>`, each a loose object as Git itself writes them.
// What is under an id either has that id or is not there: every read checks, and what is damaged is removed, to be
// fetched again. One writer; nothing else writes below the folder.
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HoldfastError } from '../../../fleet/error.ts';
import { isMissing } from '../../files/confined.ts';
import { idOf } from '../object.ts';
import type { Keep, ObjectType, RawObject } from '../upstream.ts';
import { onDisk } from './disk-error.ts';
import { BEGINNING_BYTES, deflateObject, inflateHead, inflateObject } from './loose.ts';

/** It was never fetched, or was removed. */
export class ObjectMissing extends Error {}

export interface ObjectStore {
  has(oid: string): Promise<boolean>;
  /** Of whatever type; null: it is not held. */
  find(oid: string): Promise<RawObject | null>;
  /** Throws `ObjectMissing`; `GitContentRefused` when the object is of another type. */
  read(oid: string, type: ObjectType): Promise<Buffer>;
  /** Bytes, and the first of them, without reading the rest. Throws `ObjectMissing`. */
  head(oid: string): Promise<{ readonly size: number; readonly first: Buffer }>;
  readonly keep: Keep;
  /** Everything kept so far survives a power cut. */
  settle(): Promise<void>;
  /** Removes what a killed agent left half-done. Does so once; nothing may be under way yet. */
  tidy(): Promise<void>;
  /** Removes all objects but these. */
  collect(live: ReadonlySet<string>): Promise<void>;
}

/** Files that are synced at the same time. */
const SYNCS = 16;
const INCOMING = 'incoming';

/** Methods throw `DiskPressure` or `StateUnavailable` when the folder cannot be used. */
export function createObjectStore(folder: string, maxBytes: number): ObjectStore {
  const objects = join(folder, 'objects');
  const place = (oid: string): string => join(objects, oid.slice(0, 2), oid.slice(2));
  const unsettled = new Set<string>();
  let tidied: Promise<void> | null = null;
  let settled = false;
  let turn: Promise<unknown> = Promise.resolve();

  return {
    has: async (oid) => (await orNull(stat(place(oid)))) !== null,
    async find(oid) {
      const file = await orNull(readFile(place(oid)));
      return file === null ? null : { oid, ...(await checked(oid, file)) };
    },
    async read(oid, type) {
      const found = await checked(oid, await raw(oid, readFile));
      if (found.type !== type)
        throw new HoldfastError('GitContentRefused', `Git object ${oid} is a ${found.type}, not a ${type}.`);
      return found.bytes;
    },
    async head(oid) {
      const found = inflateHead(await raw(oid, readBeginning));
      if (found === null) throw await damaged(oid);
      return found;
    },
    keep: (object) =>
      inTurn(async () => {
        const to = place(object.oid);
        await writeWhole(folder, to, await deflateObject(object.type, object.bytes));
        unsettled.add(to);
      }),
    settle: () =>
      inTurn(async () => {
        // What an agent before this one kept, it may not have come to sync.
        if (!settled) for (const file of await filesBelow(objects)) unsettled.add(file);
        const files = [...unsettled];
        for (let at = 0; at < files.length; at += SYNCS) await Promise.all(files.slice(at, at + SYNCS).map(sync));
        for (const parent of new Set(files.map(dirname))) await sync(parent);
        if (files.length > 0) await sync(objects);
        if (!settled) for (const parent of [folder, dirname(folder)]) await sync(parent);
        settled = true;
        for (const file of files) unsettled.delete(file);
      }),
    tidy() {
      tidied ??= onDisk(folder, async () => {
        for (const name of await names(folder))
          if (name !== 'objects') await rm(join(folder, name), { recursive: true, force: true });
      }).catch((error: unknown) => {
        tidied = null;
        throw error;
      });
      return tidied;
    },
    collect: (live) => inTurn(() => removeAllBut(live)),
  };

  /** One change of the folder at a time. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = turn.then(() => onDisk(folder, work));
    turn = mine.catch(() => undefined);
    return mine;
  }

  async function raw(oid: string, reading: (path: string) => Promise<Buffer>): Promise<Buffer> {
    const bytes = await orNull(reading(place(oid)));
    if (bytes === null) throw new ObjectMissing(`Git object ${oid} is not held`);
    return bytes;
  }

  async function checked(oid: string, file: Buffer): Promise<{ type: ObjectType; bytes: Buffer }> {
    const found = inflateObject(file, maxBytes);
    if (found === null || idOf(found.type, found.bytes) !== oid) throw await damaged(oid);
    return found;
  }

  /** What a power cut or a failing disk left behind is as good as missing. */
  async function damaged(oid: string): Promise<ObjectMissing> {
    await onDisk(folder, () => rm(place(oid), { force: true }));
    unsettled.delete(place(oid));
    return new ObjectMissing(`Git object ${oid} was damaged on disk and was removed`);
  }

  async function removeAllBut(live: ReadonlySet<string>): Promise<void> {
    const kept = new Set([...live].map(place));
    for (const file of unsettled) if (!kept.has(file)) unsettled.delete(file);
    for (const first of await names(objects)) {
      const held = await names(join(objects, first));
      const dead = held.filter((rest) => !live.has(first + rest));
      if (dead.length === held.length) await rm(join(objects, first), { recursive: true, force: true });
      else for (const rest of dead) await rm(join(objects, first, rest), { recursive: true, force: true });
    }
  }
}

/** Appears whole or not at all. */
async function writeWhole(folder: string, to: string, bytes: Uint8Array): Promise<void> {
  const incoming = join(folder, `${INCOMING}-${randomUUID()}`);
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  try {
    await writeFile(incoming, bytes, { mode: 0o600, flag: 'wx' });
    await rename(incoming, to);
  } catch (error) {
    // The first failure is the one to tell; what is left over goes when the next agent begins.
    await rm(incoming, { force: true }).catch(() => undefined);
    throw error;
  }
}

async function readBeginning(path: string): Promise<Buffer> {
  await using handle = await open(path, 'r');
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(BEGINNING_BYTES), 0, BEGINNING_BYTES, 0);
  return buffer.subarray(0, bytesRead);
}

async function orNull<T>(looking: Promise<T>): Promise<T | null> {
  try {
    return await looking;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

async function names(folder: string): Promise<readonly string[]> {
  return await readdir(folder).catch(() => []);
}

async function filesBelow(objects: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const first of await names(objects))
    for (const rest of await names(join(objects, first))) found.push(join(objects, first, rest));
  return found;
}

/** What was removed meanwhile is as good as missing, and is found missing when it is wanted. */
async function sync(path: string): Promise<void> {
  const opened = await orNull(open(path, 'r'));
  if (opened === null) return;
  await using handle = opened;
  await handle.sync();
}
