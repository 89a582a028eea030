// What a plan means for each resource, as structure and as text.
import { expect, test } from 'vitest';
import type { Desired } from '../../../fleet/model/desired.ts';
import type { Step } from '../../../fleet/model/plan.ts';
import { planJson } from '../../../fleet/reconcile/plan-json.ts';
import { type Look, planText, summaryText } from '../../../fleet/reconcile/plan-text.ts';
import { summarise } from '../../../fleet/reconcile/summary.ts';
import { contentMount, kiosk, networkOf, on, serviceOf, tcp, volumeMount, volumeOf } from './support/desired.ts';
import { createHost, type Host } from './support/host.ts';
import { REGISTRY } from './support/images.ts';

const MIB = 1024 ** 2;

function state(web: Parameters<typeof serviceOf>[1] = {}, others = [serviceOf('old')], networks = ['front']): Desired {
  return kiosk([serviceOf('web', { networks: on('front'), ...web }), ...others], {
    networks: networks.map((key) => networkOf(key)),
    volumes: [volumeOf('data')],
  });
}

function converged(desired = state()): Host {
  const host = createHost(REGISTRY);
  host.converge(desired);
  return host;
}

function of(host: Host, desired: Desired, change: (step: Step) => Step = (step) => step) {
  const plan = host.plan(desired);
  const changed = { ...plan, steps: plan.steps.map(change) };
  return { plan: changed, summary: summarise({ plan: changed, desired, observed: host.observe(desired) }) };
}

/** `name action downtime` of each resource. */
function lines(host: Host, desired: Desired, change?: (step: Step) => Step): string[] {
  return of(host, desired, change).summary.resources.map(
    ({ name, action, downtime }) =>
      `${name} ${action} ${downtime.kind === 'about' ? `${downtime.ms} ${downtime.healthyMs}` : downtime.kind}`,
  );
}

const CHECKED = { healthcheck: { test: ['CMD', 'probe'], interval: 20e9 } };

const CASES: Readonly<Record<string, readonly [Desired, readonly string[]]>> = {
  'another image': [state({ image: 'nginx:2' }), ['kiosk/web recreate 2000 null']],
  'another image under a health check': [state({ image: 'nginx:2', ...CHECKED }), ['kiosk/web recreate 2000 20000']],
  'a health check with a start period passes sooner': [
    state({ image: 'nginx:2', healthcheck: { ...CHECKED.healthcheck, start_period: 60e9 } }),
    ['kiosk/web recreate 2000 5000'],
  ],
  'a health check that is off': [
    state({ image: 'nginx:2', healthcheck: { test: ['NONE'] } }),
    ['kiosk/web recreate 2000 null'],
  ],
  'a limit': [state({ mem_limit: 64 * MIB }), ['kiosk/web in-place none']],
  'one more service': [state({}, [serviceOf('old'), serviceOf('new')]), ['kiosk/new create none']],
  'one service less': [state({}, []), ['kiosk/old remove for-good']],
  'one more network': [
    state({ networks: on('front', 'back') }, [serviceOf('old')], ['front', 'back']),
    ['network kiosk/back create none', 'kiosk/web in-place none'],
  ],
  'a volume': [state({ mounts: [volumeMount('/data', 'data')] }), ['kiosk/web recreate 2000 null']],
};

test.each(Object.entries(CASES))('%s', (_name, [desired, expected]) => {
  expect(lines(converged(), desired)).toEqual(expected);
});

test('a network that is replaced interrupts what is on it for a moment', () => {
  const desired = kiosk([serviceOf('web', { networks: on('front') })], { networks: [networkOf('front')] });
  const changed = kiosk([serviceOf('web', { networks: on('front') })], {
    networks: [networkOf('front', { internal: true })],
  });
  expect(lines(converged(desired), changed)).toEqual([
    'network kiosk/front recreate none',
    'kiosk/web in-place 500 null',
  ]);
});

test('edited content restarts what mounts it, which is drift', () => {
  const desired = state({ mounts: [contentMount('/etc/site.conf', 'aa')] });
  const host = converged(desired);
  host.world.content.set('aa', { kind: 'edited', paths: [] });
  expect(lines(host, desired)).toEqual(['kiosk/web restart 2000 null']);
  expect(of(host, desired).summary.resources[0]?.drift).toBe(true);
});

test('what is down already has no downtime', () => {
  const host = converged();
  const web = host.world.find('kiosk-web-1');
  if (web !== undefined) host.world.stop(web);
  expect(lines(host, state())).toEqual(['kiosk/web in-place none']);
  expect(lines(host, state({ environment: { MODE: 'night' } }))).toEqual(['kiosk/web recreate none']);
  // It is started as it is while the new image is pulled.
  expect(lines(host, state({ image: 'nginx:2' }))).toEqual(['kiosk/web in-place none']);
});

test('nothing planned is nothing to say', () => {
  const { plan, summary } = of(converged(), state());
  expect(summary).toMatchObject({ resources: [], longestGapMs: 0, pull: { images: 0, bytes: 0, unknown: 0 } });
  expect(planText(plan, summary)).toBe('main@aaaaaaaa\nNothing to do.');
});

test('one that is killed at once stops sooner', () => {
  const web = { stop_grace_period: 0, healthcheck: CHECKED.healthcheck };
  const host = converged(state(web));
  expect(lines(host, state({ ...web, image: 'nginx:2' }))).toEqual(['kiosk/web recreate 1000 20000']);
});

test('where the new container comes first there is no gap, unless something has to change hands', () => {
  const first = (web: Parameters<typeof serviceOf>[1]) =>
    kiosk([serviceOf('web', { networks: on('front'), ...web })], {
      strategy: 'start-first',
      networks: [networkOf('front')],
    });
  expect(lines(converged(first({})), first({ image: 'nginx:2' }))).toEqual(['kiosk/web recreate none']);
  const port = { ports: [tcp(80, 8080)] };
  expect(lines(converged(first(port)), first({ ...port, image: 'nginx:2' }))).toEqual(['kiosk/web recreate 2000 null']);
});

test('content that is written over while it runs is in place, signal and all', () => {
  const web = (id: string) => state({ mounts: [contentMount('/etc/site.conf', id)], reload: 'SIGHUP' });
  const host = converged(web('aa'));
  const { plan, summary } = of(host, web('bb'));
  expect(plan.steps.map(({ kind }) => kind)).toEqual(['write-live', 'signal-container']);
  expect(summary.resources).toMatchObject([{ action: 'in-place', downtime: { kind: 'none' } }]);
});

test('what an interrupted replacement left over is no service that ends; what is adopted is a replacement all the same', () => {
  const first = (image: string) =>
    kiosk([serviceOf('web', { image, networks: on('front') })], {
      strategy: 'start-first',
      networks: [networkOf('front')],
    });
  const host = converged(first('nginx:1'));
  let steps = 0;
  host.round(first('nginx:2'), { fate: () => (++steps > 3 ? 'crash-before' : 'done') });
  expect(lines(host, first('nginx:1'))).toEqual(['kiosk/web in-place none']);
  expect(lines(host, first('nginx:2'))).toEqual(['kiosk/web recreate none']);
  const [web] = of(host, first('nginx:2')).summary.resources;
  expect(web?.causes).toEqual(['image: nginx:1 → nginx:2']);
});

const PULLED = (step: Step): Step => (step.kind === 'pull-image' ? { ...step, pullBytes: 12_345_678 } : step);
const BOTH = state({ image: 'nginx:2', mem_limit: 64 * MIB }, [
  serviceOf('old', { mem_limit: 128 * MIB }),
  serviceOf('new', { image: 'nginx:2' }),
]);

test('a plan is told as services, totals and steps', () => {
  const { plan, summary } = of(converged(), BOTH, PULLED);
  expect(planText(plan, summary)).toBe(
    `
main@aaaaaaaa: 4 changed in Git, 0 drifted on the host, 9 steps
kiosk/web  recreate  image: nginx:1 → nginx:2; mem_limit: none → 64 MiB  down about 2 s, 12.3 MB to pull
kiosk/old  in place  mem_limit: none → 128 MiB                           no downtime
kiosk/new  create    new service                                         12.3 MB to pull
3 changes: 1 created, 1 recreated, 1 changed in place; 12.3 MB to pull; longest gap about 2 s

1. pull    nginx:2    image nginx:2 is not on this host
2. create  kiosk/web  image: nginx:1 → nginx:2; mem_limit: 0 → 67108864
3. stop    kiosk/web  image: nginx:1 → nginx:2; mem_limit: 0 → 67108864
4. start   kiosk/web  image: nginx:1 → nginx:2; mem_limit: 0 → 67108864
5. remove  kiosk/web  image: nginx:1 → nginx:2; mem_limit: 0 → 67108864
6. rename  kiosk/web  image: nginx:1 → nginx:2; mem_limit: 0 → 67108864
7. update  kiosk/old  mem_limit: 0 → 134217728
8. create  kiosk/new  new service
9. start   kiosk/new  new service`.trim(),
  );
});

test('a narrow terminal gets every word, on more lines', () => {
  const { plan, summary } = of(converged(), BOTH, PULLED);
  const narrow: Look = { columns: 60, paint: (_tone, text) => text };
  const text = planText(plan, summary, narrow);
  expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(60);
  const words = (of: string) => of.split(/\s+/).sort();
  expect(words(text)).toEqual(words(planText(plan, summary)));
});

test('a summary keeps within its bounds and counts what it cuts', () => {
  const services = Array.from({ length: 60 }, (_, index) => serviceOf(`s${index}`, { container_name: `s${index}` }));
  const { summary } = of(createHost(REGISTRY), kiosk(services), PULLED);
  const text = summaryText(summary, 500);
  expect(text.length).toBeLessThanOrEqual(500);
  expect(text).toMatch(/\nand \d+ more\n60 changes: 60 created; 12\.3 MB to pull; no gap$/);
  expect(summaryText(summary, 100_000)).not.toContain('more');
  expect(summaryText(summary, 20)).toHaveLength(20);
});

test('sizes that nobody knows before are said to be unknown', () => {
  const { summary } = of(converged(), BOTH);
  expect(summary.pull).toEqual({ images: 1, bytes: 0, unknown: 1 });
  expect(summaryText(summary, 2000)).toContain('1 image to pull');
});

test('as JSON, bodies of calls stay out', () => {
  const desired = state({ environment: { API_TOKEN: 'hunter2' } });
  const { plan, summary } = of(converged(), desired);
  const text = JSON.stringify(planJson(plan, summary));
  expect(text).not.toContain('hunter2');
  expect(JSON.parse(text)).toMatchObject({
    schema: 1,
    summary: {
      resources: [
        {
          resource: 'service:kiosk/web',
          action: 'recreate',
          downtime: { kind: 'about', ms: 2000, healthy_ms: null },
          pull: { images: 0 },
        },
      ],
      count: { recreate: 1, create: 0 },
      longest_gap_ms: 2000,
    },
    steps: [{ kind: 'create-container' }, {}, {}, {}, {}],
  });
});
