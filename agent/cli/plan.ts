// `holdfast-agent plan`: what a reconcile would do now. Fetches into a folder of its own and writes nothing else,
// so it can run beside the daemon.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentConfig } from '../../fleet/config/agent.ts';
import { printable } from '../../fleet/diagnostic.ts';
import { HoldfastError } from '../../fleet/error.ts';
import type { Plan } from '../../fleet/model/plan.ts';
import { formatRevision } from '../../fleet/names.ts';
import { makePlan } from '../../fleet/reconcile/plan.ts';
import { formatDifference, formatPlan } from '../../fleet/reconcile/text.ts';
import { engineOf, hostPaths, sourceOf, verifierOf } from '../assemble.ts';
import { createContentStore } from '../files/create-content-store.ts';
import { createInbox } from '../inbox/inbox.ts';
import { declare } from '../loop/declared.ts';
import { floorCommit } from '../loop/kept.ts';
import { look } from '../loop/look.ts';
import { readStore } from '../store/read-store.ts';
import { createLog } from './log.ts';
import { stopSignal } from './run.ts';

/** 0: nothing to do. 2: steps are pending, or something is blocked. Errors are thrown: 1. */
export async function plan(config: AgentConfig, output: 'text' | 'json'): Promise<number> {
  const made = await planNow(config, stopSignal());
  process.stdout.write(`${output === 'json' ? JSON.stringify(planJson(made), null, 2) : planText(made)}\n`);
  return made.suspended || made.steps.length + made.blocked.length === 0 ? 0 : 2;
}

/** `suspended`: Git asks for nothing to be done, so there are no steps. */
export type PlanNow = Plan & { readonly suspended: boolean };

/** The plan that a reconcile would carry out now. */
export async function planNow(config: AgentConfig, signal: AbortSignal): Promise<PlanNow> {
  const log = createLog('silent', {});
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-plan-'));
  try {
    const source = sourceOf(config, folder);
    const store = readStore(config.state_dir);
    const inventory = store?.inventory() ?? [];
    const floor = floorCommit(store);
    store?.close();
    const tip = await source.poll(signal);
    if (tip === null)
      throw new HoldfastError('GitRefNotFound', 'source.url is "import:": what is handed in is planned by the agent.');
    const override = await createInbox(config.state_dir).accepted();
    const parts = { config, source, verifier: verifierOf(config), floor, override, log };
    const { desired } = await declare(parts, tip, formatRevision(tip.name, tip.commit), signal);
    const content = createContentStore({ stateDir: config.state_dir });
    const observed = await look(
      { config, engine: engineOf(config, log), content, inventory: () => inventory },
      desired,
      signal,
    );
    const made = makePlan({ desired, observed, inventory, paths: hostPaths(config), limits: config.limits });
    return desired.suspend ? { ...made, steps: [], blocked: [], suspended: true } : { ...made, suspended: false };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function planText(made: PlanNow): string {
  if (made.suspended)
    return `${made.revision}\nSuspended in Git (suspend: true): nothing will be done until it is lifted.`;
  const drift = made.differences.filter(({ origin }) => origin === 'drift');
  const changes = made.differences.length - drift.length;
  const found = drift.map((difference) => `drift    ${difference.resource}  ${formatDifference(difference)}`);
  if (made.differences.length + made.steps.length + made.blocked.length === 0)
    return `${made.revision}\nNothing to do.`;
  const head = `${made.revision}: ${changes} changed in Git, ${drift.length} drifted on this host, ${made.steps.length} steps`;
  const lines = [head, ...found, formatPlan(made)].filter((line) => line !== '');
  return lines.join('\n').split('\n').map(printable).join('\n');
}

/** Without the bodies of calls: they hold environment values. */
function planJson(made: PlanNow) {
  return {
    ...made,
    steps: made.steps.map(({ id, kind, subject, app, resource, cause, after }) => ({
      id,
      kind,
      subject,
      app,
      resource,
      cause,
      after,
    })),
  };
}
