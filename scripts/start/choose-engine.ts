// Which Engine the demo uses: one that answers, else a private daemon that ends with the demo.
import { join } from 'node:path';
import { findEngine, startEngine } from '../engine.ts';
import { listObjects } from './engine-objects.ts';
import type { KeptLedger } from './kept-ledger.ts';
import type { Options } from './options.ts';

/** The Engine's socket. It is in the ledger when this returns. */
export async function chooseEngine(options: Options, kept: KeptLedger): Promise<string> {
  const { folder, device } = kept.ledger;
  const found = options.ownEngine ? null : await findEngine();
  if (!options.ownEngine) refuseOther(found);
  if (found !== null) {
    await refuseForeign(found, device);
    kept.record((ledger) => {
      ledger.engine = { socket: found, images: [] };
    });
    return found;
  }
  if (process.getuid?.() !== 0) {
    throw new Error(
      'No Docker Engine answers, and only root can start one. Start Docker, or name an Engine:\n' +
        '  DOCKER_HOST=unix:///path/to/docker.sock npm start',
    );
  }
  const engine = await startEngine({ dir: join(folder, 'engine') });
  kept.recordPrivateEngine(engine);
  return engine.socket;
}

/** A user who names an Engine means that one. */
function refuseOther(found: string | null): void {
  const named = process.env.DOCKER_HOST;
  if (named === undefined || named === '' || named === `unix://${found}`) return;
  throw new Error(
    named.startsWith('unix://')
      ? `DOCKER_HOST is ${named}, and no Engine answers there. Start it, or unset DOCKER_HOST.`
      : `DOCKER_HOST is ${named}: the demo speaks to an Engine through a local socket only (unix:///path/to/docker.sock).`,
  );
}

/** What carries the device's label already belongs to somebody: the demo would change it, and remove it at the end. */
async function refuseForeign(socket: string, device: string): Promise<void> {
  const found = await listObjects(socket, device);
  if (found.length === 0) return;
  throw new Error(
    `The Engine at ${socket} already holds what a device ${device} created: ` +
      `${found.map(({ kind, name }) => `${kind} ${name}`).join(', ')}.\n` +
      'Choose another name for the demo: npm start -- --device demo',
  );
}
