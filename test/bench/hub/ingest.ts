// How fast a hub takes messages through mosquitto, beside a subscriber that only counts. *Live*: publishers give the broker
// all it takes meanwhile. *Backlog*: the broker has gathered them, and nobody else is at work.
import { join } from 'node:path';
import { createFleet, type PlayedFleet } from '../../../scripts/fleet-sim/player.ts';
import { atRate, PROFILES } from '../../../scripts/fleet-sim/profiles.ts';
import { startBroker } from '../../support/broker.ts';
import { makeHubProcess } from '../../support/hub-process.ts';
import { median } from '../measure.ts';
import { type Subject, startCounter, startHubSubject, untilCounted } from './subject.ts';
import { cpuMs } from './usage.ts';

const DEVICES = 1_000;
const PUBLISHERS = 4;
/** Reports a second of story; the broker takes them as fast as it can. */
const RATE = 1_000;
const SETTLE_MS = 120_000;

/** Messages a second, medians of the rounds. */
export interface Beside {
  readonly messages: number;
  readonly hub: number;
  readonly bare: number;
  /** Median of the rounds' ratios. */
  readonly ratio: number;
}

export interface IngestResult {
  readonly live: Beside;
  readonly backlog: Beside;
  /** CPU time a message of the backlog, microseconds. */
  readonly hubCpuUs: number;
  readonly bareCpuUs: number;
}

export interface IngestSize {
  /** Of the story, each of them `RATE` messages. */
  readonly seconds: number;
  readonly rounds: number;
}

export async function benchIngest(folder: string, { seconds, rounds }: IngestSize): Promise<IngestResult> {
  const runs: { readonly hub: Run; readonly bare: Run }[] = [];
  for (let round = 0; round < rounds; round++) {
    const hub = await oneRun(join(folder, `hub-${round}`), seconds, async (url, here) =>
      startHubSubject(await makeHubProcess(here, 'bench', { broker: { url } })),
    );
    const bare = await oneRun(join(folder, `bare-${round}`), seconds, startCounter);
    runs.push({ hub, bare });
  }
  const beside = (kind: 'live' | 'backlog'): Beside => ({
    messages: median(runs.map(({ hub }) => hub[kind].messages)),
    hub: median(runs.map(({ hub }) => hub[kind].perSecond)),
    bare: median(runs.map(({ bare }) => bare[kind].perSecond)),
    ratio: median(runs.map(({ hub, bare }) => hub[kind].perSecond / bare[kind].perSecond)),
  });
  return {
    live: beside('live'),
    backlog: beside('backlog'),
    hubCpuUs: median(runs.map(({ hub }) => hub.cpuUs)),
    bareCpuUs: median(runs.map(({ bare }) => bare.cpuUs)),
  };
}

interface Pace {
  readonly messages: number;
  readonly perSecond: number;
}

interface Run {
  readonly live: Pace;
  readonly backlog: Pace;
  readonly cpuUs: number;
}

async function oneRun(
  folder: string,
  seconds: number,
  start: (url: string, folder: string) => Promise<Subject>,
): Promise<Run> {
  await using broker = await startBroker(folder);
  await using subject = await start(broker.url, folder);
  const fleet = createFleet({
    ...{ seed: 'ingest', fleet: 'bench', devices: DEVICES, epochMs: Date.now(), speed: 1_000 },
    ...{ url: broker.url, connections: PUBLISHERS, profile: atRate(PROFILES.plain, DEVICES, RATE) },
  });
  await publishTo(fleet, 0);
  await untilCounted(subject, fleet.counts.acknowledged);
  const live = await pace(fleet, subject, async () => {
    await publishTo(fleet, seconds * 1_000);
  });
  const { child } = subject.program;
  const before = fleet.counts.acknowledged;
  child.kill('SIGSTOP');
  await publishTo(fleet, 2 * seconds * 1_000);
  await fleet.end();
  const cpuBefore = await cpuMs(subject.program);
  const startedMs = performance.now();
  child.kill('SIGCONT');
  await untilCounted(subject, fleet.counts.acknowledged);
  const messages = fleet.counts.acknowledged - before;
  const backlog = { messages, perSecond: (messages * 1000) / (performance.now() - startedMs) };
  return { live, backlog, cpuUs: (((await cpuMs(subject.program)) - cpuBefore) * 1000) / messages };
}

async function pace(fleet: PlayedFleet, subject: Subject, publish: () => Promise<void>): Promise<Pace> {
  const before = fleet.counts.acknowledged;
  const startedMs = performance.now();
  await publish();
  await untilCounted(subject, fleet.counts.acknowledged);
  const messages = fleet.counts.acknowledged - before;
  return { messages, perSecond: (messages * 1000) / (performance.now() - startedMs) };
}

async function publishTo(fleet: PlayedFleet, storyMs: number): Promise<void> {
  await fleet.playTo(storyMs);
  if (!(await fleet.settled(SETTLE_MS))) throw new Error('the broker did not take the reports');
}
