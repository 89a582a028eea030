// The planner against a hostile world, and the harness against planners that are wrong on purpose.
import { expect, test } from 'vitest';
import type { Desired } from '../../../fleet/model/desired.ts';
import type { Step } from '../../../fleet/model/plan.ts';
import { makePlan } from '../../../fleet/reconcile/plan.ts';
import { startingFirst } from './support/fleet-history.ts';
import { simulate } from './support/simulation.ts';

const SEEDS = 300;
/** A wrong planner has to be caught within these. */
const MUTANT_SEEDS = 100;
/** A candidate that does not get ready, in a round that comes as far as its names, is rare. */
const RARE_SEEDS = 400;

/** Also on a machine that has other work. */
const MS = 120_000;

type Planner = typeof makePlan;

test(`in ${SEEDS} lives nothing of others is touched, nothing good is lost, and every host gets to what Git declares`, {
  timeout: MS,
}, () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const violation = violationOf(seed, makePlan);
    expect(violation === null ? null : `seed ${seed}: ${violation}`).toBeNull();
  }
});

test(`in ${SEEDS / 2} lives under start-first, whoever serves is followed by somebody who does`, {
  timeout: MS,
}, () => {
  for (let seed = 1; seed <= SEEDS / 2; seed++) {
    const violation = violationOf(seed, makePlan, startingFirst);
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

/** Steps that satisfy `early` wait for nothing but what makes their container. */
function unwaiting(early: (step: Step) => boolean): Planner {
  return (input) => {
    const plan = makePlan(input);
    const made = (id: string) => id.startsWith('create-container');
    return {
      ...plan,
      steps: plan.steps.map((step) => (early(step) ? { ...step, after: step.after.filter(made) } : step)),
    };
  };
}

/** Looks away from what an interrupted plan left behind. */
const seesNoCandidates: Planner = (input) => {
  const containers = input.observed.containers.filter(({ inspect }) => !/--(next|trial)$/.test(inspect.Name));
  return makePlan({ ...input, observed: { ...input.observed, containers } });
};

/** Takes a container that answers to no name for one that does. */
const takesBareForServing: Planner = (input) => {
  const containers = input.observed.containers.map(({ inspect, ...rest }) => {
    const service = inspect.Config.Labels?.['io.holdfast.service'] ?? '';
    const Networks = Object.fromEntries(
      Object.entries(inspect.NetworkSettings.Networks ?? {}).map(([name, one]) => [
        name,
        { ...one, Aliases: [service] },
      ]),
    );
    const bare = /--next$/.test(inspect.Name);
    return { ...rest, inspect: bare ? { ...inspect, NetworkSettings: { Networks } } : inspect };
  });
  return makePlan({ ...input, observed: { ...input.observed, containers } });
};

const MUTANTS: Readonly<Record<string, Planner>> = {
  'drops removals': without(({ kind }) => kind === 'remove-container'),
  'drops removals of networks': without(({ kind }) => kind === 'remove-network'),
  'leaves replacements behind': without(({ cause }) => cause.startsWith('left over')),
  'forgets to rename': without(({ kind }) => kind === 'rename-container'),
  'forgets to start': without(({ kind }) => kind === 'start-container'),
  'forgets to connect': without(({ kind }) => kind === 'connect-network'),
  'forgets to pull': without(({ kind }) => kind === 'pull-image'),
  'forgets to signal': without(({ kind }) => kind === 'signal-container'),
  'forgets to update': without(({ kind }) => kind === 'update-container'),
  'recreates always': recreatesAlways,
  'removes before it creates': removesBeforeItCreates,
  'removes before it starts': removesBeforeItStarts,
  'does not start the old container again': without(({ cause }) => cause.startsWith('the replacement did not start')),
  'prunes what is not listed': prunesWhatIsNotListed,
  'takes names of others': takesNamesOfOthers,
  'sees no drift': seesNoDrift,
};

const START_FIRST_MUTANTS: Readonly<Record<string, Planner>> = {
  'gives names to what is not ready': without(({ cause }) => cause.startsWith('the old container serves until')),
  'forgets to give names': without(({ cause }) => cause.startsWith('it is ready, and')),
  'takes names before others have them': unwaiting(({ cause }) => cause.includes('no longer lead to')),
  'stops the old one while the new one gets ready': unwaiting(
    ({ kind, cause }) => kind === 'stop-container' && !cause.includes('stop-first'),
  ),
  'leaves trials behind': without((step) => step.kind === 'remove-container' && step.name.endsWith('--trial')),
  'sees no candidates': seesNoCandidates,
  'takes a bare container for one that serves': takesBareForServing,
};

test.each(Object.entries(MUTANTS))('the harness catches a planner that %s', { timeout: MS }, (_name, planner) => {
  const caught = Array.from({ length: MUTANT_SEEDS }, (_, seed) => seed + 1).some(
    (seed) => violationOf(seed, planner) !== null,
  );
  expect(caught).toBe(true);
});

test.each(Object.entries(START_FIRST_MUTANTS))(
  'under start-first it catches a planner that %s',
  { timeout: MS },
  (_name, planner) => {
    const caught = Array.from({ length: RARE_SEEDS }, (_, seed) => seed + 1).some(
      (seed) => violationOf(seed, planner, startingFirst) !== null,
    );
    expect(caught).toBe(true);
  },
);

function violationOf(seed: number, planner: Planner, shape?: (desired: Desired) => Desired): string | null {
  try {
    simulate(seed, planner, shape);
    return null;
  } catch (error) {
    return String(error);
  }
}
