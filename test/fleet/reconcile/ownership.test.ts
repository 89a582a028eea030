// Who owns a field, as tables; and that reports and steps follow one rule set.
import { describe, expect, test } from 'vitest';
import type { Desired } from '../../../fleet/model/desired.ts';
import type { Difference } from '../../../fleet/model/plan.ts';
import { advanceGate, type Gate, openGate } from '../../../fleet/reconcile/gate.ts';
import { lookFor } from '../../../fleet/reconcile/look.ts';
import { leftDown, matches, ownerOf, pathOf } from '../../../fleet/reconcile/ownership.ts';
import { makePlan } from '../../../fleet/reconcile/plan.ts';
import { formatPlan } from '../../../fleet/reconcile/text.ts';
import { kiosk, LIMITS, networkOf, on, PATHS, serviceOf, volumeMount, volumeOf } from './support/desired.ts';
import { createHost } from './support/host.ts';
import { REGISTRY } from './support/images.ts';
import type { Machine } from './support/machine.ts';

const rules = (parts: Partial<Parameters<typeof ownerOf>[0]>) => ({
  drift: 'correct' as const,
  correct: [],
  warn: [],
  ignore: [],
  ...parts,
});

test.each([
  ['services.web.labels.*', 'services.web.labels.a.b', true],
  ['services.web.labels.*', 'services.web.labels', false],
  ['services.*.environment.TZ', 'services.web.environment.TZ', true],
  ['services.web.environment', 'services.web.environment.TZ', false],
  ['*', 'networks.front.driver', true],
  ['services.web.*.*b', 'services.web.labels.a.b', true],
  ['services.api.*', 'services.web.image', false],
  ['services.web.imag', 'services.web.image', false],
])('the pattern %s and %s: %s', (pattern, path, expected) => {
  expect(matches(pattern, path)).toBe(expected);
});

test('a pattern of many stars is matched in no time', () => {
  expect(matches(`${'*a'.repeat(200)}b`, 'a'.repeat(5000))).toBe(false);
});

describe('the owner', () => {
  test.each([
    ['is Git where nothing is said', {}, 'services.web.image', 'correct'],
    ['is as the app says', { drift: 'warn' }, 'services.web.image', 'warn'],
    ['is as a pattern says', { warn: ['services.web.environment.*'] }, 'services.web.environment.TZ', 'warn'],
    ['of other fields stays', { warn: ['services.web.environment.*'] }, 'services.web.image', 'correct'],
    ['can be Git again', { drift: 'warn', correct: ['services.web.*'] }, 'services.web.image', 'correct'],
    [
      'is as the most specific pattern says',
      { ignore: ['services.*'], warn: ['services.web.*'], correct: ['services.web.environment.TZ'] },
      'services.web.environment.TZ',
      'correct',
    ],
    [
      'does not follow from the order',
      { correct: ['services.web.*'], ignore: ['services.web.labels.*'] },
      'services.web.labels.a',
      'ignore',
    ],
    [
      'is the one that does less where patterns are alike',
      { correct: ['services.*.image'], warn: ['services.*image.'], ignore: ['*services.image'] },
      'services.web.image',
      'correct',
    ],
    [
      'of two like patterns does less',
      { correct: ['services.w*.image'], warn: ['services.*b.image'] },
      'services.web.image',
      'warn',
    ],
    [
      'of a missing container is not touched by stars',
      { ignore: ['*', 'services.web.*'] },
      'services.web.missing',
      'correct',
    ],
    ['of a missing container can be named', { ignore: ['services.web.missing'] }, 'services.web.missing', 'ignore'],
    ['of a missing container can be the host', { warn: ['services.web.*'] }, 'services.web.missing', 'warn'],
    ['of networks is told alike', { warn: ['networks.front.labels.*'] }, 'networks.front.labels.a', 'warn'],
    ['of volumes is told alike', { warn: ['volumes.data.*'] }, 'volumes.data.driver', 'warn'],
  ] as const)('%s', (_name, parts, path, expected) => {
    expect(ownerOf(rules(parts), path)).toBe(expected);
  });
});

test.each([
  [{ resource: 'service:kiosk/web', kind: 'field', field: 'environment.A' }, 'services.web.environment.A'],
  [{ resource: 'service:kiosk/web#2', kind: 'missing', field: null }, 'services.web.missing'],
  [{ resource: 'network:kiosk/front', kind: 'field', field: 'labels.a' }, 'networks.front.labels.a'],
  [{ resource: 'volume:kiosk/data', kind: 'missing', field: null }, 'volumes.data.missing'],
] as const)('%j is called %s', (difference, path) => {
  expect(pathOf(difference)).toBe(path);
});

const WEB = serviceOf('web', { environment: { TZ: 'UTC', LANG: 'C' }, mem_limit: 64 << 20, networks: on('front') });
const parts = { networks: [networkOf('front', { labels: { a: '1' } })] };
const shown = ({ resource, field, kind, origin, left }: Difference) =>
  `${origin} ${resource} ${field ?? kind}${left === undefined ? '' : ` (${left})`}`;

function input(host: ReturnType<typeof createHost>, desired: Desired) {
  const observed = host.world.observe(lookFor(desired, host.inventory));
  const hide = (text: string) => text;
  return { desired, observed, inventory: host.inventory, paths: PATHS, limits: LIMITS, hide };
}

function stop(machine: Machine): void {
  Object.assign(machine, { status: 'exited', exitCode: 137 });
}

function hostWith(app: Parameters<typeof kiosk>[1], service = WEB) {
  const host = createHost(REGISTRY);
  const desired = kiosk([service], { ...parts, ...app });
  host.converge(desired);
  const plan = (next = desired) => {
    const made = host.plan(next);
    return { differences: made.differences.map(shown), text: formatPlan(made), made };
  };
  const web = () => {
    const found = host.world.find('kiosk-web-1');
    if (found === undefined) throw new Error('there is no container');
    return found;
  };
  return { host, desired, plan, web };
}

describe('a field that is only warned of', () => {
  const app = {
    warn: ['services.web.environment.*', 'services.web.state', 'services.web.mem_limit', 'networks.front.*'],
  };

  test('is reported and left alone, while its neighbours are corrected', () => {
    const { web, plan } = hostWith({ warn: ['services.web.mem_limit'] });
    web().host.Memory = 32 << 20;
    web().status = 'paused';
    const { differences, text } = plan();
    expect(differences).toEqual(['drift service:kiosk/web state', 'drift service:kiosk/web mem_limit (warn)']);
    expect(text).toBe('1. unpause  kiosk/web  state: paused → running');
  });

  test('is applied when Git changes it', () => {
    const { web, plan, host } = hostWith(app);
    web().config.Env = ['TZ=Berlin', 'LANG=C'];
    const next = kiosk([{ ...WEB, environment: { TZ: 'Lisbon', LANG: 'C' } }], { ...parts, ...app });
    expect(plan(next).differences).toEqual(['change service:kiosk/web environment.TZ']);
    host.converge(next);
    expect(web().config.Env).toEqual(['TZ=Lisbon', 'LANG=C']);
  });

  test('gets its declared value when the container is replaced for another reason', () => {
    const { web, host } = hostWith(app);
    web().config.Env = ['TZ=Berlin', 'LANG=C'];
    host.converge(kiosk([{ ...WEB, environment: { TZ: 'UTC', LANG: 'de' } }], { ...parts, ...app }));
    expect(web().config.Env).toEqual(['TZ=UTC', 'LANG=de']);
  });

  test('keeps a stopped container stopped when another field is mended in place', () => {
    const { web, plan } = hostWith({ warn: ['services.web.state'] });
    stop(web());
    web().host.Memory = 32 << 20;
    const { differences, made } = plan();
    expect(differences).toEqual(['drift service:kiosk/web state (warn)', 'drift service:kiosk/web mem_limit']);
    expect(made.steps.map(({ kind }) => kind)).toEqual(['update-container']);
  });

  test('plans nothing, however often it is looked at', () => {
    const { web, plan } = hostWith(app);
    stop(web());
    web().config.Env = ['TZ=Berlin'];
    expect(plan().text).toBe('');
    expect(plan().text).toBe('');
  });
});

test('an ignored field is neither reported nor corrected, and what was never there is made', () => {
  const { web, plan } = hostWith({ ignore: ['services.web.*'] });
  web().config.Env = [];
  stop(web());
  expect(plan()).toMatchObject({ differences: [], text: '' });
});

test('a container that is missing is left missing where the host owns that, until Git changes it', () => {
  const app = { warn: ['services.web.missing'] };
  const { host, plan } = hostWith(app);
  host.world.machines.delete(host.world.find('kiosk-web-1')?.id ?? '');
  expect(plan()).toMatchObject({ differences: ['drift service:kiosk/web missing (warn)'], text: '' });
  host.converge(kiosk([{ ...WEB, image: 'nginx:2' }], { ...parts, ...app }));
  expect(host.world.find('kiosk-web-1')?.status).toBe('running');
});

test('drift that is held back is reported, and left while all other is corrected', () => {
  const { host, desired, web } = hostWith({});
  web().host.Memory = 32 << 20;
  web().status = 'paused';
  const made = makePlan({ ...input(host, desired), held: new Set(['service:kiosk/web|mem_limit']) });
  expect(made.differences.map(shown)).toEqual([
    'drift service:kiosk/web state',
    'drift service:kiosk/web mem_limit (held)',
  ]);
  expect(formatPlan(made)).toBe('1. unpause  kiosk/web  state: paused → running');
});

test('a network whose labels are warned of is not replaced', () => {
  const { host, plan } = hostWith({ warn: ['networks.front.labels.*'] });
  for (const [id, network] of host.world.networks)
    host.world.networks.set(id, { ...network, Labels: { ...network.Labels, a: '2' } });
  expect(plan()).toMatchObject({ differences: ['drift network:kiosk/front labels.a (warn)'], text: '' });
});

describe('a volume', () => {
  const service = serviceOf('web', { mounts: [volumeMount('/data', 'data')] });
  const volume = volumeOf('data', { labels: { tier: 'gold' }, driver_opts: { type: 'tmpfs' } });
  const made = (app: Parameters<typeof kiosk>[1], labels: Record<string, string>, options = volume.driver_opts) => {
    const host = createHost(REGISTRY);
    const desired = kiosk([service], { volumes: [volume], ...app });
    host.converge(desired);
    for (const [name, live] of host.world.volumes)
      host.world.volumes.set(name, { ...live, Options: options, Labels: { ...live.Labels, ...labels } });
    const plan = host.plan(desired);
    return { differences: plan.differences.map(shown), text: formatPlan(plan) };
  };

  test('whose labels differ is reported, since the Engine changes none', () => {
    expect(made({}, { tier: 'tin' })).toEqual({
      differences: ['drift volume:kiosk/data labels.tier (warn)'],
      text: '',
    });
  });

  test('whose labels are ignored is as declared', () => {
    expect(made({ ignore: ['volumes.data.labels.*'] }, { tier: 'tin' })).toEqual({ differences: [], text: '' });
  });

  test('with other options blocks, unless the host owns them', () => {
    expect(made({}, {}, { type: 'nfs' }).text).toMatch(/^blocked {2}volume:kiosk\/data {2}PruneGuard/);
    expect(made({ warn: ['volumes.*'] }, {}, { type: 'nfs' })).toEqual({
      differences: ['drift volume:kiosk/data driver_opts.type (warn)'],
      text: '',
    });
  });
});

test('the health gate does not wait for a service that somebody may keep down', () => {
  const { host, desired, web, plan } = hostWith({ warn: ['services.web.state'] });
  stop(web());
  const { observed } = input(host, desired);
  const down = leftDown(plan().made.differences);
  const [app] = desired.apps;
  if (app === undefined) throw new Error('nothing is declared');
  const opened = openGate('spec', observed, 0);
  const look = (gate: Gate, nowMs: number, leftDown: ReadonlySet<string>) =>
    advanceGate(gate, { device: desired.device, app, observed, nowMs, unfinished: null, leftDown });
  expect(look(look(opened, 0, down).gate, 1000, down).verdict).toEqual({ kind: 'passed' });
  expect(look(opened, 100_000, new Set()).verdict.kind).toBe('failed');
});
