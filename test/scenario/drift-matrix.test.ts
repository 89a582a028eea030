// What people change on a host, attribute by attribute, on the real Engine: exactly that field is found as drift, with its
// declared and its live value, and the smallest steps bring back what was declared. All at once: one look, one reconcile.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planNow } from '../../agent/cli/plan.ts';
import { loadConfig } from '../../agent/config/load.ts';
import type { ContainerInspect } from '../../fleet/engine/inspect.ts';
import type { Difference, Plan, Step } from '../../fleet/model/plan.ts';
import { ATTRIBUTES, attributeOf } from '../../fleet/reconcile/attributes.ts';
import { loadImages } from '../../scripts/images.ts';
import { converge } from '../support/converge.ts';
import { docker, dockerOk, engineSocket } from '../support/engine.ts';
import { uniqueId } from '../support/machine.ts';
import { makeSite, type Site } from '../support/site.ts';
import { comparable } from './support/comparable.ts';
import { NUMBER } from './support/deviations/connections.ts';
import type { Deviation } from './support/deviations/deviation.ts';
import { LIMITS } from './support/deviations/limits.ts';
import { MOUNTS } from './support/deviations/mounts.ts';
import { network } from './support/deviations/network.ts';
import { PLATFORM, process } from './support/deviations/process.ts';
import { LOST_VOLUME, NETWORKS, type ResourceDeviation, VOLUMES } from './support/deviations/resources.ts';
import { sharing } from './support/deviations/sharing.ts';
import { rowsOfKeys } from './support/keys/rows.ts';
import { makeOutsider, permissive, SLEEP, shopFile } from './support/keys/shop.ts';
import { matrixTable, type Outcome } from './support/matrix-table.ts';

const id = uniqueId();
const OUTSIDER = `outsider-${id}`;
const DEVIATIONS: readonly Deviation[] = [
  ...process(id),
  ...LIMITS,
  ...sharing(OUTSIDER),
  ...network(OUTSIDER),
  ...MOUNTS,
];
const KEYS = new Map(rowsOfKeys(OUTSIDER, id).map((row) => [row.name, row]));

/** Why an attribute cannot deviate on this Engine (API 1.41). */
const UNTESTED: Readonly<Record<string, string>> = {
  annotations: 'needs Engine API 1.43',
  'blkio_config.device_read_bps': 'needs a block device of the host',
  'blkio_config.device_read_iops': 'needs a block device of the host',
  'blkio_config.device_write_bps': 'needs a block device of the host',
  'blkio_config.device_write_iops': 'needs a block device of the host',
  'blkio_config.weight': 'needs a kernel with weights',
  'blkio_config.weight_device': 'needs a kernel with weights',
  cpu_rt_period: 'needs a kernel with real-time scheduling for groups',
  cpu_rt_runtime: 'needs a kernel with real-time scheduling for groups',
  device_requests: 'needs a GPU and its driver',
  post_start: 'no container shows it',
  pre_stop: 'no container shows it',
  privileged: 'needs a host whose root has every capability',
  storage_opt: 'needs a storage driver with quotas',
};

let site: Site;
let before: ReadonlyMap<string, ContainerInspect>;

beforeAll(async () => {
  site = await makeSite({ id, more: permissive(OUTSIDER) });
  await makeOutsider(OUTSIDER);
  await loadImages(engineSocket(), [PLATFORM]);
  await site.declare(files());
  before = await site.containers();
}, 600_000);

afterAll(async () => {
  await docker('DELETE', `/containers/${OUTSIDER}?force=1&v=1`);
  await site[Symbol.asyncDispose]();
});

const plan = async () =>
  (await planNow(await loadConfig(site.device.configFile, {}), AbortSignal.timeout(60_000))).plan;

it('nothing that was left alone differs', async () => {
  expect((await plan()).differences).toEqual([]);
});

describe('when every service was changed by hand', () => {
  let found: Plan;
  let deviated: ReadonlyMap<string, ContainerInspect>;
  let after: ReadonlyMap<string, ContainerInspect>;
  const outcomes = new Map<string, Outcome>();

  beforeAll(async () => {
    await everyOne(DEVIATIONS, (deviation) => deviation.act(containerOf(deviation)));
    for (const network of NETWORKS) await network.act(`shop_${network.key}`, [WIRED]);
    await LOST_VOLUME.act('shop_lost', []);
    deviated = await site.containers();
    found = await plan();
    await converge(site.device);
    after = await site.containers();
  }, 600_000);

  it.each(DEVIATIONS)('$name: exactly that field is found', (deviation) => {
    const { kind, field, desired, observed } = deviation;
    const expected = { kind, field, desired: value(desired), observed: value(observed), origin: 'drift', app: 'shop' };
    expect(of(resourceOf(deviation))).toEqual([{ resource: resourceOf(deviation), ...expected }]);
    outcomes.set(deviation.name, { found: true, corrected: false, falsely: of(resourceOf(deviation)).length - 1 });
  });

  it.each(DEVIATIONS)('$name: the smallest steps bring it back', (deviation) => {
    const steps = found.steps.filter(({ resource }) => resource === resourceOf(deviation)).map(({ kind }) => kind);
    if (deviation.inPlace === null) expect(steps).toContain('create-container');
    else expect(new Set(steps)).toEqual(new Set(deviation.inPlace));
    const declared = before.get(containerOf(deviation));
    const mended = after.get(containerOf(deviation));
    expect(mended && comparable(mended, after)).toEqual(declared && comparable(declared, before));
    const kept = deviated.get(deviation.field === 'container_name' ? `mine-${id}` : containerOf(deviation));
    expect(mended?.Id === kept?.Id).toBe(deviation.inPlace !== null);
    if (keepsRunning(steps)) expect(mended?.State.StartedAt).toBe(kept?.State.StartedAt);
    const outcome = outcomes.get(deviation.name);
    if (outcome !== undefined) outcomes.set(deviation.name, { ...outcome, corrected: true });
  });

  it.each(NETWORKS)('network $key: $field is found and brought back under its container', async (row) => {
    const { key, field, desired, observed, declared: _ } = row;
    const kind = field === null ? 'missing' : 'field';
    const resource = `network:shop/${key}`;
    expect(of(resource)).toEqual([{ resource, app: 'shop', kind, field, desired, observed, origin: 'drift' }]);
    expect(after.get(WIRED)?.Id).toBe(before.get(WIRED)?.Id);
    expect(after.get(WIRED)?.State.StartedAt).toBe(before.get(WIRED)?.State.StartedAt);
    const joined = after.get(WIRED)?.NetworkSettings.Networks?.[`shop_${key}`];
    const live = await dockerOk('GET', `/networks/shop_${key}`);
    expect(joined?.NetworkID).toBe(live.Id);
    expect(joined?.Aliases).toEqual(before.get(WIRED)?.NetworkSettings.Networks?.[`shop_${key}`]?.Aliases);
    outcomes.set(`network ${key}`, { found: true, corrected: true, falsely: 0 });
  });

  it('volume lost: it is made again', async () => {
    const { field, desired, observed } = LOST_VOLUME;
    const resource = 'volume:shop/lost';
    const expected = { resource, app: 'shop', kind: 'missing', field, desired, observed, origin: 'drift' };
    expect(of(resource)).toEqual([expected]);
    expect((await docker('GET', '/volumes/shop_lost')).status).toBe(200);
    outcomes.set('volume lost', { found: true, corrected: true, falsely: 0 });
  });

  it('nothing else was touched', () => {
    const deviating = new Set([...DEVIATIONS.map(containerOf), `mine-${id}`]);
    const others = [...deviated].filter(([name]) => !deviating.has(name));
    expect(others.map(([name]) => [name, after.get(name)?.Id])).toEqual(others.map(([name, { Id }]) => [name, Id]));
    const known = new Set([...DEVIATIONS.map(resourceOf), ...NETWORKS.map(({ key }) => `network:shop/${key}`)]);
    const rest = found.differences.filter(({ resource }) => !known.has(resource));
    expect(rest.map(({ resource, field }) => `${resource} ${field}`)).toEqual([
      'volume:shop/lost null',
      'service:shop/wired networks.gone',
    ]);
  });

  it('after that nothing differs', async () => {
    expect((await plan()).differences).toEqual([]);
  });

  it.each(VOLUMES)('volume $key: $field is reported, and nothing is done to what may hold data', async (row) => {
    const { key, field, desired, observed } = row;
    await row.act(`shop_${key}`, []);
    const { differences, steps } = await plan();
    const resource = `volume:shop/${key}`;
    expect(differences.filter((difference) => difference.resource === resource)).toMatchObject([
      { app: 'shop', kind: 'field', field, desired, observed, origin: 'drift' },
    ]);
    expect(steps).toEqual([]);
    outcomes.set(`volume ${key}`, { found: true, corrected: false, falsely: 0 });
  });

  it('docs/drift-matrix.md tells it', async () => {
    const rows = [
      ...DEVIATIONS.map((deviation) => ({
        attribute: attributeName(deviation),
        how: deviation.how.replaceAll(OUTSIDER, 'another'),
        mended: deviation.inPlace === null ? 'replaced' : inPlaceWords(deviation.inPlace),
        outcome: outcomes.get(deviation.name),
      })),
      ...resourceRows('network', NETWORKS, 'made again under its containers'),
      ...resourceRows('volume', [LOST_VOLUME], 'made again'),
      ...resourceRows('volume', VOLUMES, 'reported only: it may hold data'),
    ];
    await expect(matrixTable(rows, UNTESTED)).toMatchFileSnapshot('../../docs/drift-matrix.md');
  });

  function resourceRows(kind: string, list: readonly ResourceDeviation[], mended: string) {
    return list.map(({ key, field, how }) => ({
      attribute: `${kind}: ${field ?? 'existence'}`,
      how,
      mended,
      outcome: outcomes.get(`${kind} ${key}`),
    }));
  }

  function of(resource: string): readonly Difference[] {
    return found.differences.filter((difference) => difference.resource === resource);
  }
});

it('every compared attribute deviates here, or has a reason not to', () => {
  const tested = new Set(DEVIATIONS.map(attributeName));
  const names = ATTRIBUTES.map(({ name }) => name);
  expect(names.filter((name) => !tested.has(name) && !(name in UNTESTED))).toEqual([]);
  expect(Object.keys(UNTESTED).filter((name) => tested.has(name) || !names.includes(name))).toEqual([]);
});

const WIRED = 'shop-wired-1';

function files(): Record<string, string> {
  const services = DEVIATIONS.map((deviation) => [deviation.name, { ...SLEEP, ...declaredOf(deviation) }] as const);
  const wired = { ...SLEEP, networks: NETWORKS.map(({ key }) => key) };
  const shop = shopFile({ wired, holder: SLEEP, ...Object.fromEntries(services) }, NUMBER, {
    networks: Object.fromEntries(NETWORKS.map(({ key, declared }) => [key, declared])),
    volumes: Object.fromEntries([...VOLUMES, LOST_VOLUME].map(({ key, declared }) => [key, declared])),
  });
  return {
    'compose.yaml': shop,
    'device.yaml': 'apps: [ { name: shop, compose: compose.yaml } ]\n',
    'one.env': 'WHO=one\n',
    'key.txt': 'the key',
    ...Object.fromEntries(['', '-2', '-3'].map((which) => [`page${which}.html`, `page${which}\n`])),
    'pages/a.html': 'a\n',
    'pages/b.html': 'b\n',
    'more-pages/a.html': 'more\n',
  };
}

function declaredOf({ name, declared }: Deviation): object {
  const row = KEYS.get(name);
  if (declared === undefined && row === undefined) throw new Error(`"${name}" declares nothing and is no row of keys`);
  return declared ?? row?.before ?? {};
}

function resourceOf({ name }: Deviation): string {
  return `service:shop/${name}`;
}

function containerOf(deviation: Deviation): string {
  return deviation.field === 'container_name' ? `one-${id}` : `shop-${deviation.name}-1`;
}

function attributeName({ field }: Deviation): string {
  return field === null ? 'existence' : (attributeOf(field)?.name ?? field);
}

function value(expected: Deviation['desired']): unknown {
  return expected instanceof RegExp ? expect.stringMatching(expected) : expected;
}

function keepsRunning(steps: readonly Step['kind'][]): boolean {
  return !steps.some((kind) => /^(create|start|restart|stop)-container$/.test(kind));
}

function inPlaceWords(kinds: readonly Step['kind'][]): string {
  return `in place: ${kinds.map((kind) => kind.replaceAll('-', ' ')).join(', ')}`;
}

/** The Engine takes a few calls at a time. */
async function everyOne<T>(items: readonly T[], act: (item: T) => Promise<unknown>): Promise<void> {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await act(item);
  };
  await Promise.all([1, 2, 3, 4, 5, 6].map(worker));
}
