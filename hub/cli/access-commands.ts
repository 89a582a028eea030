// The commands that give access and take it: `enroll`, `revoke`, `token`, `audit`, `broker`. Arguments and help; what they do is in
// a file each.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { BROKERS } from '../access/brokers/contract.ts';
import { ROLES, type Role } from '../access/roles.ts';
import type { Ask } from './ask.ts';
import { audit } from './audit.ts';
import { brokerConfig, brokerUsers } from './broker.ts';
import { enroll, revoke } from './enroll.ts';
import { examples } from './examples.ts';
import type { ExitCode, Io } from './io.ts';
import { createToken, listTokens, revokeToken, type Tokens, tokensOfApi } from './token.ts';

/** Adds the options of a command that asks a hub, and runs its work. */
export type Asks = (command: Command, work: (ask: Ask, args: readonly string[]) => Promise<ExitCode>) => void;

export function addAccess(
  program: Command,
  io: Io,
  asks: Asks,
  run: (work: () => Promise<ExitCode>) => () => Promise<void>,
): void {
  addDevices(program, asks);
  addTokens(program, io, asks);
  const trail = program.command('audit').description('who did what at the hub (admin)');
  trail.option('--actor <name>', 'by this one only').option('--action <action>', 'as in device.reconcile');
  trail.option('--subject <subject>', 'to this one only').option('--since <duration>', 'no older than this, as in 2h');
  trail.option('--limit <count>', 'at most this many, up to 500', number(1, 500), 50);
  asks(trail, (ask) => audit(ask, trail.opts()));
  addBroker(program, io, asks, run);
}

function addDevices(program: Command, asks: Asks): void {
  const joining = program
    .command('enroll')
    .argument('<device>')
    .description('make the credentials of a device (admin)');
  joining
    .option('--fleet <name>', "the device's fleet (the hub's own)")
    .option('--source <url>', 'the fleet repository, for agent.yaml')
    .option('--broker <url>', 'where the device reaches the broker, as in mqtts://hub.example.com:8883')
    .option('--dir <folder>', 'where the files will lie on the device (/etc/holdfast)')
    .option('--write <folder>', 'write the files there instead of printing a script that does');
  examples(joining, [
    ['holdfast enroll edge-01 --source https://git.example.com/fleet.git | ssh root@edge-01 sh', 'enrol a host'],
    ['holdfast enroll edge-01 --write ./edge-01', 'write agent.yaml, password and CA there'],
  ]);
  asks(joining, (ask, [device = '']) => enroll(ask, device, joining.opts()));
  const leaving = program.command('revoke').argument('<device>').description('end the credentials of a device (admin)');
  leaving.option('--fleet <name>', "the device's fleet (the hub's own)");
  asks(leaving, (ask, [device = '']) => revoke(ask, device, leaving.opts()));
}

function addTokens(program: Command, io: Io, asks: Asks): void {
  const token = program.command('token').description('tokens of people and programs (admin)').exitOverride();
  const inStore = (command: Command) => {
    command.option('--db <file>', "in the hub's store itself, as on its own machine");
    command.option('--config <file>', 'in the store that this hub configuration names');
  };
  const withTokens = (
    command: Command,
    work: (asked: Omit<Ask, 'api'> & { tokens: Tokens }, args: readonly string[]) => Promise<ExitCode>,
  ) => {
    inStore(command);
    asks(command, async (ask, args) => {
      const { db, config } = command.opts<{ db?: string; config?: string }>();
      if (db === undefined && config === undefined) return await work({ ...ask, tokens: tokensOfApi(ask.api) }, args);
      const { withStoreTokens } = await import('./store-tokens.ts');
      return await withStoreTokens(io, { db, config }, (tokens) => work({ ...ask, tokens }, args));
    });
  };
  const make = token.command('create').argument('<name>').description('make a token; it is printed this once');
  make.addOption(new Option('--role <role>', 'what it may do').choices(ROLES).default('admin' satisfies Role));
  make.option('--expires <duration>', 'how long it holds, as in 720h (until it is revoked)');
  examples(make, [
    ['holdfast token create anna --role operator', 'for a person'],
    ['holdfast token create admin --db ./holdfast.db', 'the first one, on the machine of the hub'],
  ]);
  withTokens(make, (asked, [name = '']) => createToken(asked, name, make.opts()));
  withTokens(token.command('list').description('tokens, without their secrets'), (asked) => listTokens(asked));
  const end = token.command('revoke').argument('<name>').description('end a token and its sessions');
  withTokens(end, (asked, [name = '']) => revokeToken(asked, name));
  for (const command of token.commands) command.copyInheritedSettings(program);
}

function addBroker(
  program: Command,
  io: Io,
  asks: Asks,
  run: (work: () => Promise<ExitCode>) => () => Promise<void>,
): void {
  const broker = program.command('broker').description('what a broker of your own needs').exitOverride();
  const kind = () => new Option('--for <broker>', 'which broker').choices(BROKERS).makeOptionMandatory();
  const config = broker.command('config').description('configuration and access control list');
  config.addOption(kind()).option('--fleet <name>', 'the fleet', 'default');
  config.option('--dir <folder>', "where the files will lie on the broker's host");
  config.option('--port <port>', 'where devices connect', number(1, 65_535), 8883);
  config.option('--hub-port <port>', 'where hubs connect', number(1, 65_535), 8884);
  config.option('--mtls', 'devices have certificates in place of passwords');
  config.option('--write <folder>', 'write the files there instead of printing them');
  examples(config, [['holdfast broker config --for mosquitto --fleet acme --write ./mosquitto', 'its configuration']]);
  config.action(() => run(() => brokerConfig(io, config.opts()))());
  const users = broker.command('users').description('password file with every enrolled device (admin)');
  users.addOption(kind()).option('--fleet <name>', 'the fleet', 'default');
  asks(users, ({ api }) => brokerUsers(io, api, users.opts()));
  for (const command of broker.commands) command.copyInheritedSettings(program);
}

function number(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d{1,5}$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`${least} to ${most}.`);
    return value;
  };
}
