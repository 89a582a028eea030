// `npm run fleet:sim`: a simulated fleet on a real broker, until its time is over or Ctrl-C. See docs/fleet-sim.md.
import { setTimeout as sleep } from 'node:timers/promises';
import { CommanderError } from 'commander';
import { untilEqual } from './fleet-sim/ask-hub.ts';
import { type Asked, readOptions } from './fleet-sim/options.ts';
import { createFleet, type PlayedFleet } from './fleet-sim/player.ts';
import { progressLine, summarize, summaryText } from './fleet-sim/summary.ts';

const SETTLE_MS = 30_000;
const LINE_MS = process.stderr.isTTY ? 1_000 : 10_000;

process.exitCode = await main();
// Connections of thousands need not be closed one by one.
process.exit();

async function main(): Promise<number> {
  let asked: Asked;
  try {
    asked = readOptions(process.argv.slice(2), Date.now());
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  const fleet = createFleet(asked.fleet);
  const startedMs = performance.now();
  const over = new AbortController();
  const lines = tell(fleet, over.signal);
  await fleet.playTo((asked.durationS ?? Number.POSITIVE_INFINITY) * 1000, stop.signal);
  const settled = await fleet.settled(SETTLE_MS);
  const seconds = (performance.now() - startedMs) / 1000;
  over.abort();
  await lines;
  const differences = asked.check === null ? null : await check(asked, asked.check, fleet);
  const summary = summarize(fleet, { devices: asked.fleet.devices, seconds, differences });
  process.stdout.write(asked.output === 'json' ? `${JSON.stringify(summary)}\n` : summaryText(summary));
  await fleet.end();
  return settled && (differences ?? []).length === 0 ? 0 : 1;
}

/** Before the devices leave: a hub that is asked afterwards would be right to call them offline. */
async function check(asked: Asked, hub: string, { ledger }: PlayedFleet): Promise<readonly string[]> {
  const { differences } = await untilEqual({ hub, fleet: asked.fleet.fleet, ledger, timeoutMs: asked.patienceMs });
  return differences;
}

async function tell(fleet: PlayedFleet, signal: AbortSignal): Promise<void> {
  let before = 0;
  while (!signal.aborted) {
    await sleep(LINE_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    const { acknowledged } = fleet.counts;
    process.stderr.write(`${progressLine(fleet, ((acknowledged - before) * 1000) / LINE_MS)}\n`);
    before = acknowledged;
  }
}
