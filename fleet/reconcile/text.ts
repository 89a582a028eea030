// Plans and differences as text. The same lines are what `plan` prints, what the log and events say, and what tests assert.

import type { Difference, Plan, Step, Value } from '../model/plan.ts';
import { formatDuration } from '../units.ts';

const SHOWN_CHARACTERS = 80;
const SHOWN_CAUSES = 4;
const SHOWN_NOTES = 20;

/**
 * A plan as numbered lines:
 *
 *     1. pull    kiosk/web   image nginx:1.27 is not on this host
 *     2. create  kiosk/web   image: nginx:1.26 → nginx:1.27
 */
export function formatPlan(plan: Plan): string {
  const width = (pick: (step: Step) => string) => Math.max(0, ...plan.steps.map((step) => pick(step).length));
  const verbs = width(verb);
  const subjects = width(({ subject }) => subject);
  const digits = String(plan.steps.length).length;
  const steps = plan.steps.map((step, index) =>
    [
      `${String(index + 1).padStart(digits)}.`,
      verb(step).padEnd(verbs),
      ` ${step.subject.padEnd(subjects)}`,
      ` ${step.cause}`,
    ]
      .join(' ')
      .trimEnd(),
  );
  const blocked = plan.blocked.map(({ resource, reason, message }) => `blocked  ${resource}  ${reason}: ${message}`);
  const notes = (plan.notes ?? []).slice(0, SHOWN_NOTES).map((note) => `note  ${note}`);
  return [...steps, ...blocked, ...notes].join('\n');
}

/** What a step does, in a word or two. */
export function verb(step: Step): string {
  switch (step.kind) {
    case 'pull-image':
      return 'pull';
    case 'write-content':
    case 'write-live':
      return 'write content';
    case 'make-data-folder':
      return 'make data folder';
    case 'await-service':
      return 'wait for';
    default:
      return step.kind.replace(/-container$/, '').replace(/-/g, ' ');
  }
}

/** `image: nginx:1.26 → nginx:1.27` (observed → desired). */
export function formatDifference(difference: Difference): string {
  if (difference.kind === 'missing') return 'not there';
  if (difference.field === null) return 'not declared';
  return `${difference.field}: ${shown(difference.field, difference.observed)} → ${shown(difference.field, difference.desired)}`;
}

/** Several differences as one cause. */
export function formatCause(differences: readonly Difference[]): string {
  const shown = differences.slice(0, SHOWN_CAUSES).map(formatDifference).join('; ');
  const more = differences.length - SHOWN_CAUSES;
  return more > 0 ? `${shown}; and ${more} more` : shown;
}

const DURATIONS = new Set(['interval', 'timeout', 'start_period', 'start_interval'].map((key) => `healthcheck.${key}`));

/** Durations as people write them. */
export function shown(field: string, value: Value): string {
  return DURATIONS.has(field) && typeof value === 'number' ? formatDuration(value) : formatValue(value);
}

/** Ids of content and secrets, as long as people need them. */
const LONG_ID = /\b((?:content|secret) [0-9a-f]{12})[0-9a-f]{20,}\b/g;

export function formatValue(value: Value): string {
  if (value === null) return 'none';
  const text = typeof value === 'object' ? `[${value.join(', ')}]` : value === '' ? '""' : String(value);
  const line = text.replace(/\s+/g, ' ').replace(LONG_ID, '$1');
  return line.length > SHOWN_CHARACTERS ? `${line.slice(0, SHOWN_CHARACTERS - 1)}…` : line;
}
