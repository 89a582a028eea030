// One simulated device: what it is, what it would report, and its messages, built by the agent's own builders. Pure:
// the time comes in, and the order of its messages is part of its state.
import { createMessages, type Messages } from '../../agent/mqtt/messages.ts';
import type { NewEvent, NewStatus } from '../../agent/mqtt/reporter.ts';
import type { Condition, Reason } from '../../fleet/model/conditions.ts';
import { formatRevision, shortRevision } from '../../fleet/names.ts';
import { VERSION } from '../../fleet/version.ts';
import type { DriftEntry } from '../../fleet/wire/messages.ts';
import { createRandom, hex, pick, type Random } from './random.ts';
import { ARCHITECTURES, CATALOGUE, type CatalogueApp, RINGS, SITES } from './words.ts';

export interface Trouble {
  readonly reason: Reason;
  readonly message: string;
  /** Only a person or a commit ends it. */
  readonly stalled: boolean;
  /** It runs badly; otherwise it only cannot follow Git. */
  readonly degraded: boolean;
}

export interface Device {
  readonly index: number;
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly apps: readonly CatalogueApp[];
  readonly arch: string;
  /** Its clock minus the right time, milliseconds. */
  readonly skewMs: number;
  instance: string;
  boot: number;
  seq: number;
  /** Of its last status in this boot; 0: none yet. */
  statusSeq: number;
  /** Since when the condition Ready is what it is. */
  ready: { readonly key: string; readonly since: string };
  up: boolean;
  bootedMs: number;
  desired: string;
  applied: string;
  lastGood: string;
  /** The revision that failed here. */
  quarantined: { readonly revision: string; readonly since: string } | null;
  drift: readonly DriftEntry[];
  trouble: Trouble | null;
  restarts: number;
}

/** The same seed and index give the same device, however many others there are. */
export function createDevice(given: { seed: string; index: number; skewed: number; revision: string }): Device {
  const random = createRandom(`${given.seed}/device/${given.index}`);
  const many = 1 + Math.floor(random() * 3);
  const first = Math.floor(random() * CATALOGUE.length);
  const apps = Array.from({ length: many }, (_, at) => CATALOGUE[(first + at) % CATALOGUE.length]);
  return {
    index: given.index,
    id: deviceId(given.index),
    labels: { site: pick(random, SITES), ring: pick(random, RINGS) },
    apps: apps.filter((app) => app !== undefined),
    arch: pick(random, ARCHITECTURES),
    skewMs: random() < given.skewed ? skewOf(random) : 0,
    instance: hex(random, 16),
    boot: 1,
    seq: 0,
    statusSeq: 0,
    ready: { key: '', since: '' },
    up: false,
    bootedMs: 0,
    desired: given.revision,
    applied: given.revision,
    lastGood: given.revision,
    quarantined: null,
    drift: [],
    trouble: null,
    restarts: 0,
  };
}

export function deviceId(index: number): string {
  return `sim-${String(index).padStart(6, '0')}`;
}

export function revisionOf(seed: string, number: number): string {
  return formatRevision('main', hex(createRandom(`${seed}/revision/${number}`), 40));
}

/** The agent's builders for this device at this moment; each status and event takes the next number. */
export function messagesOf(device: Device, nowMs: number): Messages {
  return createMessages({
    device: device.id,
    identity: { instance: device.instance, boot: device.boot },
    nextOrder: () => ++device.seq,
    now: () => new Date(nowMs + device.skewMs),
  });
}

export function newEvent(device: Device, severity: NewEvent['severity'], reason: Reason, message: string): NewEvent {
  return { severity, reason, message, revision: device.desired, resource: null };
}

/** What its agent would say after a cycle. */
export function newStatus(device: Device, nowMs: number): NewStatus {
  const synced = device.desired === device.applied && device.quarantined === null;
  const degraded = device.trouble?.degraded === true || device.quarantined !== null;
  const applying = !synced && device.quarantined === null && device.trouble === null;
  const clean = synced && device.drift.length === 0 && device.trouble === null;
  const health = degraded ? 'Degraded' : applying ? 'Progressing' : 'Healthy';
  return {
    clock_synced: device.skewMs === 0,
    agent: { version: VERSION, uptime_s: Math.max(0, Math.floor((nowMs - device.bootedMs) / 1000)) },
    revision: { desired: device.desired, applied: device.applied, last_good: device.lastGood, signed_by: null },
    source: { way: 'narrow', verified: false },
    labels: { ...device.labels },
    sync: clean ? 'Synced' : 'OutOfSync',
    health,
    conditions: conditionsOf(device, nowMs, { clean, applying }),
    apps: device.apps.map(({ name, services }, at) => ({
      name,
      sync: clean || at > 0 ? 'Synced' : 'OutOfSync',
      health: at > 0 ? 'Healthy' : health,
      services: services.map((service, number) => ({
        name: service.name,
        health: at > 0 || number > 0 ? 'Healthy' : health,
        image: service.image,
        digest: service.digest,
        restarts: at === 0 && number === 0 ? device.restarts : 0,
      })),
      revision: device.applied,
      ...(at > 0 || device.quarantined === null
        ? {}
        : { quarantined: { ...device.quarantined, reason: 'HealthCheckFailed' as const } }),
    })),
    drift: [...device.drift],
    changes: applying ? 1 : 0,
    host: {
      ...{ os: 'Debian GNU/Linux 12 (bookworm)', arch: device.arch, engine: '27.3.1', cpus: 4 },
      ...{ mem_bytes: 4 * 2 ** 30, mem_used_bytes: 2 ** 30 + (device.seq % 64) * 2 ** 20 },
      ...{ disk_bytes: 32 * 2 ** 30, disk_used_bytes: 9 * 2 ** 30, load1: (device.seq % 40) / 20 },
    },
  };
}

/** A condition's time moves only when its status and reason do: the device remembers. */
function conditionsOf(
  device: Device,
  nowMs: number,
  { clean, applying }: { readonly clean: boolean; readonly applying: boolean },
): Condition[] {
  const { trouble, quarantined } = device;
  const [status, reason, message] = readyOf(device, clean, applying);
  const key = `${status} ${reason}`;
  if (device.ready.key !== key) device.ready = { key, since: new Date(nowMs + device.skewMs).toISOString() };
  const { since } = device.ready;
  const ready: Condition = { type: 'Ready', status, reason, message, since };
  const stalled = trouble?.stalled ?? quarantined !== null;
  if (!stalled && trouble === null && !applying) return [ready];
  return [ready, { type: stalled ? 'Stalled' : 'Reconciling', status: 'True', reason, message, since }];
}

function readyOf(
  { trouble, quarantined, desired, applied, drift }: Device,
  clean: boolean,
  applying: boolean,
): [Condition['status'], Reason, string] {
  if (trouble !== null) return ['False', trouble.reason, trouble.message];
  if (quarantined !== null) {
    const failed = shortRevision(quarantined.revision);
    return ['False', 'RolledBack', `${failed} did not get healthy; ${shortRevision(applied)} runs`];
  }
  if (applying) return ['Unknown', 'Progressing', `applies ${shortRevision(desired)}`];
  if (clean) return ['True', 'Succeeded', `in sync with ${shortRevision(applied)}`];
  return ['False', 'DriftDetected', `${drift.length} fields differ from Git`];
}

/** Mostly some minutes off; some devices have no battery and wake up in 1970. */
function skewOf(random: Random): number {
  if (random() < 0.2) return -56 * 365 * 86_400_000;
  return Math.round((random() - 0.5) * 2 * 3_600_000);
}
