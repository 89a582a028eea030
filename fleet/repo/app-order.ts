// Which apps wait for which: all of this device, and none for itself.

import { didYouMean } from '../compose/nearest.ts';
import { type Report, shown, wrong } from '../compose/report.ts';
import { findCycles } from '../compose/resolve/cycles.ts';
import type { AppFields } from './layers.ts';

export function checkApps(apps: readonly AppFields[], report: Report): void {
  const names = apps.map(({ name }) => name);
  for (const app of apps) {
    const where = { path: `apps.${app.name}.depends_on`, report };
    for (const { value, at } of app.depends_on) {
      if (!names.includes(value)) {
        wrong(
          where,
          at,
          'undefined-app',
          `the app "${shown(value)}" is not one of this device`,
          didYouMean(
            value,
            names.filter((name) => name !== app.name),
          ) ?? 'name it under "apps"',
        );
      }
    }
  }
  const graph = new Map(apps.map((app) => [app.name, app.depends_on.map(({ value }) => value)]));
  for (const cycle of findCycles(graph)) {
    const first = apps.find(({ name }) => name === cycle[0]);
    if (first === undefined) continue;
    const where = { path: `apps.${first.name}.depends_on`, report };
    wrong(where, first.at, 'cycle', `apps wait for each other: ${cycle.join(' → ')}`, 'remove one of these');
  }
}
