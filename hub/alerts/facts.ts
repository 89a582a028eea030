// What is wrong with which device, since when: the facts that rules are held against. Pure but for what `createMemory` remembers.
import type { Listed } from '../roster/listed.ts';
import { groupKey } from './evaluate.ts';
import { matchesAll } from './matcher.ts';
import type { Fact, Labels, Rule } from './model.ts';

/** Ready for these reasons a device does what it was asked to, also when that is to wait. */
const AS_ASKED: ReadonlySet<string> = new Set(['Succeeded', 'Suspended']);

const NO_CAUSE: Labels = {};

export interface OpenDriftRow {
  readonly fleet: string;
  readonly device: string;
  readonly app: string;
  readonly field: string;
  readonly resource: string;
  readonly opened: number;
}

/** Device and condition → since when. */
export type Since = ReadonlyMap<string, number>;

export interface FactsInput {
  readonly listed: Iterable<Listed>;
  readonly drift: readonly OpenDriftRow[];
  readonly find: (fleet: string, device: string) => Listed | undefined;
  readonly since: Since;
  readonly now: number;
  readonly listeningSince: number;
}

export function factsOf(input: FactsInput): readonly Fact[] {
  const { now, listeningSince } = input;
  const facts: Fact[] = [];
  /** What a device that is away last said may no longer be so: it is held against it until it was last heard. */
  const knownUntil = ({ presence, seenAt }: Listed) =>
    presence === 'online' && seenAt >= listeningSince ? now : seenAt;
  for (const one of input.listed) {
    const { fleet, id: device, labels } = one;
    const about = { fleet, device, labels, cause: NO_CAUSE };
    if (one.presence !== 'online')
      facts.push({ ...about, when: 'offline', since: one.seenAt, until: now, reason: one.presence, message: '' });
    for (const when of lasting(one)) {
      const since = input.since.get(memoryKey(when, fleet, device)) ?? now;
      facts.push({ ...about, when, since, until: knownUntil(one), reason: one.reason, message: one.message });
    }
  }
  for (const row of input.drift) {
    const one = input.find(row.fleet, row.device);
    if (one === undefined) continue;
    const { fleet, device, app, field, resource } = row;
    const cause = { app, field };
    const times = { since: row.opened, until: knownUntil(one) };
    facts.push({ when: 'drift', fleet, device, labels: one.labels, ...times, cause, reason: field, message: resource });
  }
  return dedupe(facts);
}

/** The conditions of which a row does not say since when. */
export function lasting({ health, revision, reason }: Pick<Listed, 'health' | 'revision' | 'reason'>) {
  const found: ('degraded' | 'stuck')[] = [];
  if (health === 'Degraded') found.push('degraded');
  if (revision.desired !== null && revision.desired !== revision.applied && !AS_ASKED.has(reason)) found.push('stuck');
  return found;
}

export function memoryKey(when: 'degraded' | 'stuck', fleet: string, device: string): string {
  return `${when} ${fleet}/${device}`;
}

/** A device counts once in an alert, however many of its resources differ in the same field: the oldest. */
function dedupe(facts: readonly Fact[]): readonly Fact[] {
  const seen = new Set<string>();
  return facts.filter((fact) => {
    if (fact.when !== 'drift') return true;
    const key = JSON.stringify([fact.fleet, fact.device, fact.reason, fact.cause.app]);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** How many devices each group of each rule looks at. */
export function totalsOf(rules: readonly Rule[], listed: Iterable<Listed>): ReadonlyMap<string, number> {
  // Devices with the same labels share them, so there are far fewer pairs than devices.
  const pairs = new Map<string, Map<Labels, number>>();
  for (const { fleet, labels } of listed) {
    const counts = pairs.get(fleet) ?? new Map<Labels, number>();
    pairs.set(fleet, counts);
    counts.set(labels, (counts.get(labels) ?? 0) + 1);
  }
  const totals = new Map<string, number>();
  for (const rule of rules) {
    for (const [fleet, counts] of pairs) {
      for (const [labels, count] of counts) {
        if (!matchesAll(rule.match, labels)) continue;
        const key = groupKey(rule, fleet, labels);
        totals.set(key, (totals.get(key) ?? 0) + count);
      }
    }
  }
  return totals;
}

/** What has a condition and since when it was seen to. The seed is asked once for what was so before anybody looked. */
export interface Memory {
  /** Forgets what is over, takes in what is new; `seeded`: what the store knows of those that are there at the first look. */
  look(listed: Iterable<Listed>, now: number, seeded: Since): Since;
  readonly first: () => boolean;
}

export function createMemory(): Memory {
  let known: Map<string, number> = new Map();
  let looked = false;
  return {
    first: () => !looked,
    look(listed, now, seeded) {
      const next = new Map<string, number>();
      for (const one of listed) {
        for (const when of lasting(one)) {
          const key = memoryKey(when, one.fleet, one.id);
          next.set(key, known.get(key) ?? seeded.get(key) ?? now);
        }
      }
      known = next;
      looked = true;
      return next;
    },
  };
}
