// The planner against a hostile world, and the harness against planners that are wrong on purpose.
import { expect, test } from 'vitest';
import type { Step } from '../../../fleet/model/plan.ts';
import { makePlan } from '../../../fleet/reconcile/plan.ts';
import { simulate } from './support/simulation.ts';

const SEEDS = 300;
/** A wrong planner has to be caught within these. */
const MUTANT_SEEDS = 100;

type Planner = typeof makePlan;

test(`in ${SEEDS} lives nothing of others is touched, nothing good is lost, and every host gets to what Git declares`, () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const violation = violationOf(seed, makePlan);
    expect(violation === null ? null : `seed ${seed}: ${violation}`).toBeNull();
  }
});

/** Steps that satisfy `drop` are left out; what waited for them waits for what they waited for. */
function without(drop: (step: Step) => boolean): Planner {
  return (input) => {
    const plan = makePlan(input);
    const dropped = new Map(plan.steps.filter(drop).map((step) => [step.id, step]));
    const through = (ids: readonly string[]): string[] =>
      ids.flatMap((id) => {
        const step = dropped.get(id);
        return step === undefined ? [id] : through(step.after);
      });
    const steps = plan.steps.filter((step) => !drop(step));
    return { ...plan, steps: steps.map((step) => ({ ...step, after: through(step.after) })) };
  };
}

const recreatesAlways: Planner = (input) => {
  const containers = input.observed.containers.map(({ inspect, ...rest }) => ({
    ...rest,
    inspect: { ...inspect, Config: { ...inspect.Config, Image: 'other' } },
  }));
  return makePlan({ ...input, observed: { ...input.observed, containers } });
};

const removesBeforeItCreates: Planner = (input) => {
  const plan = makePlan(input);
  const early = (step: Step) => step.kind === 'stop-container' || step.kind === 'remove-container';
  return { ...plan, steps: plan.steps.map((step) => (early(step) ? { ...step, after: [] } : step)) };
};

/** The good container goes while nobody knows whether its replacement can be started. */
const removesBeforeItStarts: Planner = (input) => {
  const plan = makePlan(input);
  const starts = new Map(plan.steps.filter(({ kind }) => kind === 'start-container').map((step) => [step.id, step]));
  const steps = plan.steps.map((step) =>
    step.kind === 'remove-container'
      ? { ...step, after: step.after.flatMap((id) => starts.get(id)?.after ?? [id]) }
      : step,
  );
  return { ...plan, steps };
};

const prunesWhatIsNotListed: Planner = (input) => {
  const listed = input.observed.containers.map(({ inspect }) => ({
    kind: 'container' as const,
    name: inspect.Name.slice(1),
    resource: 'service:gone/gone',
    app: 'gone',
    applied: {},
    revision: '',
  }));
  return makePlan({ ...input, inventory: [...input.inventory, ...listed] });
};

const takesNamesOfOthers: Planner = (input) => {
  const plan = makePlan(input);
  const steps = input.observed.containers.flatMap(({ inspect }): Step[] =>
    Object.keys(inspect.Config.Labels ?? {}).some((label) => label.startsWith('io.holdfast.'))
      ? []
      : [
          {
            ...{ id: `take ${inspect.Id}`, after: [], subject: '', app: '', resource: '', cause: '' },
            kind: 'rename-container',
            container: inspect.Id,
            name: `${inspect.Name.slice(1)}-old`,
          },
        ],
  );
  return { ...plan, steps: [...steps, ...plan.steps] };
};

const seesNoDrift: Planner = (input) => {
  const plan = makePlan(input);
  const drifted = new Set(plan.differences.filter(({ origin }) => origin === 'drift').map(({ resource }) => resource));
  return { ...plan, steps: plan.steps.filter(({ resource }) => !drifted.has(resource)) };
};

const MUTANTS: Readonly<Record<string, Planner>> = {
  'drops removals': without(({ kind }) => kind === 'remove-container'),
  'drops removals of networks': without(({ kind }) => kind === 'remove-network'),
  'leaves replacements behind': without(({ cause }) => cause.startsWith('left over')),
  'forgets to rename': without(({ kind }) => kind === 'rename-container'),
  'forgets to start': without(({ kind }) => kind === 'start-container'),
  'forgets to connect': without(({ kind }) => kind === 'connect-network'),
  'forgets to pull': without(({ kind }) => kind === 'pull-image'),
  'forgets to update': without(({ kind }) => kind === 'update-container'),
  'recreates always': recreatesAlways,
  'removes before it creates': removesBeforeItCreates,
  'removes before it starts': removesBeforeItStarts,
  'does not start the old container again': without(({ cause }) => cause.startsWith('the replacement did not start')),
  'prunes what is not listed': prunesWhatIsNotListed,
  'takes names of others': takesNamesOfOthers,
  'sees no drift': seesNoDrift,
};

test.each(Object.entries(MUTANTS))('the harness catches a planner that %s', (_name, planner) => {
  const caught = Array.from({ length: MUTANT_SEEDS }, (_, seed) => seed + 1).some(
    (seed) => violationOf(seed, planner) !== null,
  );
  expect(caught).toBe(true);
});

function violationOf(seed: number, planner: Planner): string | null {
  try {
    simulate(seed, planner);
    return null;
  } catch (error) {
    return String(error);
  }
}
