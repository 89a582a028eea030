// Images as well-known services have them, by name and configuration, made of busybox: what the Engine merges into a container
// comes from these defaults, and so does false drift. Whatever they are told to run stays until it is stopped.
import type { ImageDefinition } from '../../../../scripts/images.ts';
import type { Configs } from './images/config.ts';
import { DATA } from './images/data.ts';
import { HOME } from './images/home.ts';
import { WATCHING } from './images/watching.ts';
import { WEB } from './images/web.ts';

const CONFIGS: Configs = { ...DATA, ...HOME, ...WATCHING, ...WEB };

/** Stays until it is told to stop, whatever its arguments. */
const STAY =
  '#!/bin/sh\ncase "$1" in healthcheck | --health-check) exit 0 ;; esac\n' +
  "trap 'exit 0' TERM INT QUIT HUP USR1 WINCH\nsleep 1000000 &\nwait\n";
const FINE = '#!/bin/sh\necho OK\n';

const USERS = [
  'nobody:65534',
  'node:1000',
  'node-red:1001',
  'appuser:1002',
  'kafkaui:1003',
  'gotenberg:1004',
  'nonroot:65532',
];

/** Checks and tools that the services' own files call. */
const TOOLS = [
  'curl',
  'wget',
  'dig',
  'drill',
  'pg_isready',
  'redis-cli',
  'mysqladmin',
  'mongo',
  'healthcheck.sh',
  'rabbitmq-diagnostics',
  'node',
  'nc',
  'immich-healthcheck',
  'mc',
  'mosquitto_sub',
  'influx',
  'kafka-topics',
].map((name) => `/usr/local/bin/${name}`);

export function realImages(): readonly ImageDefinition[] {
  const commands = Object.values(CONFIGS).flatMap(({ Entrypoint, Cmd, WorkingDir = '/' }) => {
    const [program = 'sh'] = Entrypoint ?? Cmd ?? [];
    if (program.startsWith('./')) return [`${WorkingDir}/${program.slice(2)}`];
    return [program.startsWith('/') ? program : `/usr/local/bin/${program}`];
  });
  const stays = commands.filter((path) => !/\/(sh|node|mc)$/.test(path));
  const programs = {
    ...Object.fromEntries(stays.map((path) => [path, STAY])),
    '/cron.sh': STAY,
    '/healthcheck.sh': FINE,
    '/app/extra/healthcheck': FINE,
    '/usr/local/bin/java': STAY,
    ...Object.fromEntries(TOOLS.filter((path) => !stays.includes(path)).map((path) => [path, FINE])),
  };
  const files = {
    '/etc/group': 'root:x:0:\ndialout:x:20:\nnogroup:x:65534:\n',
    '/etc/passwd': ['root:x:0:0:root:/:/bin/sh', ...USERS.map((user) => account(user))].join('\n').concat('\n'),
  };
  return Object.entries(CONFIGS).map(([reference, config]) => ({ reference, config, files, programs }));
}

function account(user: string): string {
  const [name = '', id = ''] = user.split(':');
  return `${name}:x:${id}:${id}:${name}:/:/bin/sh`;
}
