// Every supported Compose key through files on the real Engine: applying twice plans nothing, and a change of one key plans
// that service only, for that reason, by the remedy that docs/compose.md tells.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planNow } from '../../agent/cli/plan.ts';
import { loadConfig } from '../../agent/config/load.ts';
import type { Plan } from '../../fleet/model/plan.ts';
import { documented } from '../fleet/compose/specification/documented.ts';
import { converge } from '../support/converge.ts';
import { docker } from '../support/engine.ts';
import { uniqueId } from '../support/machine.ts';
import { makeSite, type Site } from '../support/site.ts';
import { APPEARS, GOES, type Row } from './support/keys/row.ts';
import { rowsOfKeys } from './support/keys/rows.ts';
import { makeOutsider, permissive, SLEEP, shopFile } from './support/keys/shop.ts';

const id = uniqueId();
const OUTSIDER = `outsider-${id}`;
const ROWS: readonly Row[] = rowsOfKeys(OUTSIDER, id);

/** Why a key that this Engine (API 1.41) could take has no row. */
const UNTESTED: Readonly<Record<string, string>> = {
  cpu_rt_period: 'needs a kernel with real-time scheduling for groups',
  cpu_rt_runtime: 'needs a kernel with real-time scheduling for groups',
  gpus: 'needs a GPU and its driver',
  privileged: 'needs a host whose root has every capability',
  storage_opt: 'needs a storage driver with quotas',
};

let site: Site;

beforeAll(async () => {
  site = await makeSite({ id, more: permissive(OUTSIDER) });
  await makeOutsider(OUTSIDER);
  await site.declare({ ...FILES, 'compose.yaml': compose() });
}, 300_000);

afterAll(async () => {
  await docker('DELETE', `/containers/${OUTSIDER}?force=1&v=1`);
  await site[Symbol.asyncDispose]();
});

async function planned(): Promise<Plan> {
  return (await planNow(await loadConfig(site.device.configFile, {}), AbortSignal.timeout(60_000))).plan;
}

describe('on the real Engine', () => {
  it('an untouched revision plans nothing', async () => {
    const { differences, steps, blocked } = await planned();
    expect({ differences, steps, blocked }).toEqual({ differences: [], steps: [], blocked: [] });
  });

  describe('when every row is changed', () => {
    let plan: Plan;
    beforeAll(async () => {
      await site.commit({ 'compose.yaml': compose(...ROWS) });
      plan = await planned();
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
      await converge(site.device);
      expect((await planned()).steps).toEqual([]);
    });

    it('taking every key out again converges to the defaults, and plans nothing', async () => {
      await site.declare({ 'compose.yaml': bare() });
      expect((await planned()).steps).toEqual([]);
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
  'device.yaml': 'apps: [ { name: store, compose: compose.yaml } ]\n',
  'one.env': 'WHO=one\n',
  'two.env': 'WHO=two\n',
  'one.labels': 'who=one\n',
  'two.labels': 'who=two\n',
  'key.txt': 'the key',
  'extended.yaml':
    'services: { one: { image: some, labels: { who: one } }, two: { image: some, labels: { who: two } } }\n',
};

function resourceOf({ name, replica = '' }: Row): string {
  return `service:store/${name}${replica}`;
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
  return shopFile(Object.fromEntries(services));
}

function bare(): string {
  return shopFile(Object.fromEntries(ROWS.map((row) => [row.name, common(row)])));
}

function common({ image }: Row): object {
  return image === undefined ? SLEEP : { image, stop_signal: 'SIGKILL' };
}
