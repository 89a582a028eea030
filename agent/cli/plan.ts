// `holdfast-agent plan`: what a reconcile would do now. Fetches into a folder of its own and writes nothing else,
// so it can run beside the daemon.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentConfig } from '../../fleet/config/agent.ts';
import { printable } from '../../fleet/diagnostic.ts';
import { HoldfastError } from '../../fleet/error.ts';
import type { Hide } from '../../fleet/mask.ts';
import type { Plan } from '../../fleet/model/plan.ts';
import { formatRevision } from '../../fleet/names.ts';
import { makePlan } from '../../fleet/reconcile/plan.ts';
import { formatDifference, formatPlan } from '../../fleet/reconcile/text.ts';
import { engineOf, hostPaths, judgeBeside, secretsOf, sourceOf, verifierOf } from '../assemble.ts';
import { createContentStore } from '../files/create-content-store.ts';
import { createInbox } from '../inbox/inbox.ts';
import { declare } from '../loop/declare.ts';
import { floorCommit } from '../loop/kept.ts';
import { look } from '../loop/look.ts';
import { readStore } from '../store/read-store.ts';
import { createLog } from './log.ts';
import { stopSignal } from './run.ts';

/** 0: nothing to do. 2: steps are pending, or something is blocked. Errors are thrown: 1. */
export async function plan(config: AgentConfig, output: 'text' | 'json'): Promise<number> {
  const made = await planNow(config, stopSignal());
  const text = output === 'json' ? JSON.stringify(planJson(made), null, 2) : planText(made);
  process.stdout.write(`${made.hide(text)}\n`);
  return made.suspended || made.steps.length + made.blocked.length === 0 ? 0 : 2;
}

/** `suspended`: Git asks for nothing to be done, so there are no steps. */
export type PlanNow = Plan & { readonly suspended: boolean };

/** The plan that a reconcile would carry out now. */
export async function planNow(config: AgentConfig, signal: AbortSignal): Promise<PlanNow & { readonly hide: Hide }> {
  const log = createLog('silent', {});
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-plan-'));
  try {
    const source = sourceOf(config, folder);
    const store = readStore(config.state_dir);
    const inventory = store?.inventory() ?? [];
    const held = store?.snapshot('accepted') ?? null;
    const secrets = secretsOf(config, store?.salt ?? '');
    for (const name of ['last_good', 'accepted'] as const) secrets.learn(store?.snapshot(name)?.secretValues ?? []);
    const floor = floorCommit(store);
    store?.close();
    const tip = await source.poll(signal);
    if (tip === null)
      throw new HoldfastError('GitRefNotFound', 'source.url is "import:": what is handed in is planned by the agent.');
    const override = await createInbox(config.state_dir).accepted();
    const judge = judgeBeside(config);
    const parts = { config, source, verifier: verifierOf(config), judge, secrets, floor, override, held, log };
    const { desired } = await declare(parts, tip, formatRevision(tip.name, tip.commit), signal);
    const paths = hostPaths(config);
    const content = createContentStore({ stateDir: config.state_dir, secretsDir: paths.secrets });
    const observed = await look(
      { config, engine: engineOf(config, log), content, inventory: () => inventory },
      desired,
      signal,
    );
    const { hide } = secrets;
    const made = { ...makePlan({ desired, observed, inventory, paths, limits: config.limits, hide }), hide };
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
    revision: made.revision,
    differences: made.differences,
    blocked: made.blocked,
    suspended: made.suspended,
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
