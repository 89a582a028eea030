// The proof that a hub may die at any moment: simulated devices report, the hub is killed at random, and after each start
// it knows all that was acknowledged. Short in the suite; long by `npm run prove`.
import { setTimeout as sleep } from 'node:timers/promises';
import { readEvents, untilEqual } from '../../scripts/fleet-sim/ask-hub.ts';
import { missingEvents } from '../../scripts/fleet-sim/compare.ts';
import { createFleet, type PlayedFleet } from '../../scripts/fleet-sim/player.ts';
import { PROFILES, type ProfileName } from '../../scripts/fleet-sim/profiles.ts';
import { createRandom } from '../../scripts/fleet-sim/random.ts';
import { startBroker } from '../support/broker.ts';
import { type HubProcess, makeHubProcess } from '../support/hub-process.ts';
import type { Program } from '../support/machine.ts';

/** After each restart the roster is right within this. */
const EQUAL_MS = 10_000;
/** Between a start and the next kill, at most. */
const LIFE_MS = 2_000;
const BOOT_MS = 120_000;
const RECONNECT_MS = 2_000;

export interface KillsInput {
  readonly folder: string;
  readonly devices: number;
  readonly kills: number;
  readonly seed: string;
  readonly profile: ProfileName;
  /** Story seconds in a second. */
  readonly speed: number;
  /** `embedded`: the hub is the broker, each device has a connection; `mosquitto`: shared ones, which outlive the hub. */
  readonly broker: 'embedded' | 'mosquitto';
  /** More of hub.yaml. */
  readonly config?: object;
  readonly log: (line: string) => void;
}

export interface KillsResult {
  readonly kills: number;
  readonly acknowledged: number;
  readonly events: number;
  /** From the hub's answer after a start until its roster was right. */
  readonly slowestMs: number;
  /** What was otherwise when time was up; empty: the proof stands. */
  readonly failures: readonly string[];
}

export async function proveKills(input: KillsInput): Promise<KillsResult> {
  await using broker = input.broker === 'mosquitto' ? await startBroker(input.folder) : null;
  const hub = await makeHubProcess(input.folder, 'prove', {
    retention: { events: 10_000_000 },
    ...(broker === null ? {} : { broker: { url: broker.url } }),
    ...input.config,
  });
  const fleet = createFleet({
    ...{ seed: input.seed, fleet: 'prove', devices: input.devices, profile: PROFILES[input.profile] },
    ...{ epochMs: Date.now(), speed: input.speed, keepEvents: true },
    ...{ url: broker?.url ?? hub.mqtt, connections: broker === null ? 'each' : 4 },
    // Ten seconds are for the hub; agents wait up to thirty before they try again.
    ...{ brokerMayDie: broker === null, reconnectMs: RECONNECT_MS },
  });
  let program = await hub.start();
  try {
    await fleet.playTo(PROFILES[input.profile].bootOverS * 1000, AbortSignal.timeout(BOOT_MS));
    await fleet.settled(BOOT_MS);
    const random = createRandom(`${input.seed}/kills`);
    const rounds: { ms: number; failures: readonly string[] }[] = [];
    for (let kill = 1; kill <= input.kills; kill++) {
      program = await killOnce(fleet, hub, program, random() * LIFE_MS);
      const round = await equalAgain(fleet, hub);
      rounds.push(round);
      input.log(`kill ${kill}: right after ${round.ms.toFixed(0)} ms, ${fleet.counts.acknowledged} acknowledged`);
      for (const failure of round.failures.slice(0, 5)) input.log(`  ${failure}`);
    }
    const missing = missingEvents(fleet.ledger, await readEvents(hub.http, 'prove'));
    return {
      kills: input.kills,
      acknowledged: fleet.counts.acknowledged,
      events: [...fleet.ledger.accounts.values()].reduce((sum, { events }) => sum + events.length, 0),
      slowestMs: Math.max(0, ...rounds.map(({ ms }) => ms)),
      failures: [...rounds.flatMap(({ failures }) => failures), ...missing.map((one) => `event lost: ${one}`)],
    };
  } finally {
    await fleet.end();
    await program[Symbol.asyncDispose]();
  }
}

/** The fleet reports while the hub dies; it is started again at once. */
async function killOnce(fleet: PlayedFleet, hub: HubProcess, program: Program, inMs: number): Promise<Program> {
  const stop = new AbortController();
  const playing = fleet.playTo(Number.POSITIVE_INFINITY, stop.signal);
  await sleep(inMs);
  await program[Symbol.asyncDispose]();
  stop.abort();
  await playing;
  return await hub.start();
}

/** Nothing new happens: what is on its way arrives, and then the roster has to be right. */
async function equalAgain(fleet: PlayedFleet, hub: HubProcess): Promise<{ ms: number; failures: readonly string[] }> {
  const startedMs = performance.now();
  const settled = await fleet.settled(EQUAL_MS);
  const timeoutMs = EQUAL_MS - (performance.now() - startedMs);
  const { differences } = await untilEqual({ hub: hub.http, fleet: 'prove', ledger: fleet.ledger, timeoutMs });
  const unanswered = settled ? [] : [`${fleet.ledger.outstanding()} messages were not acknowledged in time`];
  return { ms: performance.now() - startedMs, failures: [...unanswered, ...differences] };
}
