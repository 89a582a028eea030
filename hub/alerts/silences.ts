// Which silences hold right now: those that people made, and the maintenance windows of the configuration. Pure.
import type { Window } from '../../fleet/model/window.ts';
import { isOpen } from '../../fleet/window/window.ts';
import { createTest } from './matcher.ts';
import type { Labels, Matcher, Silence } from './model.ts';

export interface Maintenance {
  readonly name: string;
  readonly window: Window;
  readonly match: Labels;
}

/** @returns the ids that hold for these labels; null: there is none that could */
export function createSilencing(
  silences: readonly Silence[],
  maintenance: readonly Maintenance[],
  now: number,
): ((labels: Labels) => readonly string[]) | null {
  const made = silences.filter((silence) => silence.starts <= now && now < silence.ends);
  const planned = maintenance.filter(({ window }) => isOpen([window], new Date(now)));
  const tests = [
    ...made.map(({ id, matchers }) => ({ id, test: createTest(matchers) })),
    ...planned.map(({ name, match }) => ({ id: maintenanceId(name), test: createTest(equalities(match)) })),
  ];
  if (tests.length === 0) return null;
  return (labels) => tests.flatMap(({ id, test }) => (test(labels) ? [id] : []));
}

export function maintenanceId(name: string): string {
  return `maintenance/${name}`;
}

function equalities(match: Labels): readonly Matcher[] {
  return Object.entries(match).map(([name, value]) => ({ name, op: '=', value }));
}
