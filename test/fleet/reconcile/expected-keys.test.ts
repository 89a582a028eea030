// Every Compose key whose change is planned on the real Engine for a known reason (test/scenario/keys.test.ts): from what is
// expected to be there, without any Engine, it is planned for the same one.
import { describe, expect, it } from 'vitest';
import type { Desired } from '../../../fleet/model/desired.ts';
import { expected } from '../../../fleet/reconcile/expected/expected.ts';
import { makePlan } from '../../../fleet/reconcile/plan.ts';
import { LIMITS as LIMIT_ROWS } from '../../scenario/support/keys/limits.ts';
import { MOUNTS } from '../../scenario/support/keys/mounts.ts';
import { network } from '../../scenario/support/keys/network.ts';
import { PROCESS } from '../../scenario/support/keys/process.ts';
import type { Row } from '../../scenario/support/keys/row.ts';
import { sharing } from '../../scenario/support/keys/sharing.ts';
import { desiredOf, resolveFiles } from '../repo/resolving.ts';
import { PATHS } from './support/desired.ts';

const OUTSIDER = 'outsider';
const ROWS: readonly Row[] = [
  ...PROCESS,
  ...LIMIT_ROWS,
  ...sharing(OUTSIDER),
  ...network(OUTSIDER, 'edge-01'),
  ...MOUNTS,
];
/** What an image sets by itself is known to its host alone; each with what is planned here for it. */
const IMAGE_SETS: Readonly<Record<string, RegExp>> = {
  'command-of-image': /^command: \[\] → /,
  'environment-of-image': /^environment\.TZ: Europe\/Rome → none$/,
  'healthcheck-of-image': /^healthcheck\.interval: 1s → 0s$/,
};
const ENGINE = {
  version: '20.10.24',
  apiVersion: '1.41',
  os: 'linux',
  arch: 'amd64',
  defaults: { runtime: 'runc', logging: 'json-file', cgroup: 'private' },
};
const SLEEP = { image: 'holdfast/busybox:1', command: ['sleep', '100000'], stop_signal: 'SIGKILL' };

function state(setting: (row: Row) => object): Desired {
  const services = Object.fromEntries(
    ROWS.map((row) => [
      row.name,
      { ...(row.image === undefined ? SLEEP : { image: row.image, stop_signal: 'SIGKILL' }), ...setting(row) },
    ]),
  );
  const base = { ...SLEEP, ipc: 'shareable', networks: ['front', 'default'], volumes: ['stuff:/base'] };
  const compose = {
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
  };
  return desiredOf(
    resolveFiles({
      'device.yaml': 'apps: [ { name: store, compose: compose.yaml } ]\n',
      'compose.yaml': JSON.stringify(compose),
      ...{ 'one.env': 'WHO=one\n', 'two.env': 'WHO=two\n', 'one.labels': 'who=one\n', 'two.labels': 'who=two\n' },
      'key.txt': 'the key',
      'extended.yaml':
        'services: { one: { image: some, labels: { who: one } }, two: { image: some, labels: { who: two } } }\n',
    }),
  );
}

function plan(applied: Desired, desired: Desired) {
  return makePlan({
    ...{ desired, paths: PATHS, limits: { steps: 10_000, deletes: 1000 }, hide: (text: string) => text },
    ...expected({ applied, desired, engine: ENGINE, paths: PATHS }),
  });
}

const before = state((row) => row.before);
const after = state((row) => row.after);
const changes = plan(before, after);

it.each([
  ['before', before],
  ['after', after],
  ['without any', state(() => ({}))],
])('with every key %s, what is expected is what is declared', (_name, desired) => {
  expect(plan(desired, desired)).toMatchObject({ steps: [], differences: [], blocked: [] });
});

describe('a change of', () => {
  it.each(ROWS)('$name', (row) => {
    const resource = `service:store/${row.name}${row.replica ?? ''}`;
    const steps = changes.steps.filter((step) => step.resource === resource);
    const minor = ['make-data-folder', 'write-content', 'pull-image'];
    const causes = [...new Set(steps.filter(({ kind }) => !minor.includes(kind)).map(({ cause }) => cause))];
    const cause = IMAGE_SETS[row.name] ?? row.cause;
    const wanted = cause === null ? [] : [cause instanceof RegExp ? expect.stringMatching(cause) : cause];
    expect(causes).toEqual(wanted);
    if (cause !== null) expect(steps.some(({ kind }) => kind === 'create-container')).toBe(row.inPlace !== true);
  });
});
