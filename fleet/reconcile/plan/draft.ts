// A plan while it is being made: collects steps, differences and what is blocked, and keeps the steps a DAG.
import type { Blocked, Difference, Step, StepAction } from '../../model/plan.ts';

export interface StepFrame {
  readonly subject: string;
  readonly app: string;
  readonly resource: string;
  readonly cause: string;
  readonly after?: readonly (string | undefined)[];
  /** Tells steps of one kind and subject apart. */
  readonly detail?: string;
}

export interface Draft {
  readonly differences: Difference[];
  readonly blocked: Blocked[];
  readonly notes: string[];
  readonly steps: Step[];
  /** Adds a step (once per id) and returns its id. */
  add(action: StepAction, frame: StepFrame): string;
  /** Makes `id` wait for `earlier` too. False: that would be a circle, and nothing changed. */
  waitFor(id: string, earlier: string): boolean;
  /** Lets `id` no longer wait for steps that wait for `other`; returns those steps. */
  release(id: string, other: string): readonly string[];
}

export function createDraft(): Draft {
  const steps = new Map<string, Step>();
  const list: Step[] = [];
  const reaches = (from: string, to: string, seen = new Set<string>()): boolean => {
    if (from === to) return true;
    if (seen.has(from)) return false;
    seen.add(from);
    return (steps.get(from)?.after ?? []).some((earlier) => reaches(earlier, to, seen));
  };
  const setAfter = (step: Step, after: readonly string[]): void => {
    const waiting: Step = { ...step, after };
    steps.set(step.id, waiting);
    list[list.indexOf(step)] = waiting;
  };
  return {
    differences: [],
    blocked: [],
    notes: [],
    steps: list,
    add(action, { subject, app, resource, cause, after = [], detail }) {
      const id = [action.kind, subject, ...(detail === undefined ? [] : [detail])].join(' ');
      if (steps.has(id)) return id;
      const step: Step = {
        id,
        subject,
        app,
        resource,
        cause,
        after: [...new Set(after.filter((earlier) => earlier !== undefined))],
        ...action,
      };
      steps.set(id, step);
      list.push(step);
      return id;
    },
    waitFor(id, earlier) {
      const step = steps.get(id);
      if (step === undefined || step.after.includes(earlier)) return true;
      if (reaches(earlier, id)) return false;
      setAfter(step, [...step.after, earlier]);
      return true;
    },
    release(id, other) {
      const step = steps.get(id);
      if (step === undefined) return [];
      const released = step.after.filter((earlier) => reaches(earlier, other));
      setAfter(
        step,
        step.after.filter((earlier) => !released.includes(earlier)),
      );
      return released;
    },
  };
}
