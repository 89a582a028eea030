// An agent in this process that ends at a chosen moment of its steps, as a kill would end it: what was asked of the Engine may
// have happened, nothing that follows does. Another one on the same state then finds what is there.
import { assemble } from '../../agent/assemble.ts';
import { loadConfig } from '../../agent/config/load.ts';
import type { EngineStepKind, EngineSteps } from '../../agent/docker/engine.ts';
import { createAgent } from '../../agent/loop/agent.ts';
import type { Step } from '../../fleet/model/plan.ts';

/** `before`: the step is listed and never asked for. `after`: it has happened, and nobody hears of it. */
export interface Moment {
  readonly step: number;
  readonly when: 'before' | 'after';
}

export interface Life {
  /** Steps that began, as "kind subject". */
  readonly steps: readonly string[];
  /** The moment came. */
  readonly ended: boolean;
  /** Ready at the end; null: it did not get there. */
  readonly ready: boolean | null;
  /** What the loop, the gate and the steps said. */
  readonly log: readonly string[];
}

export interface LifeOptions {
  readonly configFile: string;
  readonly moment?: Moment;
  /** Called around each step, also when the agent ends there. */
  readonly look?: (where: string) => Promise<void>;
  /** Called as a step begins. */
  readonly during?: (step: Step) => void;
}

/** `once`, until the moment. */
export async function live({ configFile, moment, look, during }: LifeOptions): Promise<Life> {
  const log: string[] = [];
  const parts = await assemble(await loadConfig(configFile, {}), (level, message) => log.push(`${level} ${message}`));
  const life = new AbortController();
  const steps: string[] = [];
  const end = (): never => {
    life.abort();
    throw new Error('the agent has ended');
  };
  const wrapped = Object.entries(parts.engine.steps).map(([kind, run]) => [
    kind,
    async (step: Step, signal: AbortSignal) => {
      life.signal.throwIfAborted();
      const number = steps.push(`${step.kind} ${step.subject}`) - 1;
      const dies = (when: Moment['when']) => moment?.step === number && moment.when === when;
      if (dies('before')) end();
      during?.(step);
      // What was sent to the Engine goes on there.
      await (run as (step: Step, signal: AbortSignal) => Promise<void>)(step, signal);
      await look?.(`after ${number} ${step.kind} ${step.subject}`);
      if (dies('after')) end();
    },
  ]);
  const engine = {
    ...parts.engine,
    steps: Object.fromEntries(wrapped) as Record<EngineStepKind, never> as EngineSteps,
  };
  try {
    const outcome = await createAgent({ ...parts, engine })
      .once(life.signal)
      .catch((error: unknown) => {
        if (!life.signal.aborted) throw error;
        return null;
      });
    const said = outcome?.status.conditions.find(({ type }) => type === 'Ready');
    const ready = said?.status === 'True';
    if (!ready) log.push(`${said?.reason}: ${said?.message}`);
    return { steps, ended: life.signal.aborted, ready: outcome === null ? null : ready, log };
  } finally {
    parts.store.close();
  }
}
