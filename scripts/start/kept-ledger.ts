// The ledger as the demo uses it: every entry is told to the keeper before the demo goes on.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { PrivateEngine } from '../engine.ts';
import { type Ledger, removeAll } from './ledger.ts';

export interface KeptLedger {
  readonly ledger: Readonly<Ledger>;
  record(change: (ledger: Ledger) => void): void;
  /** Lives in other processes, but its own clean-up finds it by this one. */
  recordPrivateEngine(engine: PrivateEngine): void;
  /** Lives in this process, and so needs no keeper. */
  recordServer(server: { close(): Promise<void> }): void;
  /** Removes everything; the keeper has nothing to do then. */
  close(): Promise<void>;
}

export function keepLedger(folder: string, device: string): KeptLedger {
  const ledger: Ledger = { folder, device, processes: [], engine: null };
  const keeper = startKeeper();
  keeper.tell(JSON.stringify(ledger));
  let endEngine = async (): Promise<void> => undefined;
  const servers: { close(): Promise<void> }[] = [];
  return {
    ledger,
    record(change) {
      change(ledger);
      keeper.tell(JSON.stringify(ledger));
    },
    recordPrivateEngine(engine) {
      endEngine = () => engine.stop();
    },
    recordServer(server) {
      servers.push(server);
    },
    async close() {
      try {
        await removeAll(ledger, endEngine);
        await Promise.all(servers.map((server) => server.close()));
      } finally {
        keeper.tell('done');
        await keeper.end();
      }
    },
  };
}

interface Keeper {
  tell(line: string): void;
  end(): Promise<void>;
}

function startKeeper(): Keeper {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'keeper.ts')], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    // A demo without a keeper is still a demo: it cleans up itself unless it is killed.
    child.once('error', () => resolve());
  });
  child.stdin.on('error', () => undefined);
  return {
    tell(line) {
      child.stdin.write(`${line}\n`);
    },
    async end() {
      child.stdin.end();
      await ended;
    },
  };
}
