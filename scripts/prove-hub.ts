// `npm run prove`: the long proofs of the hub, whose short form is in the suite. Exit 1: something was lost.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { proveKills } from '../test/proof/kills.ts';
import { proveScaleOut } from '../test/proof/scale-out.ts';
import { PROFILES } from './fleet-sim/profiles.ts';

const folder = await mkdtemp(join(tmpdir(), 'hf-prove-'));
const log = (line: string): void => void process.stderr.write(`${line}\n`);
const program = new Command('prove').description('the long proofs of the hub, on real programs');
const profile = () => new Option('--profile <name>').choices(Object.keys(PROFILES)).default('flaky');

program
  .command('kills')
  .description('the hub is killed at random: nothing acknowledged is lost, the roster is right within 10 s')
  .option('--devices <count>', 'how many', Number, 5_000)
  .option('--kills <count>', 'how often', Number, 200)
  .option('--seed <text>', 'another seed is another story', '1')
  .option('--speed <factor>', 'story seconds in a second', Number, 5)
  .addOption(profile())
  .addOption(new Option('--broker <which>').choices(['embedded', 'mosquitto']).default('mosquitto'))
  .action(async (flags: Omit<Parameters<typeof proveKills>[0], 'folder' | 'log'>) => {
    conclude(await proveKills({ ...flags, folder, log }));
  });

program
  .command('scale-out')
  .description('several hubs on one PostgreSQL and one broker, one of them killed now and then: all know everything')
  .option('--devices <count>', 'how many', Number, 20_000)
  .option('--hubs <count>', 'how many', Number, 3)
  .option('--seconds <count>', 'how long', Number, 300)
  .option('--kill-every <seconds>', 'one hub', Number, 30)
  .option('--rate <count>', 'reports a second', Number, 500)
  .option('--seed <text>', 'another seed is another story', '1')
  .action(async (flags: Omit<Parameters<typeof proveScaleOut>[0], 'folder' | 'log'>) => {
    conclude(await proveScaleOut({ ...flags, folder, log }));
  });

try {
  await program.parseAsync();
} finally {
  await rm(folder, { recursive: true, force: true });
}
process.exit();

function conclude(result: { readonly failures: readonly string[] }): void {
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  process.exitCode = result.failures.length === 0 ? 0 : 1;
}
