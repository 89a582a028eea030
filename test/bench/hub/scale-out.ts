// What another hub brings and costs: one, two and three of them on one mosquitto and one PostgreSQL, each time with the
// same messages to take.
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createFleet } from '../../../scripts/fleet-sim/player.ts';
import { atRate, PROFILES } from '../../../scripts/fleet-sim/profiles.ts';
import { startBroker } from '../../support/broker.ts';
import { type HubProcess, makeHubProcess } from '../../support/hub-process.ts';
import type { Program } from '../../support/machine.ts';
import { startPostgres } from '../../support/postgres.ts';
import { waitFor } from '../../support/wait.ts';
import { dealtWith, untilCounted } from './subject.ts';
import { cpuMs, cpuMsOf, residentBytes } from './usage.ts';

const HUBS = [1, 2, 3];
const DEVICES = 1_000;
const PUBLISHERS = 4;
const RATE = 1_000;
const CALM_MS = 1_000;

export interface ScaleResult {
  readonly hubs: number;
  /** Messages a second, all hubs together. */
  readonly perSecond: number;
  /** CPU time a message, microseconds. */
  readonly hubCpuUs: number;
  readonly databaseCpuUs: number;
  /** Of each hub. */
  readonly residentMiB: number;
}

export async function benchScaleOut(folder: string, seconds: number): Promise<readonly ScaleResult[]> {
  const results: ScaleResult[] = [];
  for (const hubs of HUBS) results.push(await oneSize(join(folder, `hubs-${hubs}`), hubs, seconds));
  return results;
}

async function oneSize(folder: string, count: number, seconds: number): Promise<ScaleResult> {
  await mkdir(folder, { recursive: true });
  await using broker = await startBroker(folder);
  await using postgres = await startPostgres({ durable: true });
  const store = { url: await postgres.database() };
  const hubs: { readonly hub: HubProcess; readonly program: Program }[] = [];
  try {
    for (let number = 1; number <= count; number++) {
      const config = { broker: { url: broker.url }, store };
      const hub = await makeHubProcess(folder, `hub-${number}`, config);
      hubs.push({ hub, program: await hub.start() });
    }
    const fleet = createFleet({
      ...{ seed: 'scale', fleet: 'bench', devices: DEVICES, epochMs: Date.now(), speed: 1_000 },
      ...{ url: broker.url, connections: PUBLISHERS, profile: atRate(PROFILES.plain, DEVICES, RATE) },
    });
    await fleet.playTo(0);
    await fleet.settled(60_000);
    const total = async () => (await Promise.all(hubs.map(({ hub }) => dealtWith(hub)))).reduce((a, b) => a + b, 0);
    await calm(
      hubs.map(({ hub }) => hub),
      total,
    );
    const [before, sent] = [await total(), fleet.counts.acknowledged];
    for (const { program } of hubs) program.child.kill('SIGSTOP');
    await fleet.playTo(seconds * 1_000);
    if (!(await fleet.settled(60_000))) throw new Error('the broker did not take the reports');
    await fleet.end();
    const messages = fleet.counts.acknowledged - sent;
    const cpu = async () => (await Promise.all(hubs.map(({ program }) => cpuMs(program)))).reduce((a, b) => a + b, 0);
    const [hubCpu, databaseCpu] = [await cpu(), await familyCpuMs(postgres.program())];
    for (const { program } of hubs) program.child.kill('SIGCONT');
    const ms = await untilCounted({ count: total, lookMs: 50 }, before + messages);
    const resident = await Promise.all(hubs.map(({ program }) => residentBytes(program)));
    return {
      hubs: count,
      perSecond: (messages * 1000) / ms,
      hubCpuUs: (((await cpu()) - hubCpu) * 1000) / messages,
      databaseCpuUs: (((await familyCpuMs(postgres.program())) - databaseCpu) * 1000) / messages,
      residentMiB: resident.reduce((a, b) => a + b, 0) / count / 2 ** 20,
    };
  } finally {
    for (const { program } of hubs) await program[Symbol.asyncDispose]();
  }
}

/** Every hub knows every device, and nothing is on its way any more. */
async function calm(hubs: readonly HubProcess[], total: () => Promise<number>): Promise<void> {
  const complete = async () => {
    for (const hub of hubs) if ((await hub.devices()) !== DEVICES) return false;
    const before = await total();
    await sleep(CALM_MS);
    return (await total()) === before;
  };
  await waitFor(complete, { timeoutMs: 300_000, what: 'all hubs know the fleet' });
}

/** PostgreSQL works in a process for each connection. */
async function familyCpuMs({ child }: Program): Promise<number> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const all = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      return Number(pid) === child.pid || parent === child.pid ? cpuMsOf(stat) : 0;
    }),
  );
  return all.reduce((sum, ms) => sum + ms, 0);
}
