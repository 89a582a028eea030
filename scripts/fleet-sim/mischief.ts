// Messages that no agent should send, and what a hub is to make of them. Pure. Never retained, but for the reports of a
// twin: what is wrong must not take the place of what a broker keeps.

import { createMessages } from '../../agent/mqtt/messages.ts';
import type { Leaf } from '../../fleet/wire/topics.ts';
import { type Device, deviceId, messagesOf, newEvent, newStatus } from './device.ts';
import type { Mischief } from './profiles.ts';
import { pick } from './random.ts';
import type { Meaning } from './step.ts';
import type { World } from './story.ts';
import { POISON } from './words.ts';

/** Beyond the 64 KiB that a hub reads, within what brokers carry. */
const OVERSIZED_BYTES = 70 * 1024;

interface Said {
  readonly leaf: Exclude<Leaf, 'cmd/reconcile'>;
  readonly payload: string;
  readonly meaning: Meaning;
}

export function makeMischief(mischief: Mischief, device: Device, world: World): readonly Said[] {
  return makers[mischief](device, world);
}

const makers: { readonly [K in Mischief]: (device: Device, world: World) => readonly Said[] } = {
  malformed: (device, world) => {
    const whole = statusAs(device, world, device.seq);
    return dropped('malformed', 'malformed', whole.slice(0, whole.length >> 1));
  },
  oversized: (device, world) => {
    const whole = statusAs(device, world, device.seq);
    return dropped('oversized', 'oversized', whole.replace(/^\{/, `{"padding":"${'x'.repeat(OVERSIZED_BYTES)}",`));
  },
  schema: (device, world) =>
    dropped('schema', 'schema', statusAs(device, world, device.seq).replace('"schema":1', '"schema":99')),
  foreign: (device, world) => {
    const other = deviceId((device.index + 1) % Math.max(2, world.devices));
    const payload = statusAs(device, world, device.seq).replace(`"device":"${device.id}"`, `"device":"${other}"`);
    return dropped('foreign', 'device', payload);
  },
  duplicate: (device, world) =>
    device.statusSeq === 0 ? [] : dropped('duplicate', 'duplicate', statusAs(device, world, device.statusSeq)),
  late: (device, world) =>
    device.statusSeq < 2 ? [] : dropped('late', 'late', statusAs(device, world, device.statusSeq - 1)),
  twin: (device, world) => {
    const twin: Device = { ...device, instance: `twin-${device.instance}`, boot: 1, seq: Math.floor(world.nowMs) };
    return [{ leaf: 'status', ...statusOf(twin, world.epochMs + world.nowMs) }];
  },
  poison: (device, world) => {
    const message = `${pick(world.random, POISON)} (${device.boot}.${device.seq + 1} of ${device.instance.slice(0, 8)})`;
    const event = {
      ...newEvent(device, 'warning', 'ReconciliationFailed', message),
      resource: pick(world.random, POISON),
    };
    const payload = messagesOf(device, world.epochMs + world.nowMs).event(event);
    return [{ leaf: 'event', payload, meaning: { kind: 'event', message } }];
  },
};

function dropped(mischief: Mischief, cause: string, payload: string): readonly Said[] {
  return [{ leaf: 'status', payload, meaning: { kind: 'mischief', mischief, cause } }];
}

/** The next status of a device, and what it means. */
export function statusOf(device: Device, nowMs: number): { readonly payload: string; readonly meaning: Meaning } {
  const status = newStatus(device, nowMs);
  const payload = messagesOf(device, nowMs).status(status);
  const spoken = status.conditions.find(({ type }) => type === 'Stalled') ?? status.conditions[0];
  const meaning: Meaning = {
    ...{ kind: 'status', instance: device.instance, boot: device.boot, seq: device.seq },
    ...{ sync: status.sync, health: status.health, drift: status.drift.length, applied: device.applied },
    message: spoken?.message ?? '',
  };
  return { payload, meaning };
}

/** A status with this number, which leaves the device's own count alone. */
function statusAs(device: Device, world: World, seq: number): string {
  const nowMs = world.epochMs + world.nowMs;
  const messages = createMessages({
    device: device.id,
    identity: device,
    nextOrder: () => seq,
    now: () => new Date(nowMs + device.skewMs),
  });
  return messages.status(newStatus(device, nowMs));
}
