// The demo: a fleet of one device on this machine, from a Git repository to a dashboard. Starts everything, says what to
// try, and removes all of it again when it ends, however it ends.
import { mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../fleet/error.ts';
import { startDemo } from './start/demo.ts';
import { printFleet } from './start/fleet-view.ts';
import { type KeptLedger, keepLedger } from './start/kept-ledger.ts';
import { createLifetime, Interrupted, unlessEnded } from './start/lifetime.ts';
import { type Options, readOptions, USAGE } from './start/options.ts';
import { describeRunning } from './start/running.ts';
import { createSteps, type Steps } from './start/steps.ts';

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  let options: Options | null;
  try {
    options = readOptions(args);
  } catch (error) {
    console.error(`${messageOf(error)}\n\n${USAGE}`);
    return 64;
  }
  if (options === null) {
    console.log(USAGE);
    return 0;
  }
  const lifetime = createLifetime();
  const steps = createSteps(process.stdout);
  const kept = keepLedger(await realpath(await mkdtemp(join(tmpdir(), 'holdfast-'))), options.device);
  const worked = await settle(run(options, kept, steps, lifetime.signal), options);
  const cleaned = await settle(
    steps.step('Removing what the demo created', () => kept.close()),
    options,
  );
  lifetime.close();
  return worked === 0 ? cleaned : worked;
}

/** Runs until the work is done (`--once`) or the user ends it. */
async function run(options: Options, kept: KeptLedger, steps: Steps, signal: AbortSignal): Promise<void> {
  // Not raced against the signal: a step that is cut off could go on creating things behind the clean-up's back.
  const demo = await startDemo(options, kept, steps, signal);
  if (options.once) {
    await printFleet(demo.running.hubUrl, signal);
    return;
  }
  steps.line(describeRunning(demo.running));
  await unlessEnded(signal, demo.failed());
}

/** Exit code: an end that the user asked for is a success, unless a result was asked for. */
async function settle(work: Promise<unknown>, options: Options): Promise<number> {
  try {
    await work;
    return 0;
  } catch (error) {
    if (!(error instanceof Interrupted)) {
      console.error(`\n${messageOf(error)}`);
      return 1;
    }
    return options.once ? 130 : 0;
  }
}
