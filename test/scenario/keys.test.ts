// Every supported Compose key on the real Engine: applying twice plans nothing, and a change of one key plans that
// service only, for that reason.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planNow } from '../../agent/cli/plan.ts';
import { loadConfig } from '../../agent/config/load.ts';
import { type Device, makeDevice } from '../support/device.ts';
import { cleanup } from '../support/engine.ts';
import { type Fleet, makeFleet } from '../support/fleet.ts';
import { type TemporaryFolder, temporaryFolder, uniqueId } from '../support/machine.ts';

interface Row {
  readonly name: string;
  readonly before: object;
  readonly after: object;
  /** The cause of the steps, whole; null: nothing is to be done. */
  readonly cause: string | null;
  readonly image?: string;
}

const ROWS: readonly Row[] = [
  {
    name: 'image',
    before: {},
    after: { image: 'holdfast/busybox:2' },
    cause: 'image: holdfast/busybox:1 → holdfast/busybox:2',
  },
  {
    name: 'command',
    before: {},
    after: { command: 'sleep 200000' },
    cause: 'command: [sleep, 100000] → [sleep, 200000]',
  },
  {
    name: 'command-of-image',
    image: 'holdfast/defaults:1',
    before: { command: undefined },
    after: { command: ['exec sleep 3000'] },
    cause: 'command: [exec sleep 100000] → [exec sleep 3000]',
  },
  {
    name: 'entrypoint',
    before: { entrypoint: ['sleep'], command: ['100000'] },
    after: { entrypoint: ['/bin/sleep'], command: ['100000'] },
    cause: 'entrypoint: [sleep] → [/bin/sleep]',
  },
  {
    name: 'environment-map',
    before: { environment: { TZ: 'UTC', N: 1, EMPTY: '' } },
    after: { environment: { TZ: 'Europe/Berlin', N: 1, EMPTY: '' } },
    cause: 'environment.TZ: UTC → Europe/Berlin',
  },
  {
    name: 'environment-list',
    before: { environment: ['A=1', 'B=x=y'] },
    after: { environment: ['A=1'] },
    cause: 'environment.B: x=y → none',
  },
  {
    name: 'environment-of-image',
    image: 'holdfast/defaults:1',
    before: { command: undefined, environment: { TZ: 'Europe/Rome' } },
    after: { command: undefined },
    cause: 'environment.TZ: Europe/Rome → UTC',
  },
  {
    name: 'env_file',
    before: { env_file: 'one.env' },
    after: { env_file: ['one.env', 'two.env'] },
    cause: 'environment.WHO: one → two',
  },
  {
    name: 'ports-short',
    before: { ports: ['127.0.0.1:18311:80'] },
    after: { ports: ['127.0.0.1:18312:80'] },
    cause: 'ports.80/tcp: [127.0.0.1:18311] → [127.0.0.1:18312]',
  },
  {
    name: 'ports-long',
    before: { ports: [{ target: 53, published: '18313', protocol: 'udp', host_ip: '127.0.0.1' }] },
    after: { ports: [{ target: 53, published: '18313', protocol: 'udp', host_ip: '127.0.0.1' }, '127.0.0.1:18314:81'] },
    cause: 'ports.81/tcp: none → [127.0.0.1:18314]',
  },
  {
    name: 'volumes-named',
    before: { volumes: ['stuff:/data'] },
    after: { volumes: ['stuff:/data:ro'] },
    cause: 'volumes./data: volume shop_stuff → volume shop_stuff (ro)',
  },
  {
    name: 'volumes-long',
    before: { volumes: [{ type: 'volume', source: 'stuff', target: '/data' }] },
    after: { volumes: [{ type: 'volume', source: 'other', target: '/data' }] },
    cause: 'volumes./data: volume shop_stuff → volume shop_other',
  },
  {
    name: 'volumes-bind',
    before: { volumes: ['/tmp:/host:ro'] },
    after: { volumes: ['/tmp:/host'] },
    cause: 'volumes./host: bind /tmp (ro) → bind /tmp',
  },
  {
    name: 'volumes-tmpfs',
    before: { volumes: [{ type: 'tmpfs', target: '/scratch', tmpfs: { size: '1m' } }] },
    after: { volumes: [{ type: 'tmpfs', target: '/scratch', tmpfs: { size: '2m' } }] },
    cause: 'volumes./scratch: tmpfs size=1048576 → tmpfs size=2097152',
  },
  {
    name: 'volumes-data',
    before: { volumes: ['./state:/state'] },
    after: { volumes: ['./state2:/state'] },
    cause: 'volumes./state: data shop/state → data shop/state2',
  },
  {
    name: 'networks',
    before: { networks: ['front'] },
    after: { networks: ['front', 'back'] },
    cause: 'networks.back: none → [networks]',
  },
  {
    name: 'networks-aliases',
    before: { networks: { front: { aliases: ['shopfront'] } } },
    after: { networks: { front: { aliases: ['till'] } } },
    cause: 'networks.front: [networks-aliases, shopfront] → [networks-aliases, till]',
  },
  {
    name: 'depends_on',
    before: { depends_on: ['init'] },
    after: { depends_on: { init: { condition: 'service_started' } } },
    cause: null,
  },
  {
    name: 'restart',
    before: { restart: 'unless-stopped' },
    after: { restart: 'on-failure:3' },
    cause: 'restart: unless-stopped → on-failure:3',
  },
  { name: 'restart-no', before: { restart: 'no' }, after: {}, cause: null },
  {
    name: 'labels',
    before: { labels: { a: '1', b: '2' } },
    after: { labels: ['a=1', 'b=3'] },
    cause: 'labels.b: 2 → 3',
  },
  { name: 'user', before: { user: '1000:1000' }, after: {}, cause: 'user: 1000:1000 → ""' },
  {
    name: 'working_dir',
    before: { working_dir: '/tmp/' },
    after: { working_dir: '/etc' },
    cause: 'working_dir: /tmp → /etc',
  },
  {
    name: 'hostname',
    before: { hostname: 'till-1' },
    after: { hostname: 'till-2' },
    cause: 'hostname: till-1 → till-2',
  },
  {
    name: 'healthcheck',
    before: { healthcheck: { test: 'true', interval: '1s', timeout: '2s', retries: 3, start_period: '500ms' } },
    after: { healthcheck: { test: ['CMD', 'true'], interval: '1s', timeout: '2s', retries: 3, start_period: '500ms' } },
    cause: 'healthcheck.test: [CMD-SHELL, true] → [CMD, true]',
  },
  {
    name: 'healthcheck-of-image',
    image: 'holdfast/defaults:1',
    before: { command: undefined, healthcheck: { interval: '1s' } },
    after: { command: undefined },
    cause: 'healthcheck.interval: 1s → 2s',
  },
  { name: 'read_only', before: { read_only: true }, after: { read_only: false }, cause: 'read_only: true → false' },
  {
    name: 'cap_add',
    before: { cap_add: ['net_admin', 'CAP_SYS_TIME'] },
    after: { cap_add: ['SYS_TIME'] },
    cause: 'cap_add: [NET_ADMIN, SYS_TIME] → [SYS_TIME]',
  },
  { name: 'cap_drop', before: { cap_drop: ['ALL'] }, after: {}, cause: 'cap_drop: [ALL] → []' },
  {
    name: 'mem_limit',
    before: { mem_limit: '64m' },
    after: { mem_limit: '96m' },
    cause: 'mem_limit: 67108864 → 100663296',
  },
  { name: 'mem_limit-lifted', before: { mem_limit: '64m' }, after: {}, cause: 'mem_limit: 67108864 → 0' },
  { name: 'cpus', before: { cpus: 0.5 }, after: { cpus: '0.75' }, cause: 'cpus: 0.5 → 0.75' },
  {
    name: 'stop_grace_period',
    before: { stop_grace_period: '1m30s' },
    after: { stop_grace_period: '20s' },
    cause: 'stop_grace_period: 90 → 20',
  },
  {
    name: 'stop_signal',
    before: { stop_signal: 'SIGKILL' },
    after: { stop_signal: 'SIGTERM' },
    cause: 'stop_signal: SIGKILL → SIGTERM',
  },
  { name: 'init', before: { init: true }, after: {}, cause: 'init: true → false' },
  {
    name: 'anonymous-volume',
    before: { volumes: ['/cache'] },
    after: { volumes: ['/cache'], user: '1000' },
    cause: 'user: "" → 1000',
  },
];

let folder: TemporaryFolder;
let fleet: Fleet;
let device: Device;
const id = uniqueId();

beforeAll(async () => {
  folder = await temporaryFolder();
  fleet = await makeFleet(folder.path);
  device = await makeDevice({ id, url: fleet.url, folder: folder.path, more: 'policy: { binds: [/tmp] }\n' });
  await fleet.commit({ ...FILES, [`devices/${id}/compose.yaml`]: compose() });
  const ran = await device.agent('once');
  expect(ran.code, ran.output).toBe(0);
});

afterAll(async () => {
  await cleanup(id);
  await fleet.close();
  await folder[Symbol.asyncDispose]();
});

describe('on the real Engine', () => {
  it('an untouched revision plans nothing', async () => {
    const ran = await device.agent('plan');
    expect(ran.output).toContain('Nothing to do.');
    expect(ran.code).toBe(0);
  });

  it.each(ROWS)('a change of $name plans that service only', async (row) => {
    await fleet.commit({ [`devices/${id}/compose.yaml`]: compose(row) });
    const plan = await planNow(await loadConfig(device.configFile, {}), AbortSignal.timeout(60_000));
    const own = plan.steps.filter(({ resource }) => resource.startsWith('service:'));
    if (row.cause === null) {
      expect(plan.differences).toEqual([]);
      expect(plan.steps).toEqual([]);
      return;
    }
    expect(new Set(own.map(({ resource }) => resource))).toEqual(new Set([`service:shop/${row.name}`]));
    expect(
      new Set(
        own.filter(({ kind }) => kind !== 'make-data-folder' && kind !== 'write-content').map(({ cause }) => cause),
      ),
    ).toEqual(new Set([row.cause]));
    expect(plan.differences.every(({ origin }) => origin === 'change')).toBe(true);
  });

  it('all changes applied at once converge, and again plan nothing', async () => {
    await fleet.commit({ [`devices/${id}/compose.yaml`]: compose(...ROWS) });
    const ran = await device.agent('once');
    expect(ran.code, ran.output).toBe(0);
    const plan = await device.agent('plan');
    expect(plan.output).toContain('Nothing to do.');
  });

  it('taking every key out again converges to the defaults, and plans nothing', async () => {
    await fleet.commit({ [`devices/${id}/compose.yaml`]: bare() });
    const ran = await device.agent('once');
    expect(ran.code, ran.output).toBe(0);
    const plan = await device.agent('plan');
    expect(plan.output).toContain('Nothing to do.');
  });
});

const FILES = {
  [`devices/${id}/device.yaml`]: 'apps: [ { name: shop, compose: compose.yaml } ]\n',
  [`devices/${id}/one.env`]: 'WHO=one\n',
  [`devices/${id}/two.env`]: 'WHO=two\n',
};

/** One service for each row, those of `changed` in their new form. JSON is YAML. */
function compose(...changed: readonly Row[]): string {
  const services = ROWS.map((row) => [
    row.name,
    { ...common(row), ...(changed.includes(row) ? row.after : row.before) },
  ]);
  return document({
    init: { image: 'holdfast/busybox:1', command: ['sleep', '100000'], stop_signal: 'SIGKILL' },
    ...Object.fromEntries(services),
  });
}

function bare(): string {
  return document(Object.fromEntries(ROWS.map((row) => [row.name, common(row)])));
}

function common({ image }: Row): object {
  return image === undefined
    ? { image: 'holdfast/busybox:1', command: ['sleep', '100000'], stop_signal: 'SIGKILL' }
    : { image, stop_signal: 'SIGKILL' };
}

function document(services: object): string {
  return JSON.stringify({
    services,
    networks: { front: {}, back: { internal: true } },
    volumes: { stuff: {}, other: { labels: { kept: 'yes' } } },
  });
}
