// What can happen to a fleet and to its devices. Each happening changes devices, says what they would say, and notes
// what follows from it. One that does not fit (a device that is away) is skipped.

import type { DriftEntry } from '../../fleet/wire/messages.ts';
import { deviceTopic } from '../../fleet/wire/topics.ts';
import { type Device, messagesOf, newEvent, revisionOf } from './device.ts';
import { makeMischief, statusOf } from './mischief.ts';
import type { Profile } from './profiles.ts';
import { exponential, hex, pick } from './random.ts';
import type { Message } from './step.ts';
import { meanMs, type World } from './story.ts';
import { DRIFTS, TROUBLES } from './words.ts';

export type Kind = keyof Profile['perHour'];
export const EVERY: readonly Kind[] = ['report', 'drift', 'trouble', 'loseLink', 'reboot', 'reimage', 'mischief'];

type DeviceKind = Kind | 'boot' | 'heal' | 'recover' | 'back' | 'see' | 'applied' | 'failed';
export type Due =
  | { readonly kind: DeviceKind; readonly device: Device }
  /** Something of this kind, to whichever device. */
  | { readonly kind: 'any'; readonly of: Kind }
  | { readonly kind: 'commit' }
  | { readonly kind: 'blackout' };

/** A link that is lost and found again is no reboot: how long that takes at least. */
const OUTAGE_MIN_MS = 500;
const REBOOT_MS = 2_000;

export function happen(world: World, due: Due): void {
  if (due.kind === 'any') {
    happenings[due.of](world, pick(world.random, world.members));
    world.later(exponential(world.random, meanMs(world, due.of) ?? 0), due);
  } else if (due.kind === 'commit') commit(world);
  else if (due.kind === 'blackout') blackout(world);
  else happenings[due.kind](world, due.device);
}

const happenings: { readonly [K in DeviceKind]: (world: World, device: Device) => void } = {
  boot: (world, device) => {
    device.bootedMs = world.epochMs + world.nowMs;
    connect(world, device);
  },
  back: connect,
  report(world, device) {
    if (!device.up) return;
    device.restarts++;
    sayStatus(world, device);
  },
  drift(world, device) {
    if (!device.up || device.drift.length > 0) return;
    const ts = new Date(world.epochMs + world.nowMs + device.skewMs).toISOString();
    device.drift = driftOf(world, device, ts);
    sayEvent(
      world,
      device,
      'warning',
      'DriftDetected',
      `${device.drift[0]?.resource}: ${device.drift[0]?.field} differs`,
    );
    sayStatus(world, device);
    world.later(exponential(world.random, world.profile.lastsS.drift * 1000), { kind: 'heal', device });
  },
  heal(world, device) {
    if (device.drift.length === 0) return;
    device.drift = [];
    if (!device.up) return;
    sayEvent(world, device, 'info', 'Succeeded', 'drift corrected');
    sayStatus(world, device);
  },
  trouble(world, device) {
    if (!device.up || device.trouble !== null) return;
    device.trouble = pick(world.random, TROUBLES);
    sayEvent(
      world,
      device,
      device.trouble.stalled ? 'error' : 'warning',
      device.trouble.reason,
      device.trouble.message,
    );
    sayStatus(world, device);
    world.later(exponential(world.random, world.profile.lastsS.trouble * 1000), { kind: 'recover', device });
  },
  recover(world, device) {
    if (device.trouble === null) return;
    device.trouble = null;
    if (!device.up) return;
    sayEvent(world, device, 'info', 'Succeeded', 'working again');
    sayStatus(world, device);
  },
  loseLink(world, device) {
    if (!device.up) return;
    cut(world, device, OUTAGE_MIN_MS + exponential(world.random, world.profile.lastsS.outage * 1000));
  },
  reboot(world, device) {
    if (!device.up) return;
    leave(world, device);
    bootAnew(device, device.instance, device.boot + 1);
    world.later(REBOOT_MS, { kind: 'boot', device });
  },
  reimage(world, device) {
    if (!device.up) return;
    leave(world, device);
    bootAnew(device, hex(world.random, 16), 1);
    world.later(REBOOT_MS, { kind: 'boot', device });
  },
  mischief(world, device) {
    if (!device.up || world.profile.mischief.length === 0) return;
    const kind = pick(world.random, world.profile.mischief);
    for (const { leaf, payload, meaning } of makeMischief(kind, device, world))
      say(world, device, leaf, payload, meaning);
    // The other of two that share an id has the floor only until this one speaks again.
    if (kind === 'twin') world.later(1, { kind: 'report', device });
  },
  see(world, device) {
    device.desired = world.revision.name;
    device.quarantined = null;
    const { rollout } = world.profile;
    const fails = world.random() < (rollout?.failing ?? 0);
    world.later(exponential(world.random, (rollout?.applyS ?? 0) * 1000), {
      kind: fails ? 'failed' : 'applied',
      device,
    });
    if (!device.up) return;
    sayEvent(world, device, 'info', 'Progressing', 'applies a new revision');
    sayStatus(world, device);
  },
  applied(world, device) {
    if (device.applied === device.desired) return;
    device.applied = device.desired;
    device.lastGood = device.desired;
    if (!device.up) return;
    sayEvent(world, device, 'info', 'Succeeded', 'in sync');
    sayStatus(world, device);
  },
  failed(world, device) {
    if (device.quarantined !== null || device.applied === device.desired) return;
    const since = new Date(world.epochMs + world.nowMs + device.skewMs).toISOString();
    device.quarantined = { revision: device.desired, since };
    if (!device.up) return;
    sayEvent(world, device, 'error', 'RolledBack', 'did not get healthy; the last known good runs again');
    sayStatus(world, device);
  },
};

function commit(world: World): void {
  const { rollout } = world.profile;
  if (rollout === null) return;
  const number = world.revision.number + 1;
  world.revision = { number, name: revisionOf(world.seed, number) };
  for (const device of world.members) world.later(world.random() * rollout.overS * 1000, { kind: 'see', device });
  world.later(rollout.everyS * 1000, { kind: 'commit' });
}

function blackout(world: World): void {
  const { blackout: how } = world.profile;
  if (how === null) return;
  for (const device of world.members) {
    if (device.up && world.random() < how.share) {
      cut(world, device, OUTAGE_MIN_MS + world.random() * how.overS * 1000);
    }
  }
  world.later(how.everyS * 1000, { kind: 'blackout' });
}

function connect(world: World, device: Device): void {
  if (device.up) return;
  device.up = true;
  world.act({ kind: 'connect', device, birth: presence(world, device, true) });
  sayStatus(world, device);
}

function cut(world: World, device: Device, forMs: number): void {
  device.up = false;
  world.act({ kind: 'cut', device, will: presence(world, device, false) });
  world.later(forMs, { kind: 'back', device });
}

function leave(world: World, device: Device): void {
  device.up = false;
  world.act({ kind: 'leave', device, farewell: presence(world, device, false) });
}

function presence(world: World, device: Device, online: boolean): Message {
  const payload = messagesOf(device, world.epochMs + world.nowMs).presence(online);
  return { topic: deviceTopic(world.fleet, device.id, 'presence'), payload, retain: true };
}

function bootAnew(device: Device, instance: string, boot: number): void {
  Object.assign(device, { instance, boot, seq: 0, statusSeq: 0 });
}

function sayStatus(world: World, device: Device): void {
  const { payload, meaning } = statusOf(device, world.epochMs + world.nowMs);
  device.statusSeq = device.seq;
  say(world, device, 'status', payload, meaning);
}

function sayEvent(world: World, device: Device, ...[severity, reason, text]: EventWords): void {
  // Every event differs, so that each can be found again.
  const message = `${text} (${device.boot}.${device.seq + 1} of ${device.instance.slice(0, 8)})`;
  const payload = messagesOf(device, world.epochMs + world.nowMs).event(newEvent(device, severity, reason, message));
  say(world, device, 'event', payload, { kind: 'event', message });
}

type EventWords = Parameters<typeof newEvent> extends [Device, ...infer Rest] ? Rest : never;

function say(world: World, device: Device, ...[leaf, payload, meaning]: SayWords): void {
  const message = {
    topic: deviceTopic(world.fleet, device.id, leaf),
    payload,
    retain: leaf !== 'event' && meaning.kind !== 'mischief',
  };
  world.act({ kind: 'say', device, message, meaning });
}

type Said = ReturnType<typeof makeMischief>[number];
type SayWords = [leaf: Said['leaf'], payload: string, meaning: Said['meaning']];

function driftOf({ random }: World, device: Device, since: string): DriftEntry[] {
  const app = pick(random, device.apps);
  const service = pick(random, app.services);
  const { field, desired, observed } = pick(random, DRIFTS);
  return [{ resource: `service:${app.name}/${service.name}`, kind: 'field', field, desired, observed, since }];
}
