// What an Engine is expected to show, held against the model of one.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Desired } from '../../../fleet/model/desired.ts';
import { NO_ROLLOUT } from '../../../fleet/model/rollout.ts';
import { expected } from '../../../fleet/reconcile/expected/expected.ts';
import { type Report, withReport } from '../../../fleet/reconcile/expected/reported.ts';
import { makePlan } from '../../../fleet/reconcile/plan.ts';
import { formatPlan } from '../../../fleet/reconcile/text.ts';
import { effectiveState } from '../../../fleet/rollout/effective.ts';
import { buildStatus } from '../../../fleet/status.ts';
import { LIMITS, PATHS } from './support/desired.ts';
import { randomDesired } from './support/fleet-history.ts';
import { createHost, type Host } from './support/host.ts';
import { REGISTRY } from './support/images.ts';
import { interfere } from './support/people.ts';
import { createRandom } from './support/random.ts';

const RUNS = { seed: 11, numRuns: 50 };
const { engine } = createHost(REGISTRY).world;

function planned(applied: Desired | null, desired: Desired, report?: Report): string {
  const { observed, inventory } = expected({ applied, desired, engine, paths: PATHS });
  const seen = applied === null || report === undefined ? observed : withReport(observed, applied, report);
  return formatPlan(
    makePlan({ desired, observed: seen, inventory, paths: PATHS, limits: LIMITS, hide: (text) => text }),
  );
}

/** Of files a report says nothing where the container that mounts them is gone, and not whether they were replaced. */
function isUntold({ world }: Host, { drift }: Report): boolean {
  const lost = drift.some(({ kind }) => kind === 'missing');
  const edited = [...world.content.values()].some(({ kind }) => kind !== 'intact');
  const live = [...world.live.values()];
  return live.some(({ moved }) => moved) || (lost && (edited || live.some(({ id }) => id === 'edited')));
}

/** The lines without what only the host knows: ids of containers, and the order in which it lists them. */
function essence(text: string): string[] {
  return text
    .split('\n')
    .map((line) =>
      line
        .replace(/^ *\d+\. /, '')
        .replace(/ {2,}/g, '  ')
        .replace(/container:[0-9a-f]{12}/g, 'container:…'),
    )
    .sort();
}

/** What the agent on this host would report. */
function reportOf(host: Host, desired: Desired): Report {
  return buildStatus({
    ...{ agent: { version: '', uptime_s: 0 }, clockSynced: true, host: null, source: undefined, signedBy: null },
    ...{ gitRevision: desired.revision, applied: desired.revision, lastGood: null, working: false, failures: [] },
    ...{ observed: host.observe(desired), plan: host.plan(desired), previous: [], now: '', waiting: null },
    effective: effectiveState(desired, [], NO_ROLLOUT),
    ...{ driftKnown: new Map(), inside: [] },
  });
}

test('what was applied is expected to be there', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const state = randomDesired(createRandom(seed), 1, new Set());
      expect(planned(state, state)).toBe('');
    }),
    RUNS,
  );
});

test('from what is expected follows the plan that follows from the host', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const random = createRandom(seed);
      const [applied, next] = [randomDesired(random, 1, new Set()), randomDesired(random, 2, new Set())];
      const host = createHost(REGISTRY);
      host.converge(applied);
      expect(essence(planned(applied, next))).toEqual(essence(host.text(next)));
    }),
    RUNS,
  );
});

test('where nothing was applied, everything is new', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const state = randomDesired(createRandom(seed), 1, new Set());
      expect(planned(null, state)).toBe(createHost(REGISTRY).text(state));
    }),
    RUNS,
  );
});

test('with what a device reports, its drift is repaired as it would repair it', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const random = createRandom(seed);
      const state = randomDesired(random, 1, new Set());
      const host = createHost(REGISTRY);
      host.converge(state);
      for (let act = 1 + random.int(3); act > 0; act--) interfere(host, random, new Map());
      const report = reportOf(host, state);
      fc.pre(!host.forgetful && !isUntold(host, report));
      expect(planned(state, state, report)).toBe(host.text(state));
    }),
    { ...RUNS, numRuns: 80 },
  );
});

test('a change on top of drift is planned as the host would plan it', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const random = createRandom(seed);
      const [applied, next] = [randomDesired(random, 1, new Set()), randomDesired(random, 2, new Set())];
      const host = createHost(REGISTRY);
      host.converge(applied);
      // What has run once is not told of any more, whatever becomes of its container.
      const machines = [...host.world.machines.values()].filter(({ status }) => status === 'running');
      fc.pre(machines.length > 0);
      const machine = random.pick(machines);
      const acts = [
        () => host.world.machines.delete(machine.id),
        () => host.world.stop(machine),
        () => machine.endpoints.delete(random.pick([...machine.endpoints.keys(), 'none'])),
        () => {
          if (machine.status === 'running') machine.status = 'paused';
        },
        () => {
          machine.name = 'by-hand';
        },
      ];
      random.pick(acts)();
      expect(essence(planned(applied, next, reportOf(host, applied)))).toEqual(essence(host.text(next)));
    }),
    { ...RUNS, numRuns: 80 },
  );
});
