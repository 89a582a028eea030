// A loose object of a repository on this host: `<type> <size>\0<bytes>`, deflated. Its head is read first and judged, and
// then exactly what it declares is inflated. Source: gitformat-loose.
import { readLooseHead } from '../objects/loose.ts';
import { inflateAt } from '../pack/inflate.ts';
import { judgeSize, type PackLimits } from '../pack/limits.ts';
import type { ObjectType } from '../upstream.ts';
import { openFile } from './files.ts';
import { damagedObject } from './store.ts';

/** As much of the file holds the head. */
const BEGINNING_BYTES = 256;

export interface LooseGiven {
  readonly shown: string;
  /** The `objects` folder. */
  readonly folder: string;
  readonly limits: PackLimits;
}

/** null: there is none. Throws `GitContentRefused` when it declares too much, `GitUnreachable` when it is damaged. */
export async function readLoose(
  given: LooseGiven,
  oid: string,
  signal: AbortSignal,
): Promise<{ type: ObjectType; bytes: Buffer } | null> {
  const file = await openFile(placeOf(given.folder, oid));
  if (file === null) return null;
  try {
    const head = readLooseHead(await file.read(0, BEGINNING_BYTES));
    if (head === null) throw damagedObject(given.shown, oid, 'it does not begin as an object does');
    judgeSize(`${given.shown}: object ${oid}`, head.type, head.size, given.limits);
    const found = await inflateAt(file, 0, head.length + head.size, signal);
    if (found === null || found.end !== file.length)
      throw damagedObject(given.shown, oid, 'it does not have the size that it declares');
    return { type: head.type, bytes: found.bytes.subarray(head.length) };
  } finally {
    await file.close();
  }
}

/** null: there is none. */
export async function looseType({ shown, folder }: LooseGiven, oid: string): Promise<ObjectType | null> {
  const file = await openFile(placeOf(folder, oid));
  if (file === null) return null;
  try {
    const head = readLooseHead(await file.read(0, BEGINNING_BYTES));
    if (head === null) throw damagedObject(shown, oid, 'it does not begin as an object does');
    return head.type;
  } finally {
    await file.close();
  }
}

function placeOf(folder: string, oid: string): string {
  return `${folder}/${oid.slice(0, 2)}/${oid.slice(2)}`;
}
