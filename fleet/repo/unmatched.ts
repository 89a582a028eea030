// What only shows over a whole fleet: groups that select no device of it.
import { createReport, doubtful } from '../compose/report.ts';
import type { Diagnostic } from '../diagnostic.ts';
import type { SourceFile } from '../model/source.ts';
import { readSettings } from './read-settings.ts';
import { FLEET_KEYS } from './settings.ts';

/** `matched`: names of groups that select a device. What is wrong with the file itself, its devices say. */
export function unmatchedGroups(fleet: SourceFile, matched: ReadonlySet<string>): Diagnostic[] {
  const { groups = [] } = readSettings(fleet, FLEET_KEYS, createReport()) ?? {};
  const report = createReport();
  for (const { name } of groups) {
    if (matched.has(name.value)) continue;
    const hint = 'compare its selector with the labels in device.yaml and fleet.yaml';
    doubtful({ path: 'groups', report }, name.at, 'empty-group', `"${name.value}" selects no device`, hint);
  }
  return report.diagnostics();
}
