// The commands of `holdfast`, their arguments and help. Each command's work is in its own file; the hub and the
// repository reader are loaded only when they are asked for, so that the short commands start fast.
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { messageOf } from '../../fleet/error.ts';
import { VERSION } from '../../fleet/version.ts';
import { DRIFT_GROUPS } from '../api/schemas.ts';
import { type Asks, addAccess } from './access-commands.ts';
import { getAlerts } from './alerts.ts';
import { type Api, createApi, DEFAULT_HUB } from './api.ts';
import { describeDevice } from './describe.ts';
import { events } from './events.ts';
import { getApps, getDevices, getDrift } from './get.ts';
import { CliError, type ExitCode, type Io } from './io.ts';
import { FORMATS, type Format } from './output.ts';
import { createPaint } from './paint.ts';
import { getCauses, getRollouts } from './past.ts';
import { reconcile } from './reconcile.ts';
import { addRepository } from './repository-commands.ts';
import { addSecrets } from './secrets.ts';
import { addSilences } from './silence-commands.ts';
import { status } from './status.ts';

const EXIT_CODES = `
Exit codes:
  0  all is well
  1  bad news: a device is not well, a file has errors, there is no such device
  2  no answer: wrong arguments, the hub cannot be reached or did not start
`;

/** @returns runs one command line to its exit code; never throws for what a user can cause */
export function createProgram(io: Io): (args: readonly string[]) => Promise<ExitCode> {
  return async (args) => {
    let exit: ExitCode = 0;
    const program = new Command('holdfast');
    const run = (work: () => Promise<ExitCode>) => async () => {
      exit = await work();
    };
    program
      .description('See and steer a fleet of Docker hosts that Git declares.')
      .version(VERSION)
      .addHelpText('after', EXIT_CODES)
      .showHelpAfterError('(see holdfast --help)')
      .exitOverride()
      .configureOutput({ writeOut: io.out, writeErr: io.err });
    addHub(program, io, run);
    addFleet(program, io, run);
    addSilences(program, asksHub(io, run));
    addAccess(program, io, asksHub(io, run), run);
    addRepository(program, io, run);
    addSecrets(program, io, run);
    for (const command of program.commands) command.copyInheritedSettings(program);
    try {
      await program.parseAsync([...args], { from: 'user' });
      return exit;
    } catch (error) {
      if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
      io.err(`holdfast: ${messageOf(error)}\n`);
      return error instanceof CliError ? error.exit : 2;
    }
  };
}

export type Run = (work: () => Promise<ExitCode>) => () => Promise<void>;

function addHub(program: Command, io: Io, run: Run): void {
  const command = program
    .command('hub')
    .description('run the hub: MQTT broker, store, API and dashboard')
    .option('--config <file>', 'configuration, YAML; every key also as HOLDFAST_HUB_… variable')
    .option('--http-port <port>', 'port of the API and the dashboard (8080)', port)
    .option('--mqtt-port <port>', 'port of the embedded broker (1883)', port)
    .option('--db <file>', 'SQLite file (./holdfast.db)');
  command.action(run(async () => (await import('./hub.ts')).runHub(io, command.opts())));
}

function asksHub(io: Io, run: Run): Asks {
  return (command, work) => {
    command.addOption(new Option('-o, --output <format>', 'how to print').choices(FORMATS).default('table'));
    command.option('--hub <url>', `the hub's address (HOLDFAST_HUB, or ${DEFAULT_HUB})`);
    command.option('--token-file <file>', 'your token (HOLDFAST_HUB_TOKEN_FILE, or HOLDFAST_HUB_TOKEN itself)');
    command.action(() =>
      run(() => {
        const { hub, output, tokenFile } = command.opts<{ hub?: string; output: Format; tokenFile?: string }>();
        const api = createApi(io, hub, tokenFile);
        return work({ io, api, format: output, paint: createPaint(io.colour) }, command.args);
      })(),
    );
  };
}

function addFleet(program: Command, io: Io, run: Run): void {
  const asksOf = asksHub(io, run);
  const asks = (command: Command, work: (api: Api, format: Format, args: readonly string[]) => Promise<ExitCode>) =>
    asksOf(command, ({ api, format }, args) => work(api, format, args));
  const paint = createPaint(io.colour);
  asks(
    program.command('status').description('the fleet in numbers, and what is worst (exit 1: something is wrong)'),
    (api, format) => status({ io, api, format, paint }),
  );
  const get = program
    .command('get')
    .description('list devices, apps, drift, causes, alerts or rollouts')
    .exitOverride();
  const devices = get.command('devices').description('all devices, worst first').alias('device');
  filters(devices);
  asks(devices, (api, format) => getDevices({ io, api, format, paint }, devices.opts()));
  const apps = get.command('apps').description('all apps on all devices, worst first').alias('app');
  filters(apps);
  asks(apps, (api, format) => getApps({ io, api, format, paint }, apps.opts()));
  const drift = get.command('drift').description('what differs from Git on the devices, oldest first');
  drift.addOption(new Option('--by <what>', 'in groups').choices(DRIFT_GROUPS));
  asks(drift, (api, format) => getDrift({ io, api, format, paint }, drift.opts()));
  const causes = get.command('causes').description('what is wrong, one line for each cause, most affected first');
  asks(causes, (api, format) => getCauses({ io, api, format, paint }));
  const alerts = get.command('alerts').description('what fires, worst first, and what was resolved within a day');
  asks(alerts, (api, format) => getAlerts({ io, api, format, paint }));
  const rollouts = get.command('rollouts').description('how long each revision took to be applied, newest first');
  asks(rollouts, (api, format) => getRollouts({ io, api, format, paint }));
  for (const command of get.commands) command.copyInheritedSettings(program);

  const describe = program.command('describe').description('one thing, whole');
  const device = describe.command('device').argument('<id>').description('one device: conditions, apps, drift, events');
  device.option('--fleet <name>', 'when several fleets have this id');
  asks(device, (api, format, [id = '']) => describeDevice({ io, api, format, paint }, id, device.opts()));
  for (const command of describe.commands) command.copyInheritedSettings(program);

  const trail = program.command('events').description('the audit trail');
  trail.option('-f, --follow', 'keep printing what happens').option('--device <id>', 'of this device only');
  trail
    .option('--since <duration>', 'no older than this, as in 2h')
    .addOption(new Option('--severity <severity>').choices(['info', 'warning', 'error']));
  trail.option('--limit <count>', 'at most this many', count, 50);
  asks(trail, (api, format) => events({ io, api, format, paint }, trail.opts()));

  const hint = program.command('reconcile').argument('<id>').description('ask a device to look at Git now');
  hint.option('--fleet <name>', 'when several fleets have this id');
  asks(hint, (api, format, [id = '']) => reconcile({ io, api, format, paint }, id, hint.opts()));
}

function filters(command: Command): void {
  command
    .option('--sync <sync>', 'Synced, OutOfSync or Unknown')
    .option('--health <health>', 'Healthy, Degraded, …')
    .option('--presence <presence>', 'online, offline or stale')
    .option('-l, --label <key=value>', 'repeat for more', (one: string, all: string[]) => [...all, one], [])
    .option('-q, --query <text>', 'mentioned in id, labels, apps or message');
}

function port(text: string): number {
  const number = Number(text);
  if (!/^\d{1,5}$/.test(text) || number > 65_535) throw new InvalidArgumentError('A port is a number up to 65535.');
  return number;
}

function count(text: string): number {
  const number = Number(text);
  if (!/^\d{1,3}$/.test(text) || number < 1 || number > 500) throw new InvalidArgumentError('1 to 500.');
  return number;
}
