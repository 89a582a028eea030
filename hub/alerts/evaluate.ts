// Which alerts fire: from the facts of the fleet, the rules, the silences, the alerts that fired before, and the clock. Pure.
// One alert stands for one cause, however many devices have it. It begins when enough devices have had the condition for the
// rule's time, and is over when the rule has not held for a while, so that a fleet on the edge of a threshold does not flap.
import { firstOf } from '../roster/first.ts';
import { matchesAll } from './matcher.ts';
import type { Alert, AlertSample, Fact, Labels, Rule } from './model.ts';

/** Alerts of one rule at a time; further causes wait for one of these to end. */
export const ALERTS_OF_RULE = 200;
export const SAMPLES_MAX = 10;
const REASONS_MAX = 5;

export interface Look {
  readonly rules: readonly Rule[];
  readonly facts: readonly Fact[];
  /** Devices that a rule looks at, by its name and the key of the group (`groupKey`). */
  readonly totals: ReadonlyMap<string, number>;
  /** Ids of the silences that hold for these labels; null: there is no silence. */
  readonly silencedBy: ((labels: Labels) => readonly string[]) | null;
  /** Unresolved ones. */
  readonly before: readonly Alert[];
  readonly now: number;
  /** From when somebody has listened to the devices without a break. */
  readonly listeningSince: number;
  /** A rule that no longer holds for so long has ended its alert. */
  readonly recoverMs: number;
}

/** The alerts that fire or have just been resolved, changed or not; those of rules that are gone are resolved. */
export function evaluate(look: Look): readonly Alert[] {
  const before = new Map(look.before.map((alert) => [alert.key, alert]));
  const next: Alert[] = [];
  for (const rule of look.rules) {
    const groups = groupFacts(rule, look.facts);
    const known = look.before.filter((alert) => alert.rule === rule.name).map(({ key }) => key);
    let room = ALERTS_OF_RULE - known.length;
    for (const key of new Set([...known, ...groups.keys()])) {
      const was = before.get(key);
      if (was === undefined && room <= 0) continue;
      const alert = judge(rule, look, was, groups.get(key));
      if (alert === null) continue;
      if (was === undefined) room--;
      next.push(alert);
    }
  }
  const names = new Set(look.rules.map(({ name }) => name));
  const orphans = look.before.filter(({ rule }) => !names.has(rule));
  return [...next, ...orphans.map((alert) => ({ ...alert, devices: 0, resolved: look.now }))];
}

interface Group {
  readonly key: string;
  readonly fleet: string;
  readonly labels: Labels;
  readonly facts: Fact[];
}

function groupFacts(rule: Rule, facts: readonly Fact[]): ReadonlyMap<string, Group> {
  const groups = new Map<string, Group>();
  // Devices share their labels, so what was found for one holds for many: null, the rule does not look at them.
  const found = new Map<Labels, Map<Labels, Map<string, Group | null>>>();
  for (const fact of facts) {
    if (fact.when !== rule.when) continue;
    const alike = inner(inner(found, fact.labels), fact.cause);
    let group = alike.get(fact.fleet);
    if (group === undefined) {
      group = matchesAll(rule.match, fact.labels) ? groupOf(rule, fact, groups) : null;
      alike.set(fact.fleet, group);
    }
    group?.facts.push(fact);
  }
  return groups;
}

function inner<K, L, V>(outer: Map<K, Map<L, V>>, key: K): Map<L, V> {
  const known = outer.get(key) ?? new Map<L, V>();
  outer.set(key, known);
  return known;
}

function groupOf(rule: Rule, { fleet, labels, cause }: Fact, groups: Map<string, Group>): Group {
  const own = { ...shared(rule, labels), ...cause };
  const key = JSON.stringify([rule.name, fleet, ...Object.entries(own).flat()]);
  const group = groups.get(key) ?? { key, fleet, labels: own, facts: [] };
  groups.set(key, group);
  return group;
}

/** Which group of a rule a device belongs to, whatever its cause: shares are of that. */
export function groupKey(rule: Rule, fleet: string, labels: Labels): string {
  return JSON.stringify([rule.name, fleet, ...Object.entries(shared(rule, labels)).flat()]);
}

function shared({ by }: Rule, labels: Labels): Labels {
  return Object.fromEntries(by.map((key) => [key, Object.hasOwn(labels, key) ? (labels[key] ?? '') : '']));
}

/** null: there is none, and none begins. */
function judge(rule: Rule, look: Look, was: Alert | undefined, group: Group | undefined): Alert | null {
  const { now } = look;
  const counted = (group?.facts ?? []).filter((fact) => counts(fact, rule, look, was !== undefined));
  const of = group === undefined ? (was?.of ?? 0) : (look.totals.get(totalKey(rule, group)) ?? counted.length);
  const identity = {
    rule: rule.name,
    when: rule.when,
    severity: rule.severity,
    fleet: group?.fleet ?? was?.fleet ?? '',
  };
  const labels = { ...rule.labels, ...(group?.labels ?? was?.labels), ...labelsOf(identity) };
  if (!holds(rule, counted.length, of)) return was === undefined ? null : ending(was, look);
  const { loud, ids } = listen(counted, labels, look);
  return {
    id: was?.id ?? 0,
    key: was?.key ?? group?.key ?? '',
    ...identity,
    labels,
    since: was?.since ?? now,
    devices: counted.length,
    most: Math.max(was?.most ?? 0, counted.length),
    of,
    silenced: counted.length - loud.length,
    silencedBy: ids,
    loud: holds(rule, loud.length, of),
    joined: loud.reduce((last, fact) => Math.max(last, fact.since + rule.forMs), 0),
    samples: samplesOf(counted),
    reasons: reasonsOf(counted),
    quiet: null,
    resolved: null,
  };
}

/** Those that no silence covers, and the silences that cover the others. */
function listen(
  facts: readonly Fact[],
  labels: Labels,
  { silencedBy }: Look,
): { readonly loud: readonly Fact[]; readonly ids: readonly string[] } {
  if (silencedBy === null) return { loud: facts, ids: [] };
  const ids = new Set<string>();
  const loud = facts.filter((fact) => {
    const by = silencedBy({ ...fact.labels, ...labels, device: fact.device });
    for (const id of by) ids.add(id);
    return by.length === 0;
  });
  return { loud, ids: [...ids].sort() };
}

function totalKey(rule: Rule, group: Group): string {
  const [first] = group.facts;
  return groupKey(rule, group.fleet, first?.labels ?? {});
}

function labelsOf({ rule, when, severity, fleet }: Pick<Alert, 'rule' | 'when' | 'severity' | 'fleet'>): Labels {
  return { rule, when, severity, fleet };
}

/**
 * Whether the condition has lasted for the rule's time. After a start of the hub, or a break in what it hears, times begin anew
 * for what was not firing; what was firing then goes on until it is seen to be over.
 */
function counts(fact: Fact, rule: Rule, look: Look, firing: boolean): boolean {
  if (firing && look.now - look.listeningSince < rule.forMs) return true;
  const since = fact.when === 'offline' ? Math.max(fact.since, look.listeningSince) : fact.since;
  return fact.until - since >= rule.forMs;
}

function holds(rule: Rule, devices: number, of: number): boolean {
  return devices > 0 && (rule.share === null || devices > rule.share * of);
}

function ending(was: Alert, { now, recoverMs }: Look): Alert {
  const quiet = was.quiet ?? now;
  return { ...was, quiet, resolved: now - quiet >= recoverMs ? now : null };
}

function samplesOf(facts: readonly Fact[]): readonly AlertSample[] {
  const first = firstOf(facts, SAMPLES_MAX, (a, b) => a.since - b.since || (a.device < b.device ? -1 : 1));
  return first.map(({ device, since, reason, message }) => ({ device, since, reason, message }));
}

function reasonsOf(facts: readonly Fact[]): Alert['reasons'] {
  const counts = new Map<string, number>();
  for (const { reason } of facts) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const all = Array.from(counts, ([reason, devices]) => ({ reason, devices }));
  return all.sort((a, b) => b.devices - a.devices || (a.reason < b.reason ? -1 : 1)).slice(0, REASONS_MAX);
}
