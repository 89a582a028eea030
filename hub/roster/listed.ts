// One device as lists see it, small: a fleet of 100,000 is held in memory so that any filter and any order is answered
// at once. What many devices have in common (labels, apps, revisions, messages) is held once.
import type { DeviceItem } from '../api/schemas.ts';
import { appsOf, type ItemRow, labelsOf, wordsOf } from '../store/device-row.ts';
import { badness } from './worst.ts';

export interface Listed {
  readonly fleet: string;
  readonly id: string;
  /** Which of two copies is newer. */
  readonly rev: number;
  readonly presence: DeviceItem['presence'];
  readonly sync: DeviceItem['sync'];
  readonly health: DeviceItem['health'];
  readonly reason: string;
  readonly message: string;
  readonly revision: DeviceItem['revision'];
  readonly labels: DeviceItem['labels'];
  readonly apps: DeviceItem['apps'];
  /** Labels and names of apps in lower case, a line each: what is searched. */
  readonly words: string;
  readonly drift: number;
  readonly changes: number;
  readonly agentVersion: string;
  readonly lastSeen: number;
  readonly seenAt: number;
  readonly clashAt: number | null;
  /** Place in "worst first". */
  readonly worst: number;
}

/** Distinct values that are shared; beyond it sharing begins anew. Few: what no other device has costs its key too. */
const SHARED_MAX = 4_096;

/** Makes rows small. One for each roster: it remembers what rows have in common. */
export function createListing(): (row: ItemRow) => Listed {
  const texts = new Map<string, string>();
  const revisions = new Map<string, DeviceItem['revision']>();
  const labelled = new Map<string, DeviceItem['labels']>();
  const running = new Map<string, DeviceItem['apps']>();
  const share = (text: string) => remembered(texts, text, () => text);
  return (row) => {
    const { desired, applied, last_good, signed_by } = row;
    const revision = { desired, applied, last_good, signed_by };
    const states = wordsOf(row);
    const labels = remembered(labelled, row.labels, () => labelsOf(row.labels));
    const apps = remembered(running, row.apps, () => appsOf(row.apps));
    const clashAt = row.clash_at;
    return {
      fleet: share(row.fleet),
      id: row.device,
      rev: row.rev,
      ...states,
      reason: share(row.reason),
      message: share(row.message),
      revision: remembered(revisions, `${desired}|${applied}|${last_good}|${signed_by}`, () => revision),
      labels,
      apps,
      words: share(searched(labels, apps)),
      drift: row.drift,
      changes: row.changes,
      agentVersion: share(row.agent_version),
      lastSeen: row.last_seen,
      seenAt: row.seen_at,
      clashAt,
      worst: badness({ ...states, drift: row.drift, clash: clashAt !== null }),
    };
  };
}

function searched(labels: DeviceItem['labels'], apps: DeviceItem['apps']): string {
  const lines = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return [...lines, ...apps.map(({ name }) => name)].join('\n').toLowerCase();
}

export function toItem(listed: Listed): DeviceItem {
  const { fleet, id, presence, sync, health, reason, message, revision, labels, apps, drift, changes } = listed;
  return {
    ...{ fleet, id, presence, last_seen: new Date(listed.lastSeen).toISOString(), sync, health, reason, message },
    ...{ revision, labels, apps, drift, changes, agent_version: listed.agentVersion, clash: listed.clashAt !== null },
  };
}

function remembered<T>(known: Map<string, T>, key: string, make: () => T): T {
  const found = known.get(key);
  if (found !== undefined) return found;
  if (known.size >= SHARED_MAX) known.clear();
  const made = make();
  known.set(key, made);
  return made;
}
