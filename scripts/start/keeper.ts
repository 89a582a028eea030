// A process that outlives the demo by a moment: if the demo is killed before it could clean up, the keeper does.
// It reads the ledger from its standard input, line by line; `done` means that nothing is left to do.
import { createInterface } from 'node:readline';
import { sweepAbandoned } from '../engine/clean-up.ts';
import { type Ledger, removeAll } from './ledger.ts';

// It leads a group of its own; a closing terminal may still reach it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

let ledger: Ledger | null = null;
for await (const line of createInterface({ input: process.stdin })) {
  // Only the demo writes here, and it writes whole lines.
  ledger = line === 'done' ? null : (JSON.parse(line) as Ledger);
}
// A private Engine names the demo as its owner: with the owner gone it is swept, however far it had got.
if (ledger !== null) await removeAll(ledger, async () => sweepAbandoned());
