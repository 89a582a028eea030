// What makes a Git object one: its type, and the id that its bytes have. Pure. Source: gitformat-loose.
import { createHash, hash } from 'node:crypto';
import type { ObjectType } from './upstream.ts';

/** An object that is hashed in one call. */
const AT_ONCE_BYTES = 64 * 1024;

export function isObjectType(text: string | undefined): text is ObjectType {
  return text === 'commit' || text === 'tree' || text === 'blob' || text === 'tag';
}

/** Lower-case hex (SHA-1). */
export function idOf(type: ObjectType, bytes: Uint8Array): string {
  const head = `${type} ${bytes.length}\0`;
  // At once, since 100,000s of hash objects would wait for the garbage collector, and each holds memory outside of it.
  if (bytes.length <= AT_ONCE_BYTES) return hash('sha1', Buffer.concat([Buffer.from(head), bytes]), 'hex');
  return createHash('sha1').update(head).update(bytes).digest('hex');
}
