// What the demo has created so far, as plain data, so that another process can remove it when the demo itself is killed.
// Removal is in one order: the agent before what it would put back, the Engine last but the folder.
import { rm } from 'node:fs/promises';
import { hasImage, removeImage, removeObjects } from './engine-objects.ts';
import { endGroup } from './processes.ts';

export interface Ledger {
  /** The demo's temporary folder; every process below names it in its command line. */
  readonly folder: string;
  readonly device: string;
  /** Group leaders, in the order in which they were started. */
  processes: number[];
  /** An Engine that was there before: what the device created on it goes, and images that were built for the demo. */
  engine: { readonly socket: string; readonly images: readonly string[] } | null;
}

/**
 * Does everything that it can even if a part fails; throws at the end with what is left behind. `endPrivateEngine` ends
 * the Engine that the demo started, if it did.
 */
export async function removeAll(ledger: Ledger, endPrivateEngine: () => Promise<void>): Promise<void> {
  const { folder, device, engine } = ledger;
  const failures: string[] = [];
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  };
  for (const pid of [...ledger.processes].reverse()) await attempt(() => endGroup(pid, folder));
  if (engine !== null) {
    await attempt(() => removeObjects(engine.socket, device));
    for (const image of engine.images) {
      await attempt(async () => {
        if (await hasImage(engine.socket, image)) await removeImage(engine.socket, image);
      });
    }
  }
  await attempt(endPrivateEngine);
  await attempt(() => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
  if (failures.length > 0) throw new Error(`Not everything could be removed:\n${failures.join('\n')}`);
}
