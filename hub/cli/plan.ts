// `holdfast plan REPO DEVICE`: what the files here would do to a device, judged by what it last told of itself. With no Engine:
// what its Engine shows is worked out from what it applied, and its drift and health are laid over that.
import { formatDiagnostic } from '../../fleet/diagnostic.ts';
import { hider } from '../../fleet/mask.ts';
import type { Desired } from '../../fleet/model/desired.ts';
import type { Plan } from '../../fleet/model/plan.ts';
import { shortRevision } from '../../fleet/names.ts';
import { holdApps, suspendedApps, suspendedText } from '../../fleet/policy/hold.ts';
import { engineOf } from '../../fleet/reconcile/expected/engine-info.ts';
import { expected } from '../../fleet/reconcile/expected/expected.ts';
import { withReport } from '../../fleet/reconcile/expected/reported.ts';
import { makePlan } from '../../fleet/reconcile/plan.ts';
import { planJson } from '../../fleet/reconcile/plan-json.ts';
import { type Look, planText } from '../../fleet/reconcile/plan-text.ts';
import { summarise } from '../../fleet/reconcile/summary.ts';
import { type Effective, effectiveState } from '../../fleet/rollout/effective.ts';
import { distinctFile } from '../../fleet/sops/secret-file.ts';
import { closedApps, formatWaiting } from '../../fleet/window/waiting.ts';
import { diagnosticsOf } from '../repository/resolve-in.ts';
import { declaredIn } from './declared-in.ts';
import type { ExitCode, Io } from './io.ts';
import { type Format, print } from './output.ts';
import { createPaint } from './paint.ts';
import { type Runs, runsOn } from './runs.ts';
import { type Snapshot, type SnapshotOptions, snapshotOf } from './snapshot.ts';
import { ago, plural, safe } from './text.ts';

export interface PlanOptions extends SnapshotOptions {
  readonly output: Format;
}

/** Where agents keep what they mount, unless they are told otherwise. It is in no text. */
const PATHS = {
  content: '/var/lib/holdfast/content',
  data: '/var/lib/holdfast/volumes',
  secrets: '/run/holdfast/secrets',
};
/** Of an agent that is not told otherwise. */
const LIMITS = { steps: 1000, deletes: 20 };
const HERE = 'working tree';

/** 0: nothing to do. 1: something would be done or is blocked, or the files have errors. */
export async function plan(io: Io, folder: string, device: string, options: PlanOptions): Promise<ExitCode> {
  const found = await declaredIn(folder, device, distinctFile);
  for (const one of diagnosticsOf(found)) io.err(`${formatDiagnostic(one)}\n\n`);
  if (found.resolution.kind !== 'resolved') return 1;
  const desired: Desired = { ...found.resolution.desired, revision: HERE };
  const snapshot = await snapshotOf(io, device, options);
  const { applied: revision } = snapshot.revision;
  const runs = await runsOn(folder, device, snapshot, distinctFile);
  const effective = effectiveState(desired, [], { ...runs.rollout, begun: [] });
  const { observed, made } = planned(effective.desired, runs.applied, snapshot);
  const summary = summarise({ plan: made, desired: effective.desired, observed });
  const waiting = waitingFor(desired, runs, new Date(io.now()));
  const notes = [
    ...notesOf(snapshot),
    ...quarantineNotes(effective),
    ...(waiting === null ? [] : [safe(waiting)]),
    ...suspendedText(desired).map(safe),
  ];
  const against = { device, ts: snapshot.ts, applied: revision, notes };
  const data = { ...planJson(made, summary), suspended: desired.suspend, waiting, against };
  print(io, options.output, data, () => {
    const look = lookOf(io);
    const ran = revision === null ? 'had applied nothing' : `ran ${safe(shortRevision(revision))}`;
    const head = `${safe(device)} ${ran} when it last reported, ${ago(snapshot.ts, io.now())}; it decides in the end.`;
    const body = desired.suspend
      ? 'Suspended (suspend: true): nothing will be done until it is lifted.'
      : planText(made, summary, look);
    return `${[look.paint('dim', head), ...notes.map((note) => look.paint('warn', note)), body].join('\n')}\n`;
  });
  return made.steps.length + made.blocked.length === 0 ? 0 : 1;
}

function planned(desired: Desired, applied: Desired | null, snapshot: Snapshot) {
  const engine = engineOf(snapshot.host);
  const { observed: asApplied, inventory } = expected({ applied, desired, engine, paths: PATHS });
  const observed = applied === null ? asApplied : withReport(asApplied, applied, snapshot);
  const hide = hider([...desired.secretValues, ...(applied?.secretValues ?? [])]);
  const whole: Plan = makePlan({ desired, observed, inventory, paths: PATHS, limits: LIMITS, hide });
  const held = holdApps(whole, new Map(), suspendedApps(desired));
  return { observed, made: desired.suspend ? { ...held, steps: [], blocked: [] } : held };
}

/** Changes that would wait for a window, in a sentence: the plan is for when it opens. null: none would. */
function waitingFor(desired: Desired, { rollout }: Runs, now: Date): string | null {
  const known = { ...rollout, quarantine: [] };
  const { waiting } = effectiveState(desired, [], known, closedApps(desired, known, now));
  return waiting.length === 0 ? null : formatWaiting(waiting, now);
}

/** What these files declare has failed there already. */
function quarantineNotes({ apps }: Effective): string[] {
  return [...apps.values()].flatMap(({ app, revision, quarantined }) =>
    quarantined === null
      ? []
      : [
          safe(
            `${app.name}: this version failed as ${shortRevision(quarantined.revision)} (${quarantined.reason}) and is not tried again; ${shortRevision(revision)} stays. Change it, or "holdfast-agent retry ${app.name}" on the device.`,
          ),
        ],
  );
}

/** Why the device may see more than this plan. */
function notesOf({ revision, changes, cut }: Snapshot): string[] {
  const halfway = revision.desired !== null && revision.desired !== revision.applied && changes > 0;
  return [
    ...(halfway
      ? [
          `It was on the way to ${safe(shortRevision(revision.desired ?? ''))}, ${plural(changes, 'change')} not applied; the plan starts from what it had applied whole.`,
        ]
      : []),
    ...(cut === undefined || cut.drift + cut.apps === 0
      ? []
      : [`Its status was cut: ${plural(cut.drift, 'drift')} and ${plural(cut.apps, 'app')} are not in it.`]),
  ];
}

function lookOf({ colour, columns }: Io): Look {
  const paint = createPaint(colour);
  return { columns, paint: (tone, text) => paint[tone](text) };
}
