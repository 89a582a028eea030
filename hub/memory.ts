// Gives memory back. Reading a whole fleet leaves several times as much garbage as the fleet is large, and V8 keeps the
// room for it: on a small machine that is somebody else's.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Stops the program for some tenths of a second: for after a load that comes once. */
export function giveBackMemory(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  if (typeof collect === 'function') collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
