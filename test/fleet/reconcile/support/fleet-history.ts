// Desired states as Git might declare them over time: random, small, and close enough to each other that most of it stays.
import type { Desired, DesiredApp } from '../../../../fleet/model/desired.ts';
import type { Mount } from '../../../../fleet/model/mount.ts';
import type { Service } from '../../../../fleet/model/service.ts';
import { appOf, contentMount, desiredOf, networkOf, serviceOf, volumeMount, volumeOf } from './desired.ts';
import type { Random } from './random.ts';
import { ONE_SHOT } from './world.ts';

const SERVICES = ['db', 'web', 'job'];
const IMAGES = ['nginx:1', 'nginx:2', 'nginx:3', 'rich:1'];
const NETWORKS = ['front', 'back'];

/** `warn` names the apps whose drift is only reported. */
export function randomDesired(random: Random, commit: number, warn: ReadonlySet<string>): Desired {
  const ports = random.shuffled([8001, 8002, 8003, 8004]);
  const apps = ['kiosk', 'till']
    .filter(() => random.chance(0.8))
    .map((name) => ({
      ...randomApp(random, name, ports),
      drift: warn.has(name) ? ('warn' as const) : ('correct' as const),
    }));
  const [first, second] = apps;
  if (first !== undefined && second !== undefined && random.chance(0.3))
    return desiredOf([{ ...first, dependsOn: ['till'] }, second], commit.toString(16));
  return desiredOf(apps, commit.toString(16));
}

/** The same with every service on all networks of its app and, but for `web`, without ports: new containers come first. */
export function startingFirst(desired: Desired): Desired {
  const apps = desired.apps.map((app): DesiredApp => {
    const networks = Object.fromEntries(app.networks.map(({ key }) => [key, { aliases: [] }]));
    const services = app.services.map((service) => ({
      ...service,
      networks,
      ports: service.name === 'web' ? service.ports : [],
    }));
    return { ...app, strategy: 'start-first', services };
  });
  return { ...desired, apps };
}

/** The same, but for what its files say. */
export function withOtherContent({ apps }: Desired, commit: number): Desired {
  const other = (mount: Mount): Mount =>
    mount.type === 'content' ? contentMount(mount.target, mount.content.id === 'aa' ? 'bb' : 'aa') : mount;
  const services = (app: DesiredApp) => app.services.map((one) => ({ ...one, mounts: one.mounts.map(other) }));
  return desiredOf(
    apps.map((app) => ({ ...app, services: services(app) })),
    commit.toString(16),
  );
}

function randomApp(random: Random, name: string, ports: number[]): DesiredApp {
  const networks = random.some(NETWORKS);
  const before: string[] = [];
  const services = SERVICES.filter(() => random.chance(0.75)).flatMap((service) => {
    const made = randomService(random, { app: name, name: service, networks, before: [...before], ports });
    before.push(service);
    return random.chance(0.2) ? [made, secondOf(made)] : [made];
  });
  return appOf(name, {
    strategy: random.pick(['stop-first', 'start-first']),
    services: random.shuffled(services),
    networks: networks.map((key) => networkOf(key, { name: `${name}_${key}`, internal: random.chance(0.2) })),
    volumes: [volumeOf('data', { name: `${name}_data` })],
  });
}

interface Place {
  readonly app: string;
  readonly name: string;
  readonly networks: readonly string[];
  readonly before: readonly string[];
  /** Taken from, so that no two services of a device want the same one. */
  readonly ports: number[];
}

function randomService(random: Random, { app, name, networks, before, ports }: Place): Service {
  const port = random.chance(0.5) ? ports.pop() : undefined;
  const job = name === 'job';
  return serviceOf(name, {
    container_name: random.chance(0.9) ? `${app}-${name}-1` : `${app}-${name}-renamed`,
    image: random.pick(IMAGES),
    environment: random.chance(0.5) ? { MODE: random.pick(['day', 'night']) } : {},
    ports: port === undefined ? [] : [{ target: 80, protocol: 'tcp', published: port }],
    networks: Object.fromEntries(random.some(networks).map((key) => [key, { aliases: random.some(['extra']) }])),
    mounts: [
      ...(random.chance(0.4) ? [contentMount('/etc/site.conf', random.pick(['aa', 'bb']))] : []),
      ...(random.chance(0.3) ? [volumeMount('/data', random.pick(['data', null]))] : []),
      ...(random.chance(0.2) ? [{ type: 'data', target: '/own', source: name, read_only: false } as const] : []),
    ],
    depends_on: Object.fromEntries(
      random
        .some(before)
        .map((other) => [
          other,
          { condition: conditionOn(random, other), restart: random.chance(0.2), required: true } as const,
        ]),
    ),
    ...(random.chance(0.5) ? { reload: random.pick(['SIGHUP', 'restart']) } : {}),
    ...(random.chance(0.4) ? random.pick(SETTINGS) : {}),
    ...sharing(random, before),
    ...(random.chance(0.4) ? { mem_limit: random.pick([1, 2]) * 64 * 1024 ** 2 } : {}),
    ...(job ? { command: [ONE_SHOT], restart: 'no' } : random.chance(0.5) ? { restart: 'unless-stopped' } : {}),
  });
}

/** What changes how the container is made, and nothing about how it is mended. */
const SETTINGS: readonly Partial<Service>[] = [
  { dns: ['9.9.9.9', '1.1.1.1'], extra_hosts: ['b:10.0.0.2', 'a:10.0.0.1'] },
  { expose: ['82/udp', '81/tcp'], security_opt: ['seccomp=unconfined', 'no-new-privileges'] },
  { devices: [{ source: '/dev/null', target: '/dev/x', permissions: 'r' }], group_add: ['b', 'a'] },
  { sysctls: { 'net.core.somaxconn': '1024' }, ulimits: { nofile: { soft: 1, hard: 2 } } },
  { logging: { driver: 'local', options: { 'max-size': '1m' } }, tty: true },
  { cpu_shares: 512, pids_limit: 50, cpuset: '0' },
  { post_start: [{ command: ['warm'] }], pre_stop: [{ command: ['drain'] }] },
];

/** Another container of the service: it has no ports, and a name of its own. */
function secondOf(service: Service): Service {
  return { ...service, number: 2, ports: [], container_name: `${service.container_name}-2` };
}

/** Namespaces of a service that comes before. */
function sharing(random: Random, before: readonly string[]): Partial<Service> {
  if (before.length === 0 || !random.chance(0.2)) return {};
  const reference = `service:${random.pick(before)}`;
  return random.pick<Partial<Service>>([{ pid: reference }, { ipc: reference }]);
}

function conditionOn(random: Random, service: string) {
  if (service === 'job') return random.pick(['service_started', 'service_completed_successfully'] as const);
  return random.pick(['service_started', 'service_healthy'] as const);
}
