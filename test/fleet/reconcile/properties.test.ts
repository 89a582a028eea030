// What holds for every plan, whatever is declared and wherever the host stands.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Desired } from '../../../fleet/model/desired.ts';
import type { Plan } from '../../../fleet/model/plan.ts';
import type { Service } from '../../../fleet/model/service.ts';
import { formatPlan } from '../../../fleet/reconcile/text.ts';
import { randomDesired } from './support/fleet-history.ts';
import { createHost, type Host } from './support/host.ts';
import { REGISTRY } from './support/images.ts';
import { interfere } from './support/people.ts';
import { createRandom, type Random } from './support/random.ts';

const RUNS = { seed: 7, numRuns: 60 };

/** A host that went through one revision and fewer than `acts` acts of people, and the revision that comes next. */
function situation(seed: number, acts = 4): { host: Host; next: Desired } {
  const random = createRandom(seed);
  const host = createHost(REGISTRY);
  host.round(randomDesired(random, 1, new Set()));
  for (let act = random.int(acts); act > 0; act--) interfere(host, random, new Map());
  return { host, next: randomDesired(random, 2, new Set()) };
}

test('every step waits only for steps that stand before it, and ids are unique', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const { host, next } = situation(seed);
      const before = new Set<string>();
      for (const step of host.plan(next).steps) {
        expect(step.after.filter((id) => !before.has(id))).toEqual([]);
        expect(before.has(step.id)).toBe(false);
        before.add(step.id);
      }
    }),
    RUNS,
  );
});

test('the order of apps, services, containers and inventory never changes what is done', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const { host, next } = situation(seed);
      const random = createRandom(seed + 1);
      const apps = random.shuffled(next.apps).map((app) => ({
        ...app,
        services: random.shuffled(app.services).map((service) => disordered(random, service)),
        networks: random.shuffled(app.networks),
      }));
      const lines = (plan: Plan) =>
        formatPlan(plan)
          .split('\n')
          .map((line) => line.replace(/^ *\d+\. /, ''))
          .sort();
      const first = lines(host.plan(next));
      host.inventory = random.shuffled(host.inventory);
      const machines = random.shuffled([...host.world.machines]);
      host.world.machines.clear();
      for (const [id, machine] of machines) host.world.machines.set(id, machine);
      expect(lines(host.plan({ ...next, apps }))).toEqual(first);
    }),
    RUNS,
  );
});

/** The same service, with every list in another order whose order says nothing. */
function disordered(random: Random, service: Service): Service {
  const shuffled = <T>(list: readonly T[] | undefined) => random.shuffled([...(list ?? [])]);
  return {
    ...service,
    mounts: shuffled(service.mounts),
    ports: shuffled(service.ports),
    ...Object.fromEntries(
      (['expose', 'extra_hosts', 'security_opt', 'group_add', 'devices'] as const)
        .filter((key) => service[key] !== undefined)
        .map((key) => [key, shuffled<unknown>(service[key])]),
    ),
    ...Object.fromEntries(
      (['environment', 'labels', 'sysctls', 'networks'] as const)
        .filter((key) => service[key] !== undefined)
        .map((key) => [key, Object.fromEntries(shuffled(Object.entries(service[key] ?? {})))]),
    ),
  };
}

test('what was applied is not applied again', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const { host, next } = situation(seed, 1);
      host.converge(next);
      expect(host.text(next)).toBe('');
      expect(host.plan(next).differences.filter(({ kind }) => kind === 'field')).toEqual([]);
    }),
    RUNS,
  );
});

test('the same inputs give the same plan', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const { host, next } = situation(seed);
      expect(host.plan(next)).toEqual(host.plan(next));
    }),
    RUNS,
  );
});

test('many services that all depend on each other are planned in no time', () => {
  const host = createHost(REGISTRY);
  const { next } = situation(1);
  const [app] = next.apps;
  if (app === undefined) throw new Error('no app');
  const names = Array.from({ length: 40 }, (_, index) => `s${index}`);
  const services = (image: string) =>
    names.map((name, index) => ({
      ...{ name, number: 1, container_name: name, image, pull_policy: 'missing' as const, environment: {}, labels: {} },
      ...{ mounts: [], networks: {}, ports: [{ target: 80, protocol: 'tcp' as const, published: 9000 + index }] },
      depends_on: Object.fromEntries(
        names.slice(0, index).map((other) => [other, { condition: 'service_started', restart: true, required: true }]),
      ),
    }));
  const state = (image: string): Desired => ({
    ...next,
    apps: [{ ...app, strategy: 'stop-first', services: services(image) as typeof app.services }],
  });
  host.converge(state('nginx:1'));
  expect(host.plan(state('nginx:2')).steps).toHaveLength(40 * 5 + 1);
});
