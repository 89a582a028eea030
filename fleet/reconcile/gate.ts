// The health gate of one version of one app: it is good once every service was healthy in two looks, a second apart, without
// having restarted in between; it failed when that takes too long, and at once when it crashes again and again or runs out of
// memory. Pure: the loop looks, this decides.
import type { DesiredApp } from '../model/desired.ts';
import type { Observed, ObservedContainer } from '../model/observed.ts';
import type { Service } from '../model/service.ts';
import { containerKey, resourceKey } from '../names.ts';
import {
  afterCrashes,
  type CrashMemory,
  crashLoopOf,
  NEVER_CRASHED,
  outOfMemory,
  rememberCrashes,
} from './crash-loop.ts';
import { healthOf, type ServiceHealth } from './health.ts';

/** Two healthy looks this far apart make a service steady: it did not crash right after it started. */
export const STEADY_MS = 1000;

export interface Gate {
  /** Of the version, by `appSpec`. */
  readonly spec: string;
  /** Monotonic milliseconds, as are all times here. */
  readonly openedMs: number;
  /** Since when everything has been healthy with the same containers and restart counts; null: it is not. */
  readonly steadyMs: number | null;
  readonly fingerprint: string;
  /** Of all that has crashed since it was opened. */
  readonly crashes: CrashMemory;
}

export type Verdict =
  /** `dueMs`: when a look may decide though nothing happens until then. */
  | { readonly kind: 'waiting'; readonly dueMs: number }
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly message: string };

/** `before`: the look before anything of this version was started; what crashed until then is not its fault. */
export function openGate(spec: string, before: Observed, nowMs: number): Gate {
  return { spec, openedMs: nowMs, steadyMs: null, fingerprint: '', crashes: afterCrashes(before.containers) };
}

export interface GateLook {
  readonly device: string;
  readonly app: DesiredApp;
  readonly observed: Observed;
  readonly nowMs: number;
  /**
   * null: everything of the version has been carried out. Otherwise which containers are of this version all the same: its time
   * has not begun, but what crashes now would crash then.
   */
  readonly unfinished: ((container: ObservedContainer, service: Service) => boolean) | null;
  /** Resources that are down because the host owns that. */
  readonly leftDown: ReadonlySet<string>;
}

export function advanceGate(gate: Gate, look: GateLook): { gate: Gate; verdict: Verdict } {
  const { device, app, observed, nowMs, unfinished, leftDown } = look;
  const looked = app.services.map((service): Looked => {
    const found = healthOf(device, app, service, observed);
    const key = `${app.name}/${containerKey(service)}`;
    const { main } = found;
    const isOfVersion = main !== undefined && (unfinished === null || unfinished(main, service));
    const left = leftDown.has(resourceKey('service', app.name, containerKey(service)));
    return { key, isOfVersion, ...found, ...(left ? { health: 'Healthy' } : {}) };
  });
  const crashes = crashesSince(gate, observed, nowMs);
  const next = { ...gate, steadyMs: null, fingerprint: fingerprintOf(looked), crashes };
  const crash = crashOf(crashes, looked, nowMs);
  if (crash !== null) return { gate: next, verdict: { kind: 'failed', message: crash } };
  const timeoutMs = app.healthTimeoutMs;
  if (unfinished !== null)
    return { gate: { ...next, openedMs: nowMs }, verdict: { kind: 'waiting', dueMs: nowMs + timeoutMs } };
  const ill = looked.filter(({ health }) => health !== 'Healthy');
  if (ill.length > 0) {
    const dueMs = gate.openedMs + timeoutMs;
    if (nowMs <= dueMs) return { gate: next, verdict: { kind: 'waiting', dueMs: dueMs + 1 } };
    return { gate: next, verdict: { kind: 'failed', message: listed(ill.map(({ key, message }) => [key, message])) } };
  }
  const steadyMs = gate.fingerprint === next.fingerprint && gate.steadyMs !== null ? gate.steadyMs : nowMs;
  const dueMs = steadyMs + STEADY_MS;
  const verdict: Verdict = nowMs >= dueMs ? { kind: 'passed' } : { kind: 'waiting', dueMs };
  return { gate: { ...next, steadyMs }, verdict };
}

interface Looked extends ServiceHealth {
  readonly key: string;
  readonly main: ObservedContainer | undefined;
  readonly isOfVersion: boolean;
}

/** All that a container which came after it was opened has crashed is of its time. */
function crashesSince({ crashes }: Gate, { containers }: Observed, nowMs: number): CrashMemory {
  const fresh = containers.map(({ inspect: { Id } }) => [Id, NEVER_CRASHED] as const);
  return rememberCrashes(new Map([...fresh, ...crashes]), containers, nowMs);
}

/** What no waiting will mend; null: nothing. */
function crashOf(crashes: CrashMemory, looked: readonly Looked[], nowMs: number): string | null {
  const found = looked.flatMap(({ key, main, isOfVersion, health, message }): (readonly [string, string])[] => {
    if (main === undefined || !isOfVersion) return [];
    const { Id, State } = main.inspect;
    const loop = crashLoopOf(crashes.get(Id), nowMs);
    if (loop !== null) return [[key, loop.message]];
    const isKilled = State.OOMKilled === true && State.Status !== 'running' && health !== 'Healthy';
    return isKilled ? [[key, message ?? outOfMemory(0)]] : [];
  });
  return found.length === 0 ? null : listed(found);
}

function listed(found: readonly (readonly [string, string | undefined])[]): string {
  return found.map(([key, why]) => `${key}: ${why ?? 'not healthy'}`).join('; ');
}

/** By what two looks are told apart. */
function fingerprintOf(looked: readonly Looked[]): string {
  const mains = looked.flatMap(({ main }) => main?.inspect ?? []);
  return mains.map(({ Id, RestartCount, State }) => `${Id} ${RestartCount ?? 0} ${State.StartedAt}`).join('\n');
}
