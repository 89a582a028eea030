// The proof that hubs are one: several of them share a broker and a PostgreSQL, one is killed now and then, and every one
// knows all that was acknowledged. Short in the suite; long by `npm run prove`.
import { setTimeout as sleep } from 'node:timers/promises';
import { readEvents, readRoster, untilEqual } from '../../scripts/fleet-sim/ask-hub.ts';
import { missingEvents } from '../../scripts/fleet-sim/compare.ts';
import { createFleet, type PlayedFleet } from '../../scripts/fleet-sim/player.ts';
import { atRate, PROFILES } from '../../scripts/fleet-sim/profiles.ts';
import { createRandom, pick } from '../../scripts/fleet-sim/random.ts';
import { startBroker } from '../support/broker.ts';
import { type HubProcess, makeHubProcess } from '../support/hub-process.ts';
import type { Program } from '../support/machine.ts';
import { startPostgres } from '../support/postgres.ts';

const BOOT_MS = 300_000;
const EQUAL_MS = 60_000;
/** Hubs look for what others wrote several times a second. */
const SAME_MS = 10_000;
const LOOK_MS = 200;
const PUBLISHERS = 8;

export interface ScaleOutInput {
  readonly folder: string;
  readonly devices: number;
  readonly hubs: number;
  readonly seconds: number;
  readonly killEvery: number;
  /** Reports a second. */
  readonly rate: number;
  readonly seed: string;
  readonly log: (line: string) => void;
}

export interface ScaleOutResult {
  readonly kills: number;
  readonly acknowledged: number;
  readonly events: number;
  /** Messages that each hub took between two kills; the one that was killed began anew. */
  readonly shares: readonly (readonly number[])[];
  /** After the last message, until every hub was right. */
  readonly equalMs: number;
  readonly failures: readonly string[];
}

interface Running {
  readonly hub: HubProcess;
  program: Program;
}

export async function proveScaleOut(input: ScaleOutInput): Promise<ScaleOutResult> {
  const { folder, log } = input;
  await using broker = await startBroker(folder);
  await using postgres = await startPostgres({ durable: true });
  const store = { url: await postgres.database() };
  const all: Running[] = [];
  const fleet = createFleet({
    ...{ seed: input.seed, fleet: 'prove', devices: input.devices, epochMs: Date.now(), speed: 1, keepEvents: true },
    ...{ url: broker.url, connections: PUBLISHERS, profile: atRate(PROFILES.flaky, input.devices, input.rate) },
  });
  try {
    for (let number = 1; number <= input.hubs; number++) {
      const config = { broker: { url: broker.url }, store, retention: { events: 10_000_000 } };
      const hub = await makeHubProcess(folder, `hub-${number}`, config);
      all.push({ hub, program: await hub.start() });
    }
    await fleet.playTo(PROFILES.flaky.bootOverS * 1000);
    if (!(await fleet.settled(BOOT_MS))) throw new Error('the broker did not take the fleet');
    log(`${input.devices} devices are there`);
    const shares = await killInTurn(fleet, all, input);
    await fleet.settled(EQUAL_MS);
    const startedMs = performance.now();
    const failures = await differencesOf(fleet, all, log);
    const equalMs = performance.now() - startedMs;
    failures.push(...idleHubs(shares));
    const events = [...fleet.ledger.accounts.values()].reduce((sum, one) => sum + one.events.length, 0);
    return { kills: shares.length, acknowledged: fleet.counts.acknowledged, events, shares, equalMs, failures };
  } finally {
    await fleet.end();
    for (const { program } of all) await program[Symbol.asyncDispose]();
  }
}

/** One hub dies each time, and is started again half-way to the next. */
async function killInTurn(fleet: PlayedFleet, all: readonly Running[], input: ScaleOutInput): Promise<number[][]> {
  const stop = new AbortController();
  const playing = fleet.playTo(Number.POSITIVE_INFINITY, stop.signal);
  const random = createRandom(`${input.seed}/scale-out`);
  const shares: number[][] = [];
  for (let kill = 1; kill <= Math.floor(input.seconds / input.killEvery); kill++) {
    const before = await counts(all);
    const dying = pick(random, all);
    await dying.program[Symbol.asyncDispose]();
    await sleep((input.killEvery / 2) * 1000);
    dying.program = await dying.hub.start();
    await sleep((input.killEvery / 2) * 1000);
    const after = await counts(all);
    // One that was killed counts from zero.
    shares.push(after.map((count, at) => (all[at] === dying ? count : count - (before[at] ?? 0))));
    input.log(`kill ${kill}: ${dying.hub.id}; messages since: ${shares.at(-1)?.join(', ')}`);
  }
  stop.abort();
  await playing;
  return shares;
}

function counts(all: readonly Running[]): Promise<number[]> {
  return Promise.all(all.map(({ hub }) => hub.metric('holdfast_messages_total')));
}

/** Every hub is right, all say the same, and no event is lost. */
async function differencesOf(
  fleet: PlayedFleet,
  all: readonly Running[],
  log: ScaleOutInput['log'],
): Promise<string[]> {
  const each = all.map(async ({ hub }) => {
    const asked = { hub: hub.http, fleet: 'prove', ledger: fleet.ledger, timeoutMs: EQUAL_MS };
    const { ms, differences } = await untilEqual(asked);
    const missing = missingEvents(fleet.ledger, await readEvents(hub.http, 'prove'));
    log(`${hub.id}: ${differences.length} differences after ${ms.toFixed(0)} ms, ${missing.length} events missing`);
    const lost = missing.map((one) => `event lost: ${one}`);
    return [...differences, ...lost].map((one) => `${hub.id}: ${one}`);
  });
  const failures = (await Promise.all(each)).flat();
  failures.push(...(await untilSame(all)));
  return failures;
}

/** What one hub wrote the others show a moment later. */
async function untilSame(all: readonly Running[]): Promise<string[]> {
  const startedMs = performance.now();
  for (;;) {
    const [first = [], ...others] = await Promise.all(all.map(({ hub }) => readRoster(hub.http, 'prove')));
    const differing = others.flatMap((other, at) =>
      first.flatMap((item, place) => {
        const [one, two] = [JSON.stringify(item), JSON.stringify(other[place])];
        return one === two ? [] : [`hubs 1 and ${at + 2} answer differently: ${one}, ${two}`];
      }),
    );
    if (differing.length === 0 || performance.now() - startedMs > SAME_MS) return differing;
    await sleep(LOOK_MS);
  }
}

/** A hub that came back has to get its share again. */
function idleHubs(shares: readonly (readonly number[])[]): string[] {
  return shares.flatMap((row, kill) =>
    row.flatMap((count, at) => (count > 0 ? [] : [`after kill ${kill + 1} hub ${at + 1} took no message`])),
  );
}
