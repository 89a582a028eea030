// A plan as JSON, schema 1 (docs/planning.md): additive only. Without the bodies of calls, since they hold values.
import type { Plan } from '../model/plan.ts';
import type { Downtime } from './downtime.ts';
import type { PlanSummary, Pull } from './summary.ts';

export function planJson(plan: Plan, { resources, count, pull, longestGapMs }: PlanSummary) {
  return {
    schema: 1,
    revision: plan.revision,
    summary: {
      resources: resources.map(({ resource, app, name, action, causes, drift, downtime, pull: own }) => ({
        ...{ resource, app, name, action, causes, drift },
        downtime: downtimeJson(downtime),
        pull: pullJson(own),
      })),
      count,
      pull: pullJson(pull),
      longest_gap_ms: longestGapMs,
    },
    differences: plan.differences,
    blocked: plan.blocked,
    notes: plan.notes ?? [],
    steps: plan.steps.map((step) => ({
      ...{ id: step.id, kind: step.kind, subject: step.subject, app: step.app, resource: step.resource },
      ...{ cause: step.cause, after: step.after },
      ...(step.kind === 'stop-container' && step.gapMs !== undefined ? { gap_ms: step.gapMs } : {}),
      ...(step.kind === 'pull-image' && step.pullBytes !== undefined ? { pull_bytes: step.pullBytes } : {}),
    })),
  };
}

function downtimeJson(downtime: Downtime) {
  return downtime.kind === 'about'
    ? { kind: downtime.kind, ms: downtime.ms, healthy_ms: downtime.healthyMs }
    : { kind: downtime.kind };
}

function pullJson({ images, bytes, unknown }: Pull) {
  return { images, bytes, unknown };
}
