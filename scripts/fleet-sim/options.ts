// The command line of the simulator: what can be asked, checked, and turned into a fleet.
import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { IClientOptions } from 'mqtt';
import { isId } from '../../fleet/names.ts';
import type { FleetInput } from './player.ts';
import { atRate, PROFILES, type ProfileName } from './profiles.ts';

export interface Asked {
  readonly fleet: FleetInput;
  readonly profile: ProfileName;
  /** Seconds of story time; null: until it is stopped. */
  readonly durationS: number | null;
  readonly output: 'text' | 'json';
  /** A hub's address: at the end its roster is compared. */
  readonly check: string | null;
  /** How long that is given, milliseconds. */
  readonly patienceMs: number;
}

interface Flags {
  readonly devices: number;
  readonly profile: ProfileName;
  readonly broker: string;
  readonly seed: string;
  readonly fleet: string;
  readonly connections: 'each' | number;
  readonly rate?: number;
  readonly duration?: number;
  readonly speed: number;
  readonly epoch?: number;
  readonly check?: string;
  readonly patience: number;
  readonly username?: string;
  readonly passwordFile?: string;
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly output: 'text' | 'json';
}

const HELP = `
Profiles:
${Object.entries(PROFILES)
  .map(([name, { what }]) => `  ${name.padEnd(8)} ${what}`)
  .join('\n')}

The same seed, size and profile tell the same story; with --epoch also the same bytes. A broker that is slower than the
story holds it up, and "behind" says by how much. A device has its own connection and last will. With --connections 8 all
devices share eight, which speak for many devices (the broker's rules have to allow that), and wills are published as the
broker would publish them: that is how 100,000 devices fit on one machine.
{device} in --username and in the names of files is each device's id (own connections only).

Examples:
  npm run fleet:sim -- --devices 200 --profile rollout
  npm run fleet:sim -- --devices 100000 --connections 8 --profile plain --rate 2000 --duration 60 --broker mqtt://broker:1883
  npm run fleet:sim -- --devices 1000 --profile hostile --duration 120 --check http://127.0.0.1:8080

Exit codes: 0 done; 1 --check found a difference, or the broker did not acknowledge everything; 2 wrong arguments
`;

/** Throws commander's error, already printed, for help and for what cannot be asked. */
export function readOptions(args: readonly string[], nowMs: number): Asked {
  const program = new Command('fleet:sim')
    .description('A fleet of simulated devices, which say on a broker what Holdfast agents would say.')
    .option('-n, --devices <count>', 'how many', count(1_000_000), 100)
    .addOption(new Option('-p, --profile <name>', 'what happens').choices(Object.keys(PROFILES)).default('steady'))
    .option('-b, --broker <url>', 'mqtt://, mqtts://, ws:// or wss://', 'mqtt://127.0.0.1:1883')
    .option('-s, --seed <text>', 'another seed is another fleet', '1')
    .option('-f, --fleet <id>', 'the fleet they belong to', fleetId, 'sim')
    .option('-c, --connections <each|count>', 'one connection for each device, or so many for all', connections, 'each')
    .option(
      '-r, --rate <count>',
      'status reports a second, by the whole fleet, instead of what the profile says',
      count(100_000),
    )
    .option('-d, --duration <seconds>', 'of the story; without it: until Ctrl-C', seconds)
    .option('--speed <factor>', 'story seconds in a second', seconds, 1)
    .option('--epoch <time>', 'when the story begins, ISO 8601 (now)', moment)
    .option('--check <url>', 'a hub: at the end compares its roster with what was acknowledged')
    .option('--patience <seconds>', 'how long a hub that is checked may take', seconds, 60)
    .option('-u, --username <name>', 'towards the broker')
    .option('--password-file <file>', 'towards the broker')
    .option('--ca-file <file>', 'the CA that signed the broker')
    .option('--cert-file <file>', 'a client certificate')
    .option('--key-file <file>', 'its key')
    .addOption(new Option('-o, --output <format>', 'of the summary').choices(['text', 'json']).default('text'))
    .addHelpText('after', HELP)
    .showHelpAfterError('(see npm run fleet:sim -- --help)')
    .exitOverride();
  program.parse([...args], { from: 'user' });
  const flags = program.opts<Flags>();
  return {
    fleet: {
      ...{ seed: flags.seed, fleet: flags.fleet, devices: flags.devices, speed: flags.speed },
      ...{ url: flags.broker, connections: flags.connections, epochMs: flags.epoch ?? nowMs },
      profile: atRate(PROFILES[flags.profile], flags.devices, flags.rate),
      options: (clientId) => credentials(flags, clientId.split(':').at(-1) ?? clientId),
    },
    profile: flags.profile,
    durationS: flags.duration ?? null,
    output: flags.output,
    check: flags.check ?? null,
    patienceMs: flags.patience * 1000,
  };
}

function credentials(flags: Flags, device: string): IClientOptions {
  const named = (text: string): string => text.replaceAll('{device}', device);
  const read = (path: string | undefined): Buffer | undefined =>
    path === undefined ? undefined : readFileSync(named(path));
  const given = {
    username: flags.username === undefined ? undefined : named(flags.username),
    password: read(flags.passwordFile)?.toString('utf8').trim(),
    ca: read(flags.caFile),
    cert: read(flags.certFile),
    key: read(flags.keyFile),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function count(most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (!/^\d+$/.test(text) || number < 1 || number > most) throw new InvalidArgumentError(`1 to ${most}.`);
    return number;
  };
}

function seconds(text: string): number {
  const number = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || number <= 0) throw new InvalidArgumentError('A number above 0.');
  return number;
}

function connections(text: string): 'each' | number {
  return text === 'each' ? text : count(1000)(text);
}

function fleetId(text: string): string {
  if (!isId(text)) throw new InvalidArgumentError('Lower-case letters, digits and dashes.');
  return text;
}

function moment(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new InvalidArgumentError('A time as in 2026-03-01T12:00:00Z.');
  return ms;
}
