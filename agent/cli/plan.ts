// `holdfast-agent plan`: what a reconcile would do now. Fetches into a folder of its own and writes nothing else,
// so it can run beside the daemon.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentConfig } from '../../fleet/config/agent.ts';
import { printable } from '../../fleet/diagnostic.ts';
import { HoldfastError, messageOf, reasonOf } from '../../fleet/error.ts';
import type { Hide } from '../../fleet/mask.ts';
import type { Ask } from '../../fleet/model/ask.ts';
import type { Desired } from '../../fleet/model/desired.ts';
import type { Plan } from '../../fleet/model/plan.ts';
import { NO_ROLLOUT } from '../../fleet/model/rollout.ts';
import { formatRevision, shortRevision } from '../../fleet/names.ts';
import { suspendedText } from '../../fleet/policy/hold.ts';
import { planJson } from '../../fleet/reconcile/plan-json.ts';
import { type Look, PLAIN, planText } from '../../fleet/reconcile/plan-text.ts';
import { type PlanSummary, summarise } from '../../fleet/reconcile/summary.ts';
import { effectiveState } from '../../fleet/rollout/effective.ts';
import { forAccepted } from '../../fleet/rollout/record.ts';
import { closedApps, formatWaiting } from '../../fleet/window/waiting.ts';
import { engineOf, hostPaths, judgeBeside, registriesOf, secretsOf, sourceOf, verifierOf } from '../assemble.ts';
import { createContentStore } from '../files/create-content-store.ts';
import { createClock } from '../host/clock.ts';
import { createMeasure } from '../images/measure.ts';
import { createMoved } from '../images/moved.ts';
import { createInbox } from '../inbox/inbox.ts';
import { rolledBackFailures } from '../loop/cycle-failures.ts';
import { declare } from '../loop/declare.ts';
import { floorCommit } from '../loop/kept.ts';
import { look } from '../loop/look.ts';
import { planFor } from '../loop/plan-for.ts';
import { readStore } from '../store/read-store.ts';
import { createLog } from './log.ts';
import { stopSignal } from './run.ts';
import { terminalLook } from './terminal-look.ts';

/** 0: nothing to do. 2: steps are pending, or something is blocked. 1: Git's newest is refused or out of reach; other errors are thrown. */
export async function plan(config: AgentConfig, output: 'text' | 'json'): Promise<number> {
  const made = await planNow(config, stopSignal());
  const text =
    output === 'json' ? JSON.stringify(planNowJson(made), null, 2) : planNowText(made, terminalLook(process.stdout));
  process.stdout.write(`${made.hide(text)}\n`);
  if (made.refused !== null) return 1;
  return made.suspended || made.plan.steps.length + made.plan.blocked.length === 0 ? 0 : 2;
}

export interface PlanNow {
  readonly plan: Plan;
  readonly summary: PlanSummary;
  /** Git asks for nothing to be done. */
  readonly suspended: boolean;
  /** Apps whose declared version is in quarantine, in a sentence each: the plan is for what runs in its place. */
  readonly rolledBack: readonly string[];
  /** Which apps Git suspends, in a sentence; empty: none. */
  readonly suspendedApps: readonly string[];
  /** Changes that wait for a maintenance window, in a sentence; null: none do. */
  readonly waiting: string | null;
  /** Why the plan is for what is in force, not for what Git names now; null: it is for that. */
  readonly refused: { readonly reason: string; readonly message: string } | null;
}

const monotonicMs = () => performance.now();

/** The plan that a reconcile would carry out now. */
export async function planNow(config: AgentConfig, signal: AbortSignal): Promise<PlanNow & { readonly hide: Hide }> {
  const log = createLog('silent', {});
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-plan-'));
  try {
    const source = sourceOf(config, folder);
    const store = readStore(config.state_dir);
    const inventory = store?.inventory() ?? [];
    const held = store?.accepted() ?? null;
    const heldAsks = held === null ? [] : (store?.asks(held.revision) ?? []);
    const secrets = secretsOf(config, store?.salt ?? '');
    const rollout = store?.rollout() ?? NO_ROLLOUT;
    for (const known of [held, ...rollout.goods, ...rollout.begun]) secrets.learn(known?.secretValues ?? []);
    const floor = floorCommit(store);
    store?.close();
    const judge = judgeBeside(config);
    const declared = await inForce({ desired: held, asks: heldAsks }, async () => {
      const tip = await source.poll(signal);
      if (tip === null) return null;
      const override = await createInbox(config.state_dir).accepted();
      const parts = { config, source, verifier: verifierOf(config), judge, secrets, floor, override, held, log };
      return await declare(parts, tip, formatRevision(tip.name, tip.commit), signal);
    });
    // What Git has moved on from is tried again.
    const record = forAccepted(rollout, declared.desired);
    const now = (await createClock().synced()) ? new Date() : null;
    const shut = closedApps(declared.desired, record, now);
    const effective = effectiveState(declared.desired, declared.asks, record, shut);
    const { desired, asks, waiting } = effective;
    const { refused } = declared;
    const paths = hostPaths(config);
    const content = createContentStore({ stateDir: config.state_dir, secretsDir: paths.secrets });
    const engine = engineOf(config, log);
    const seen = await look({ config, engine, content, inventory: () => inventory }, desired, signal);
    const asking = { images: engine.images, registries: registriesOf(config), monotonicMs };
    const observed = { ...seen, moved: await createMoved(asking).look(desired, seen.images, signal) };
    const { hide } = secrets;
    const parts = { inventory, paths, limits: config.limits, hide };
    const planned = planFor(parts, desired, observed, await judge.denied(asks));
    const whole = await createMeasure(asking)(planned, observed.engine, signal);
    const made = desired.suspend ? { ...whole, steps: [], blocked: [] } : whole;
    return {
      plan: made,
      summary: summarise({ plan: made, desired, observed }),
      suspended: desired.suspend,
      rolledBack: rolledBackFailures(effective).map(({ message }) => message),
      suspendedApps: suspendedText(desired),
      waiting: waiting.length === 0 ? null : formatWaiting(waiting, now),
      refused: refused === null ? null : { reason: reasonOf(refused), message: messageOf(refused) },
      hide,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Held {
  readonly desired: Desired | null;
  readonly asks: readonly Ask[];
}

/** What the loop would act on: what Git names, else what was accepted last, which stays in force. */
async function inForce(held: Held, ask: () => Promise<{ desired: Desired; asks: readonly Ask[] } | null>) {
  try {
    const next = await ask();
    if (next !== null) return { ...next, refused: null };
    if (held.desired !== null) return { ...held, desired: held.desired, refused: null };
    throw new HoldfastError('GitRefNotFound', 'source.url is "import:": nothing was handed in yet.');
  } catch (error) {
    if (held.desired === null || !(error instanceof HoldfastError)) throw error;
    return { ...held, desired: held.desired, refused: error };
  }
}

export function planNowText(made: PlanNow, shown: Look = PLAIN): string {
  const refused =
    made.refused === null
      ? []
      : [
          ...`${made.refused.reason}: ${made.refused.message}`
            .split('\n')
            .map((line) => shown.paint('bad', printable(line))),
          'What was accepted before stays in force:',
        ];
  const text = made.suspended
    ? `${printable(shortRevision(made.plan.revision))}\nSuspended in Git (suspend: true): nothing will be done until it is lifted.`
    : planText(made.plan, made.summary, shown);
  const aside = [...made.rolledBack, ...made.suspendedApps, ...(made.waiting === null ? [] : [made.waiting])].map(
    (said) => shown.paint('warn', printable(said.replaceAll('\n', ' '))),
  );
  return [...refused, text, ...aside].join('\n');
}

function planNowJson({ plan: made, summary, suspended, rolledBack, waiting, refused }: PlanNow) {
  return { ...planJson(made, summary), suspended, rolled_back: rolledBack, waiting, refused };
}
