// Plays a story on a broker, in its time: each step when it is due, or as soon as what is on its way leaves room. Keeps
// the ledger. The only place that waits for the clock.
import { setTimeout as sleep } from 'node:timers/promises';
import type { IClientOptions } from 'mqtt';
import { deviceTopic } from '../../fleet/wire/topics.ts';
import { type Device, messagesOf } from './device.ts';
import { createLatencies, type Latencies } from './latencies.ts';
import { createLedger, type Ledger } from './ledger.ts';
import type { Broker } from './link.ts';
import { createOwnLinks, createSharedLinks, type Links } from './links.ts';
import { createRandom } from './random.ts';
import type { Meaning, Message, Step } from './step.ts';
import { type StoryInput, tellStory } from './story.ts';

/** Messages on their way at once: beyond it the story waits. */
const ON_THE_WAY = 5_000;
/** Connections that are being made at once. */
const CONNECTING = 100;
const LOOK_MS = 5;

export interface FleetInput extends StoryInput {
  readonly url: string;
  /** `each`: one connection for each device; a number: so many for all. */
  readonly connections: 'each' | number;
  /** Client ids of shared connections begin with it. */
  readonly name?: string;
  /** Story time that passes in a second. */
  readonly speed: number;
  /** User name, password, TLS. */
  readonly options?: (clientId: string) => IClientOptions;
  readonly keepEvents?: boolean;
  /** The broker may end before it says a will. */
  readonly brokerMayDie?: boolean;
  /** Between two attempts to connect, at most; absent: as agents do it. */
  readonly reconnectMs?: number;
  readonly onTheWay?: number;
}

export interface Counts {
  published: number;
  acknowledged: number;
  refused: number;
  bytes: number;
}

export interface PlayedFleet {
  readonly ledger: Ledger;
  readonly counts: Counts;
  readonly links: Readonly<Broker['count']>;
  readonly latencies: Latencies;
  /** Story time, milliseconds. */
  storyMs(): number;
  /** How far the story is behind its time because the broker is slow, milliseconds. */
  behindMs(): number;
  /** Plays on until the story has come this far (milliseconds of story time), or until the signal aborts. */
  playTo(storyMs: number, signal?: AbortSignal): Promise<void>;
  /** Waits until all that devices with a link have said was acknowledged; false: not in time. Breaks are mended meanwhile. */
  settled(timeoutMs: number): Promise<boolean>;
  /** Disconnects all, without wills. */
  end(): Promise<void>;
}

export function createFleet(input: FleetInput): PlayedFleet {
  const ledger = createLedger({ keepEvents: input.keepEvents ?? false });
  const counts: Counts = { published: 0, acknowledged: 0, refused: 0, bytes: 0 };
  const latencies = createLatencies();
  const broker = createBroker(input);
  const links = createLinks(input, broker);
  const story = tellStory(input);
  const sharesLinks = input.connections !== 'each';
  const spokenMs = new Map<number, number>();
  const owing = createOwing();
  let next: Step | null = null;
  let clock = { realMs: performance.now(), storyMs: 0 };
  let playedMs = 0;

  const storyMs = (): number => clock.storyMs + (performance.now() - clock.realMs) * input.speed;
  /** What breaks beside the story says it later than all that the device has said so far. */
  const presence = (device: Device, online: boolean): Message => {
    const nowMs = Math.max((spokenMs.get(device.index) ?? 0) + 1, input.epochMs + Math.floor(playedMs));
    spokenMs.set(device.index, nowMs);
    const payload = messagesOf(device, nowMs).presence(online);
    return { topic: deviceTopic(input.fleet, device.id, 'presence'), payload, retain: true };
  };

  function publish(device: Device, message: Message, meaning: Meaning): void {
    const acknowledge = ledger.sent(device, meaning);
    const sentMs = performance.now();
    counts.published++;
    counts.bytes += message.payload.length;
    owing.add(device);
    void links.publish(device, message).then((taken) => {
      latencies.add(performance.now() - sentMs);
      if (taken) counts.acknowledged++;
      else counts.refused++;
      acknowledge(taken);
      owing.done(device);
    });
  }

  function play(step: Step): void {
    const { device } = step;
    owing.note(step);
    if (step.kind === 'say') publish(device, step.message, step.meaning);
    else if (step.kind === 'connect') {
      links.connect(device, { will: () => presence(device, false), birth: () => presence(device, true) });
      publish(device, step.birth, { kind: 'presence', online: true });
    } else if (step.kind === 'cut') {
      const told = links.cut(device);
      if (told === null) publish(device, step.will, { kind: 'presence', online: false });
      else ledger.willSpoken(device, told && input.brokerMayDie !== true);
    } else {
      publish(device, step.farewell, { kind: 'presence', online: false });
      void links.leave(device);
    }
  }

  return {
    ...{ ledger, counts, latencies, storyMs, links: broker.count },
    behindMs: () => (next === null ? 0 : Math.max(0, storyMs() - next.atMs)),
    async playTo(endMs, signal) {
      // The time that nobody played does not count.
      clock = { realMs: performance.now(), storyMs: playedMs };
      const isOver = () => signal?.aborted === true;
      while (!isOver()) {
        next ??= story.next().value ?? null;
        if (next === null || next.atMs > endMs) {
          await waitUntil(() => storyMs() >= endMs, signal);
          playedMs = Math.max(playedMs, endMs);
          return;
        }
        const { atMs } = next;
        if (atMs > storyMs()) await waitUntil(() => atMs <= storyMs(), signal);
        if (ledger.outstanding() >= (input.onTheWay ?? ON_THE_WAY))
          await waitUntil(() => ledger.outstanding() < (input.onTheWay ?? ON_THE_WAY), signal);
        if (isOver()) return;
        play(next);
        playedMs = atMs;
        next = null;
      }
    },
    async settled(timeoutMs) {
      const signal = AbortSignal.timeout(timeoutMs);
      const isSettled = () => (sharesLinks ? ledger.outstanding() === 0 : owing.isSettled());
      await waitUntil(isSettled, signal);
      return isSettled();
    },
    end: () => links.end(),
  };
}

/** Who has a link, or is after one, and how many messages of whom are on their way. */
function createOwing() {
  const here = new Set<number>();
  const owed = new Map<number, number>();
  return {
    note({ kind, device }: Step): void {
      if (kind === 'connect') here.add(device.index);
      else if (kind !== 'say') here.delete(device.index);
    },
    add({ index }: Device): void {
      owed.set(index, (owed.get(index) ?? 0) + 1);
    },
    done({ index }: Device): void {
      const left = (owed.get(index) ?? 0) - 1;
      if (left > 0) owed.set(index, left);
      else owed.delete(index);
    },
    isSettled: () => !owed.keys().some((index) => here.has(index)),
  };
}

async function waitUntil(isSo: () => boolean, signal: AbortSignal | undefined): Promise<void> {
  while (!isSo() && signal?.aborted !== true) await sleep(LOOK_MS);
}

function createBroker(input: FleetInput): Broker {
  return {
    url: input.url,
    version: 5,
    options: input.options ?? (() => ({})),
    turn: createTurns(CONNECTING),
    random: createRandom(`${input.seed}/links`),
    reconnectMs: input.reconnectMs,
    count: { connects: 0, lost: 0, refused: 0 },
  };
}

function createLinks(input: FleetInput, broker: Broker): Links {
  if (input.connections === 'each') return createOwnLinks(broker, input.fleet);
  return createSharedLinks(broker, Math.max(1, input.connections), input.name ?? `fleet-sim-${input.seed}`);
}

/** At most so many at once; each gives its turn back once. */
function createTurns(atOnce: number): Broker['turn'] {
  const queue: (() => void)[] = [];
  let free = atOnce;
  return async () => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => queue.push(resolve));
    let over = false;
    return () => {
      if (over) return;
      over = true;
      const following = queue.shift();
      if (following === undefined) free++;
      else following();
    };
  };
}
