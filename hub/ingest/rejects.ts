// Messages that were not taken, counted by who sent them and why, to be shown. What a device can make up is bounded.
import { parseDeviceTopic } from '../../fleet/wire/topics.ts';
import type { DropCause } from './parse.ts';

/** Senders that are told apart between two looks; the others are counted together. */
const SENDERS_MAX = 1_000;
/** What the wire brings by itself is no fault of anyone's. */
const NO_FAULT: ReadonlySet<DropCause> = new Set(['duplicate', 'late']);

export interface Reject {
  readonly fleet: string;
  readonly device: string;
  readonly cause: DropCause;
  readonly n: number;
  /** Hub clock, milliseconds. */
  readonly at: number;
}

export interface Rejects {
  add(cause: DropCause, topic: string, now: number): void;
  /** What came since it was last taken. */
  take(): readonly Reject[];
}

export function createRejects(): Rejects {
  let counted = new Map<string, Reject>();
  return {
    add(cause, topic, now) {
      if (NO_FAULT.has(cause)) return;
      const place = parseDeviceTopic(topic);
      const named = place !== null && counted.size < SENDERS_MAX;
      const { fleet, device } = named ? place : { fleet: '', device: '' };
      const key = `${fleet}/${device}/${cause}`;
      counted.set(key, { fleet, device, cause, n: (counted.get(key)?.n ?? 0) + 1, at: now });
    },
    take() {
      const taken = [...counted.values()];
      counted = new Map();
      return taken;
    },
  };
}
