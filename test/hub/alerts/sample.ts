// Rules, facts and alerts as the tests of alerts need them; `changes` replaces keys.
import type { Look } from '../../../hub/alerts/evaluate.ts';
import type { Alert, Fact, Rule } from '../../../hub/alerts/model.ts';
import { START } from '../sample.ts';

export const MINUTE = 60_000;

/** Minutes after the start. */
export const min = (minutes: number): number => START + minutes * MINUTE;

export function rule(changes: Partial<Rule> = {}): Rule {
  const plain = { share: null, severity: 'warning', match: {}, by: [], labels: {} } as const;
  return { name: 'offline', when: 'offline', forMs: 15 * MINUTE, ...plain, ...changes };
}

export function fact(device: string, changes: Partial<Fact> = {}): Fact {
  const about = { fleet: 'acme', labels: {}, cause: {}, reason: 'offline', message: '' };
  return { when: 'offline', device, ...about, since: min(0), until: min(20), ...changes };
}

export function look(changes: Partial<Look> = {}): Look {
  return {
    rules: [rule()],
    facts: [],
    totals: new Map(),
    silencedBy: null,
    before: [],
    now: min(20),
    listeningSince: min(-600),
    recoverMs: MINUTE,
    ...changes,
  };
}

export function alert(changes: Partial<Alert> = {}): Alert {
  return {
    id: 7,
    key: 'k',
    rule: 'offline',
    when: 'offline',
    severity: 'warning',
    fleet: 'acme',
    labels: { rule: 'offline', when: 'offline', severity: 'warning', fleet: 'acme' },
    since: min(15),
    devices: 300,
    most: 300,
    of: 1200,
    silenced: 0,
    silencedBy: [],
    loud: true,
    joined: min(15),
    samples: [{ device: 'edge-01', since: min(0), reason: 'offline', message: '' }],
    reasons: [{ reason: 'offline', devices: 300 }],
    quiet: null,
    resolved: null,
    ...changes,
  };
}
