// The health gates of the apps: a version that passes becomes the last known good of its app, one that fails goes to quarantine
// and makes room for the last known good. What has proved itself is only reported.
import { cutShort } from '../../fleet/mask.ts';
import type { Ask } from '../../fleet/model/ask.ts';
import type { Desired, DesiredApp } from '../../fleet/model/desired.ts';
import type { Quarantined } from '../../fleet/model/rollout.ts';
import { inOrder } from '../../fleet/reconcile/order.ts';
import type { InForce } from '../../fleet/rollout/effective.ts';
import { goneBack, withGoods, withLastGood, withQuarantined } from '../../fleet/rollout/record.ts';
import type { Failure } from '../../fleet/status.ts';
import { type AppGate, type Judgement, judgeApp, type Seen } from './judge-app.ts';
import type { Parts } from './parts.ts';
import type { Versions } from './versions.ts';

/** Of what failed, kept with the version. */
const MESSAGE_CHARACTERS = 1000;

export interface Looked extends Omit<Seen, 'lastGood' | 'nowMs' | 'paths'> {
  readonly accepted: Desired;
  readonly asks: readonly Ask[];
  readonly closed: ReadonlySet<string>;
}

export interface HealthGate {
  /** Call it after every look. Apps that are busy are not judged. Returns the apps that have to go back to their last known good now. */
  advance(looked: Looked): readonly string[];
  /** Nothing is awaited any more: the device is suspended. */
  close(): void;
  /** While something is undecided: how long until time alone may decide it. null: nothing is. */
  dueInMs(): number | null;
  /** Something is still to be judged, by what looks show or by the time that passes. */
  watches(): boolean;
  failures(): readonly Failure[];
  /** Versions that may still have to run again, beside those on record. */
  kept(): readonly DesiredApp[];
}

type GateParts = Pick<Parts, 'store' | 'paths' | 'monotonicMs' | 'now'>;

export function createHealthGate(parts: GateParts, versions: Versions): HealthGate {
  const gates = new Map<string, AppGate>();
  const open = () => [...gates].filter(([, { before }]) => before === null);
  return {
    close: () => gates.clear(),
    dueInMs() {
      const undecided = open().filter(
        ([, { gate, failed, held }]) => !held && (failed === null || gate.steadyMs !== null),
      );
      if (undecided.length === 0) return null;
      return Math.max(0, Math.min(...undecided.map(([, { dueMs }]) => dueMs)) - parts.monotonicMs());
    },
    watches: () => gates.size > 0,
    failures: () =>
      open().flatMap(([app, { failed }]) =>
        failed === null
          ? []
          : [{ key: `health ${app}`, reason: 'HealthCheckFailed', message: failed, stalled: false } as const],
      ),
    kept: () => [...gates.values()].flatMap(({ before }) => before?.good.app ?? []),
    advance(looked) {
      const { accepted, effective } = looked;
      const { lastGood } = versions.record();
      const seen = { ...looked, lastGood, nowMs: parts.monotonicMs(), paths: parts.paths };
      const judged = judgeAll(gates, seen);
      const since = parts.now().toISOString();
      const failed: string[] = [];
      const good: InForce[] = [];
      for (const [one, judgement] of judged) {
        if (judgement.kind === 'good' && one.quarantined === null) good.push(one);
        if (judgement.kind !== 'failed') continue;
        failed.push(one.app.name);
        versions.change((record) => goneBack(withQuarantined(record, entryOf(one, judgement, since)), judgement.back));
      }
      const proved = good.map(({ version }) => version);
      versions.change((record) => withGoods(record, proved));
      const awaited = [...effective.apps.values()].filter(({ app }) => !app.suspend);
      if (good.length === awaited.length && parts.store.applied() === accepted.revision)
        versions.change((record) => withLastGood(record, accepted.revision));
      return failed;
    },
  };
}

type Failed = Extract<Judgement, { readonly kind: 'failed' }>;

function entryOf({ app, spec, revision }: InForce, { fault }: Failed, since: string): Quarantined {
  const { reason, message } = fault;
  return { app: app.name, spec, revision, reason, message: cutShort(message, MESSAGE_CHARACTERS), since };
}

/** What an app depends on is judged first. */
function judgeAll(gates: Map<string, AppGate>, seen: Seen): (readonly [InForce, Judgement])[] {
  const { apps } = seen.effective;
  for (const name of gates.keys()) if (apps.get(name)?.app.suspend !== false) gates.delete(name);
  const unsettled = new Set<string>();
  const ordered = inOrder(
    [...apps.values()].filter(({ app }) => !app.suspend),
    ({ app }) => app.name,
    ({ app }) => app.dependsOn,
  );
  return ordered.map((one) => {
    const { name, dependsOn } = one.app;
    const early = dependsOn.some((other) => unsettled.has(other));
    const { own, judgement } = judgeApp(gates.get(name), one, seen, early);
    if (own === undefined) gates.delete(name);
    else gates.set(name, own);
    if (judgement.kind === 'failed' || judgement.kind === 'waiting') unsettled.add(name);
    return [one, judgement];
  });
}
