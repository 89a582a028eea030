// Reads objects of one bare repository and checks each against its id. Knows no paths and no rules about names.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { readObject } from 'isomorphic-git';
import { HoldfastError } from '../../fleet/error.ts';

export interface Objects {
  /** Throws `ObjectMissing` when it is not there, `ObjectDamaged` when its bytes do not have this id. */
  read(oid: string, type: 'commit' | 'tree' | 'blob'): Promise<Uint8Array>;
}

export class ObjectMissing extends Error {}
export class ObjectDamaged extends Error {}

/** `cache` holds the pack while it is in use; drop this object to release it. */
export function openObjects(gitdir: string): Objects {
  const cache = {};
  return {
    async read(oid, type) {
      const bytes = await readContent(gitdir, oid, type, cache);
      const id = createHash('sha1').update(`${type} ${bytes.length}\0`).update(bytes).digest('hex');
      if (id !== oid) throw new ObjectDamaged(`Git object ${oid} is damaged on disk`);
      return bytes;
    },
  };
}

async function readContent(gitdir: string, oid: string, type: string, cache: object): Promise<Uint8Array> {
  let result: Awaited<ReturnType<typeof readObject>>;
  try {
    result = await readObject({ fs, gitdir, oid, format: 'content', cache });
  } catch (error) {
    if (isNotFound(error)) throw new ObjectMissing(`Git object ${oid} is not held`);
    throw new ObjectDamaged(`Git object ${oid} cannot be read`, { cause: error });
  }
  if (result.type !== type || !(result.object instanceof Uint8Array))
    throw new HoldfastError('GitContentRefused', `Git object ${oid} is a ${result.type}, not a ${type}.`);
  return result.object;
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'NotFoundError' || error.code === 'ENOENT');
}
