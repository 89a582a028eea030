// What a commit may do to a host. The device's owner decides in the agent's own configuration; the repository cannot.
import { compareDiagnostics, type Diagnostic, formatDiagnostic } from '../diagnostic.ts';
import type { Ask } from '../model/ask.ts';
import type { Owner } from './denial.ts';
import { diagnosticOf } from './denial.ts';
import { nestedIn } from './nested.ts';
import { judge } from './rules.ts';

/** More than these are counted, not shown. */
export const MAX_FAULTS = 100;

/** Everything that the device does not allow, each with its place and the lines that would allow it. */
export function policyFaults(asks: readonly Ask[], owner: Owner): Diagnostic[] {
  const faults = [...asks, ...nestedIn(asks)].flatMap((ask) => {
    const denial = judge(ask, owner);
    return denial === null ? [] : [diagnosticOf(denial, ask)];
  });
  return faults.sort(compareDiagnostics);
}

/** The apps of which something is not allowed, each with what that is in one line. */
export function deniedApps(asks: readonly Ask[], owner: Owner): ReadonlyMap<string, string> {
  const denied = new Map<string, string>();
  for (const ask of [...asks, ...nestedIn(asks)]) {
    const denial = denied.has(ask.app) ? null : judge(ask, owner);
    if (denial !== null) denied.set(ask.app, diagnosticOf(denial, ask).message);
  }
  return denied;
}

/** The refusals as one message. */
export function formatFaults(faults: readonly Diagnostic[]): string {
  const more = faults.length > MAX_FAULTS ? [`and ${faults.length - MAX_FAULTS} more`] : [];
  return [...faults.slice(0, MAX_FAULTS).map(formatDiagnostic), ...more].join('\n');
}
