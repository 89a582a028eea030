// A hub that meets a whole fleet: retained messages of every device to a complete roster, what that takes of memory, and
// how long answers take while reports come in.
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createFleet, type PlayedFleet } from '../../../scripts/fleet-sim/player.ts';
import { atRate, PROFILES } from '../../../scripts/fleet-sim/profiles.ts';
import { type RunningBroker, startBroker } from '../../support/broker.ts';
import { makeHubProcess } from '../../support/hub-process.ts';
import { startCounter, startHubSubject, untilCounted } from './subject.ts';
import { residentBytes } from './usage.ts';

const PUBLISHERS = 8;
const REPORTS_A_SECOND = 2_000;
/** After a roster is complete: what was garbage is let go. */
const REST_MS = 15_000;
const QUERY_CHILD = join(import.meta.dirname, 'query-child.ts');

/** What is asked, again and again. */
const QUESTIONS = {
  summary: '/api/v1/summary',
  page: '/api/v1/devices?label=site%3Dberlin&presence=online&sort=last_seen&limit=100',
} as const;

export interface Latency {
  readonly asked: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface FleetResult {
  readonly devices: number;
  /** From the start of the process to all messages dealt with. */
  readonly hubMs: number;
  readonly bareMs: number;
  readonly ratio: number;
  readonly bytesPerDevice: number;
  readonly reportsPerSecond: number;
  readonly answers: { readonly [K in keyof typeof QUESTIONS]: Latency };
}

export async function benchFleet(
  folder: string,
  { devices, askS }: { readonly devices: number; readonly askS: number },
): Promise<FleetResult> {
  await mkdir(folder, { recursive: true });
  await using broker = await startBroker(folder);
  const empty = await restingBytes(folder);
  const fleet = createFleet({
    ...{ seed: 'fleet', fleet: 'bench', devices, epochMs: Date.now(), speed: 1 },
    ...{ url: broker.url, connections: PUBLISHERS, profile: atRate(PROFILES.plain, devices, REPORTS_A_SECOND) },
  });
  await fleet.playTo(0);
  if (!(await fleet.settled(120_000))) throw new Error('the broker did not take the fleet');
  const retained = fleet.counts.acknowledged;
  const bareMs = await bareTime(broker, retained);
  const hub = await makeHubProcess(folder, 'bench', { broker: { url: broker.url } });
  const startedMs = performance.now();
  await using subject = await startHubSubject(hub);
  await untilCounted(subject, retained);
  const hubMs = performance.now() - startedMs;
  const known = await hub.devices();
  if (known !== devices) throw new Error(`the hub knows ${known} devices of ${devices}`);
  await sleep(REST_MS);
  const bytesPerDevice = ((await residentBytes(subject.program)) - empty) / devices;
  const answers = await askWhileReporting(fleet, hub.http, askS);
  await fleet.end();
  return { devices, hubMs, bareMs, ratio: hubMs / bareMs, bytesPerDevice, ...answers };
}

/** Of a hub that knows no device. */
async function restingBytes(folder: string): Promise<number> {
  await using quiet = await startBroker(join(folder, 'quiet'));
  const hub = await makeHubProcess(folder, 'empty', { broker: { url: quiet.url } });
  await using program = await hub.start();
  await hub.devices();
  await sleep(REST_MS / 3);
  return await residentBytes(program);
}

async function bareTime(broker: RunningBroker, retained: number): Promise<number> {
  const startedMs = performance.now();
  await using counter = await startCounter(broker.url);
  await untilCounted(counter, retained);
  return performance.now() - startedMs;
}

async function askWhileReporting(
  fleet: PlayedFleet,
  http: string,
  askS: number,
): Promise<Pick<FleetResult, 'reportsPerSecond' | 'answers'>> {
  const before = fleet.counts.acknowledged;
  const stop = new AbortController();
  const playing = fleet.playTo(Number.POSITIVE_INFINITY, stop.signal);
  // Reports flow before the first question.
  await sleep(2_000);
  const urls = Object.values(QUESTIONS).map((path) => `${http}${path}`);
  const startedMs = performance.now();
  const { stdout } = await promisify(execFile)(process.execPath, [QUERY_CHILD, String(askS), ...urls]);
  const seconds = (performance.now() - startedMs) / 1000 + 2;
  stop.abort();
  await playing;
  const reportsPerSecond = (fleet.counts.acknowledged - before) / seconds;
  const [summary, page] = JSON.parse(stdout) as Latency[];
  if (summary === undefined || page === undefined) throw new Error(`no answers were measured: ${stdout}`);
  return { reportsPerSecond, answers: { summary, page } };
}
