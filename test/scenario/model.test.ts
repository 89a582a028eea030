// The model on the real Engine without files in between: what containers share with each other, hooks, several containers of
// a service, and what the Engine lacks. What files can say is in keys.test.ts.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Attachment, Network } from '../../fleet/model/network.ts';
import type { Step } from '../../fleet/model/plan.ts';
import type { Service } from '../../fleet/model/service.ts';
import { formatPlan } from '../../fleet/reconcile/text.ts';
import { networkOf, serviceOf } from '../fleet/reconcile/support/desired.ts';
import { cleanup, dockerOk } from '../support/engine.ts';
import { uniqueId } from '../support/machine.ts';
import { createModelHost, type ModelHost, modelApp } from './support/model-host.ts';

type Parts = Partial<Service>;

interface Row {
  readonly name: string;
  readonly before: Parts;
  readonly after: Parts;
  /** What the steps on the service say, whole. */
  readonly cause: string;
  /** The steps that act on its container; by default those of a replacement. */
  readonly by?: readonly Step['kind'][];
}

const RECONNECT = ['disconnect-network', 'connect-network'] as const;
const RECREATE = [
  'create-container',
  'stop-container',
  'start-container',
  'remove-container',
  'rename-container',
] as const;

function on(attachment: Partial<Attachment> = {}): Parts {
  return { networks: { front: { aliases: [], ...attachment } } };
}

function row(name: string, before: Parts, after: Parts, cause: string, by?: Row['by']): Row {
  return { name, before, after, cause, ...(by === undefined ? {} : { by }) };
}

const ROWS: readonly Row[] = [
  row('platform', { platform: 'linux/amd64' }, { user: '1' }, 'user: "" → 1'),
  row('systempaths', { security_opt: ['systempaths=unconfined'] }, {}, 'security_opt: [systempaths=unconfined] → []'),
  row('ipc-service', { ipc: 'service:base' }, { ipc: 'private' }, 'ipc: service:base → private'),
  row('pid-service', { pid: 'service:base' }, {}, 'pid: service:base → ""'),
  row('volumes_from', { volumes_from: ['base:ro'] }, { volumes_from: ['base'] }, 'volumes_from: [base:ro] → [base:rw]'),
  row(
    'network_mode-service',
    { networks: {}, network_mode: 'service:base' },
    { networks: {}, network_mode: 'service:base', user: '1' },
    'user: "" → 1',
  ),
  row(
    'network_mode-host',
    { networks: {}, network_mode: 'host' },
    on(),
    'network_mode: host → none; networks.front: none → [network_mode-host]',
  ),
  row(
    'ipv4_address',
    on({ ipv4_address: '10.241.5.9' }),
    on({ ipv4_address: '10.241.5.10' }),
    'networks.front: [ipv4_address, ipv4=10.241.5.9] → [ipv4_address, ipv4=10.241.5.10]',
    RECONNECT,
  ),
  row(
    'priority',
    { networks: { front: { aliases: [] }, six: { aliases: [], priority: 5 } } },
    { networks: { six: { aliases: [], priority: 5 } } },
    'networks.front: [priority] → none',
    ['disconnect-network'],
  ),
];

const NETWORKS: readonly Network[] = [
  network('front', {
    enable_ipv4: true,
    ipam: {
      driver: 'default',
      options: { 'example.k': 'v' },
      config: [
        {
          subnet: '10.241.0.0/16',
          ip_range: '10.241.64.0/18',
          gateway: '10.241.0.254',
          aux_addresses: { router: '10.241.0.5' },
        },
      ],
    },
  }),
  network('six', { enable_ipv6: true, ipam: { config: [{ subnet: 'FD00:0241::/64' }] } }),
];

let host: ModelHost;
let folder: string;
const device = uniqueId();
const declared = (changed: Row | null) => [
  base(),
  ...ROWS.map((each) => service(each.name, each === changed ? each.after : each.before)),
];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hf-model-'));
  host = createModelHost(device, folder);
  const applied = await host.apply(modelApp(declared(null), NETWORKS));
  expect(applied).toEqual([]);
}, 300_000);

afterAll(async () => {
  await cleanup(device);
  await rm(folder, { recursive: true, force: true });
});

describe('on the real Engine', () => {
  it('every field that was applied plans nothing', async () => {
    const plan = await host.plan(modelApp(declared(null), NETWORKS));
    expect(formatPlan(plan)).toBe('');
    expect(plan.differences).toEqual([]);
  });

  it.each(ROWS)('a change of $name plans its smallest remedy, for that reason', async (changed) => {
    const plan = await host.plan(modelApp(declared(changed), NETWORKS));
    const steps = plan.steps.filter(({ kind }) => kind !== 'make-data-folder');
    expect(plan.blocked).toEqual([]);
    expect(new Set(steps.map(({ cause }) => cause))).toEqual(new Set([changed.cause]));
    expect(new Set(steps.map(({ subject }) => subject))).toEqual(new Set([`model/${changed.name}`]));
    const kinds = new Set(steps.map(({ kind }) => kind));
    expect(kinds).toEqual(
      new Set(changed.by ?? [...RECREATE, ...(kinds.has('connect-network') ? ['connect-network'] : [])]),
    );
  });

  it('all changes at once converge, and again plan nothing', async () => {
    const changed = modelApp([base(), ...ROWS.map((each) => service(each.name, each.after))], NETWORKS);
    expect(await host.apply(changed)).toEqual([]);
    const plan = await host.plan(changed);
    expect(formatPlan(plan)).toBe('');
    expect(plan.differences).toEqual([]);
  });

  it('a container that others are bound to is replaced with them', async () => {
    const bound = ['network_mode-service', 'ipc-service', 'pid-service', 'volumes_from'];
    const services = (user: string) => [
      base(user),
      ...ROWS.filter(({ name }) => bound.includes(name)).map((each) => service(each.name, each.before)),
    ];
    expect(await host.apply(modelApp(services(''), NETWORKS))).toEqual([]);
    expect(formatPlan(await host.plan(modelApp(services(''), NETWORKS)))).toBe('');
    expect(await host.apply(modelApp(services('1'), NETWORKS))).toEqual([]);
    expect(formatPlan(await host.plan(modelApp(services('1'), NETWORKS)))).toBe('');
    const [one] = await dockerOk<{ Id: string }[]>('GET', '/containers/json?filters={"name":["model-base-1"]}');
    const bonded = await dockerOk<{ HostConfig: { NetworkMode: string } }>(
      'GET',
      '/containers/model-network_mode-service-1/json',
    );
    expect(bonded.HostConfig.NetworkMode).toBe(`container:${one?.Id}`);
  });

  it('hooks run in the container after its start and before its stop; one that fails is said with its words', async () => {
    const hooked = (parts: Parts) => modelApp([base(), service('hooked', { user: '0', ...parts })], NETWORKS);
    const note = (line: string) => [{ command: ['sh', '-c', `echo ${line}; echo ${line} >> /base/notes`] }];
    const shared: Parts = {
      mounts: [{ type: 'volume', source: 'stuff', target: '/base', read_only: false, nocopy: false }],
    };
    expect(await host.apply(hooked({ ...shared, post_start: note('up'), pre_stop: note('down') }))).toEqual([]);
    expect(await host.apply(hooked({ ...shared, post_start: note('up'), labels: { again: '1' } }))).toEqual([]);
    const failing: Parts = { ...shared, post_start: [{ command: ['sh', '-c', 'cat /base/notes; exit 3'] }] };
    const [said, ...others] = await host.apply(hooked({ ...failing, labels: { again: '2' } }));
    expect(said).toMatch(/post_start.*hooked.* exit code 3; it said: up\s+down\s+up$/s);
    expect(others).toEqual([]);
    expect(formatPlan(await host.plan(hooked({ ...failing, labels: { again: '2' } })))).toMatch(
      /^1\. run hook +model\/hooked/,
    );
    expect(await host.apply(hooked({ ...shared, labels: { again: '2' } }))).toEqual([]);
    expect(formatPlan(await host.plan(hooked({ ...shared, labels: { again: '2' } })))).toBe('');
  });

  it('more containers of a service are made, a change goes through all, and the surplus is removed', async () => {
    const many = (count: number, parts: Parts = {}) =>
      modelApp(
        Array.from({ length: count }, (_, index) =>
          service('many', { number: index + 1, container_name: `model-many-${index + 1}`, ...parts }),
        ),
      );
    for (const wanted of [many(1), many(3), many(3, { user: '1' }), many(2, { user: '1' })]) {
      expect(await host.apply(wanted)).toEqual([]);
      expect(formatPlan(await host.plan(wanted))).toBe('');
      const filters = encodeURIComponent(JSON.stringify({ label: [`io.holdfast.device=${device}`], name: ['many'] }));
      const found = await dockerOk<{ Names: string[] }[]>('GET', `/containers/json?filters=${filters}`);
      expect(found.flatMap(({ Names }) => Names).sort()).toEqual(
        wanted.services.map(({ container_name }) => `/${container_name}`),
      );
    }
  });

  it('what this Engine lacks is held back by name, and other services go on', async () => {
    const app = modelApp([service('newer', { annotations: { a: '1' } }), service('older', {})]);
    expect(await host.apply(app)).toEqual([
      'service:model/newer: services.newer.annotations needs Engine API 1.43 (Docker 24); this host has 1.41',
    ]);
    await dockerOk('GET', '/containers/model-older-1/json');
  });
});

/** What others refer to. */
function base(user = ''): Service {
  return service('base', {
    ...(user === '' ? {} : { user }),
    ipc: 'shareable',
    mounts: [{ type: 'volume', source: 'stuff', target: '/base', read_only: false, nocopy: false }],
  });
}

function service(name: string, parts: Parts): Service {
  return serviceOf(name, {
    container_name: `model-${name}-1`,
    image: 'holdfast/busybox:1',
    pull_policy: 'never',
    command: ['sleep', '100000'],
    stop_signal: 'SIGKILL',
    ...parts,
  });
}

function network(key: string, parts: Partial<Network>): Network {
  return networkOf(key, { name: `model_${key}`, ...parts });
}
