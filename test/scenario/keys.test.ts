// Every supported Compose key through files on the real Engine: applying twice plans nothing, and a change of one key plans
// that service only, for that reason, by the remedy that docs/compose.md tells.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planNow } from '../../agent/cli/plan.ts';
import { loadConfig } from '../../agent/config/load.ts';
import type { Plan } from '../../fleet/model/plan.ts';
import { documented } from '../fleet/compose/specification/documented.ts';
import { type Device, makeDevice } from '../support/device.ts';
import { cleanup, docker, dockerOk } from '../support/engine.ts';
import { type Fleet, makeFleet } from '../support/fleet.ts';
import { type TemporaryFolder, temporaryFolder, uniqueId } from '../support/machine.ts';
import { LIMITS } from './support/keys/limits.ts';
import { MOUNTS } from './support/keys/mounts.ts';
import { network } from './support/keys/network.ts';
import { PROCESS } from './support/keys/process.ts';
import { APPEARS, GOES, type Row } from './support/keys/row.ts';
import { sharing } from './support/keys/sharing.ts';

const id = uniqueId();
const OUTSIDER = `outsider-${id}`;
const ROWS: readonly Row[] = [...PROCESS, ...LIMITS, ...sharing(OUTSIDER), ...network(OUTSIDER, id), ...MOUNTS];

/** Why a key that this Engine (API 1.41) could take has no row. */
const UNTESTED: Readonly<Record<string, string>> = {
  cpu_rt_period: 'needs a kernel with real-time scheduling for groups',
  cpu_rt_runtime: 'needs a kernel with real-time scheduling for groups',
  gpus: 'needs a GPU and its driver',
  privileged: 'needs a host whose root has every capability',
  storage_opt: 'needs a storage driver with quotas',
};

/** The owner of this device allows whatever a row asks for. */
const PERMISSIVE = `
limits: { steps: 3000, deletes: 300 }
policy:
  privileged: true
  host_network: true
  host_pid: true
  host_ipc: true
  host_uts: true
  host_userns: true
  host_cgroup: true
  capabilities: [ALL]
  devices: [/dev/null]
  device_rules: ["a *:* rwm"]
  binds: [/tmp, /etc]
  security_opts: ["*"]
  sysctls: ["*"]
  cgroup_parents: [/hf-keys]
  containers: [${OUTSIDER}]
`;

let folder: TemporaryFolder;
let fleet: Fleet;
let device: Device;

beforeAll(async () => {
  folder = await temporaryFolder();
  fleet = await makeFleet(folder.path);
  device = await makeDevice({ id, url: fleet.url, folder: folder.path, more: PERMISSIVE });
  await makeOutsider();
  await fleet.commit({ ...FILES, [`devices/${id}/compose.yaml`]: compose() });
  const ran = await device.agent('once');
  expect(ran.code, ran.output).toBe(0);
}, 300_000);

afterAll(async () => {
  await docker('DELETE', `/containers/${OUTSIDER}?force=1&v=1`);
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

  describe('when every row is changed', () => {
    let plan: Plan;
    beforeAll(async () => {
      await fleet.commit({ [`devices/${id}/compose.yaml`]: compose(...ROWS) });
      plan = await planNow(await loadConfig(device.configFile, {}), AbortSignal.timeout(60_000));
    });

    it('only they are planned, as changes', () => {
      const changed = ROWS.filter(({ cause }) => cause !== null).map(resourceOf);
      const own = plan.steps.map(({ resource }) => resource).filter((resource) => resource.startsWith('service:'));
      expect(new Set(own)).toEqual(new Set(changed));
      expect(plan.blocked).toEqual([]);
      expect(plan.differences.filter(({ origin }) => origin !== 'change')).toEqual([]);
    });

    it.each(ROWS)('$name is planned for that reason, by the smallest remedy', (row) => {
      const steps = plan.steps.filter(({ resource }) => resource === resourceOf(row));
      const { cause } = row;
      if (cause === null) {
        expect(steps).toEqual([]);
        return;
      }
      const causes = new Set(
        steps.filter(({ kind }) => kind !== 'make-data-folder' && kind !== 'write-content').map((step) => step.cause),
      );
      expect([...causes]).toEqual([cause instanceof RegExp ? expect.stringMatching(cause) : cause]);
      expect(steps.some(({ kind }) => kind === 'create-container')).toBe(row.inPlace !== true);
    });

    it('the changes converge, and again plan nothing', async () => {
      const ran = await device.agent('once');
      expect(ran.code, ran.output).toBe(0);
      expect((await device.agent('plan')).output).toContain('Nothing to do.');
    });

    it('taking every key out again converges to the defaults, and plans nothing', async () => {
      await fleet.commit({ [`devices/${id}/compose.yaml`]: bare() });
      const ran = await device.agent('once');
      expect(ran.code, ran.output).toBe(0);
      expect((await device.agent('plan')).output).toContain('Nothing to do.');
    });
  });
});

describe('docs/compose.md', () => {
  it('every supported service key has a row here, or a reason', () => {
    const tested = new Set(ROWS.map(keyOf));
    const supported = documented('Services').filter(
      ({ key, status, api }) => status === 'supported' && !key.includes('.') && (api === undefined || api <= '1.41'),
    );
    expect(supported.map(({ key }) => key).filter((key) => !tested.has(key) && !(key in UNTESTED))).toEqual([]);
    expect(Object.keys(UNTESTED).filter((key) => tested.has(key))).toEqual([]);
  });

  it.each(documented('Services').filter(({ key }) => ROWS.some((row) => keyOf(row) === key)))(
    'what becomes of a container when $key changes is what the table says',
    ({ key, onChange }) => {
      if (onChange === '') return; // a map of keys with rows of their own
      const rows = ROWS.filter((row) => keyOf(row) === key);
      const changed = rows.filter(({ cause }) => cause !== null && cause !== APPEARS && cause !== GOES);
      const kept = changed.some(({ inPlace }) => inPlace === true) ? 'in place' : 'recreates';
      expect(changed.length === 0 ? '—' : kept).toBe(onChange);
    },
  );
});

const FILES = {
  [`devices/${id}/device.yaml`]: 'apps: [ { name: shop, compose: compose.yaml } ]\n',
  [`devices/${id}/one.env`]: 'WHO=one\n',
  [`devices/${id}/two.env`]: 'WHO=two\n',
  [`devices/${id}/one.labels`]: 'who=one\n',
  [`devices/${id}/two.labels`]: 'who=two\n',
  [`devices/${id}/key.txt`]: 'the key',
  [`devices/${id}/extended.yaml`]:
    'services: { one: { image: some, labels: { who: one } }, two: { image: some, labels: { who: two } } }\n',
};

const SLEEP = { image: 'holdfast/busybox:1', command: ['sleep', '100000'], stop_signal: 'SIGKILL' };

function resourceOf({ name, replica = '' }: Row): string {
  return `service:shop/${name}${replica}`;
}

/** The key that a row is about. */
function keyOf({ name }: Row): string {
  return name.split('-')[0] ?? name;
}

/** One service for each row, those of `changed` in their new form. JSON is YAML. */
function compose(...changed: readonly Row[]): string {
  const services = ROWS.map((row) => [
    row.name,
    { ...common(row), ...(changed.includes(row) ? row.after : row.before) },
  ]);
  return document(Object.fromEntries(services));
}

function bare(): string {
  return document(Object.fromEntries(ROWS.map((row) => [row.name, common(row)])));
}

function common({ image }: Row): object {
  return image === undefined ? SLEEP : { image, stop_signal: 'SIGKILL' };
}

/** With what the services of the rows speak of. */
function document(services: object): string {
  const base = { ...SLEEP, ipc: 'shareable', networks: ['front', 'default'], volumes: ['stuff:/base'] };
  return JSON.stringify({
    services: { init: SLEEP, base, ...services },
    networks: {
      front: {},
      back: { internal: true },
      fixed: { ipam: { config: [{ subnet: '10.242.0.0/16' }] } },
      six: { enable_ipv6: true, ipam: { config: [{ subnet: 'FD00:0242::/64' }] } },
    },
    volumes: { stuff: {}, other: { labels: { kept: 'yes' } } },
    configs: { site: { content: 'some' } },
    secrets: { key: { file: 'key.txt' } },
  });
}

/** A container that is not of Holdfast's making. */
async function makeOutsider(): Promise<void> {
  const body = { Image: 'holdfast/busybox:1', Cmd: ['sleep', '100000'], StopSignal: 'SIGKILL' };
  await dockerOk('POST', `/containers/create?name=${OUTSIDER}`, body);
  await dockerOk('POST', `/containers/${OUTSIDER}/start`);
}
