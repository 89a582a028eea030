// What a repository and a bundle on this host have in common: refs, and objects by their id.
import { HoldfastError } from '../../../fleet/error.ts';
import { idOf } from '../object.ts';
import type { ObjectType, RawObject, RemoteRef } from '../upstream.ts';

export interface LocalStore {
  readonly way: string;
  /** Commits whose parents are not there by intent. */
  readonly boundary: ReadonlySet<string>;
  refs(prefixes: readonly string[], signal: AbortSignal): Promise<readonly RemoteRef[]>;
  /** null: it is not there. What comes has been checked against its id. */
  read(oid: string, signal: AbortSignal): Promise<RawObject | null>;
  /** What is not here and need not be, since it was brought before; null: it was not. */
  held(oid: string): Promise<RawObject | null>;
  /** Without reading all of it; null: it is not there. */
  typeOf(oid: string, signal: AbortSignal): Promise<ObjectType | null>;
  /** Something has to be held already for this to be of use. */
  readonly incremental: boolean;
  /** Why a wanted object is not there, and what to do. */
  missing(oid: string): Promise<HoldfastError>;
  close(): Promise<void>;
}

export const OID = /^[0-9a-f]{40}$/;
/** Tags of tags. */
const MOST_PEELS = 10;
const TAGGED = /^object ([0-9a-f]{40})\n/;

/** Throws `GitUnreachable` when the bytes do not have the id. */
export function checked(shown: string, oid: string, type: ObjectType, bytes: Uint8Array): RawObject {
  if (idOf(type, bytes) !== oid) throw damagedObject(shown, oid, 'its content is another one');
  return { oid, type, bytes };
}

export function damagedObject(shown: string, oid: string, why: string): HoldfastError {
  return new HoldfastError(
    'GitUnreachable',
    `${shown}: Git object ${oid} is damaged: ${why}. Run "git fsck" there, and restore or clone it anew.`,
  );
}

/** What an annotated tag finally points to; null: it is no tag. */
export async function peel(store: LocalStore, oid: string, signal: AbortSignal): Promise<string | null> {
  let at = oid;
  for (let round = 0; round < MOST_PEELS; round++) {
    signal.throwIfAborted();
    if ((await store.typeOf(at, signal)) !== 'tag') return at === oid ? null : at;
    const object = await store.read(at, signal);
    const bytes = Buffer.from(object?.bytes ?? []);
    const to = TAGGED.exec(bytes.toString('latin1', 0, 64))?.[1];
    if (to === undefined) return null;
    at = to;
  }
  return null;
}
