// The daemon as a process of its own: how long a killed container is away, and what waiting costs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from '../../scripts/engine/socket.ts';
import { makeDevice } from '../support/device.ts';
import { makeFleet } from '../support/fleet.ts';
import type { Program } from '../support/machine.ts';
import { measure, type Result } from './measure.ts';

/** Each is killed once or twice only: something that dies again and again is repaired ever more slowly. */
const SERVICES = 20;
const DEVICE = 'bench-daemon';
const KILL_ROUNDS = 15;
const IDLE_MS = 120_000;
/** After the last repair, until its health checks have passed and nothing is waited for. */
const SETTLE_MS = 60_000;
const READY_MS = 60_000;
const LOOK_MS = 2;

export interface IdleResult {
  readonly services: number;
  readonly seconds: number;
  /** Of one core. */
  readonly cpuPercent: number;
  readonly residentMiB: number;
}

export async function benchDaemon(socket: string, folder: string): Promise<{ repair: Result; idle: IdleResult }> {
  const fleet = await makeFleet(join(folder, 'daemon'));
  await fleet.commit({ [`devices/${DEVICE}/compose.yaml`]: compose() });
  const device = await makeDevice({
    id: DEVICE,
    url: fleet.url,
    folder: join(folder, 'daemon-device'),
    interval: '60s',
    socket,
    program: 'agent/main.ts',
  });
  try {
    const { code, output } = await device.agent('once');
    if (code !== 0) throw new Error(`the services never ran: ${output}`);
    await using program = await device.start();
    await sleep(READY_MS / 6);
    return { repair: await killed(socket), idle: await idle(program) };
  } finally {
    for (const name of [...names(), SPARE]) await remove(socket, name);
    await fleet.close();
  }
}

/** From when `docker kill` returns until the Engine says that the container runs again, against making and starting one like it. */
function killed(socket: string): Promise<Result> {
  const [first = ''] = names();
  let round = 0;
  return measure({
    name: 'killed, until it runs again',
    floorName: 'raw create + start of one such container',
    rounds: KILL_ROUNDS,
    prepare: async () => {
      await remove(socket, SPARE);
      await sleep(500);
    },
    ours: async () => {
      const name = names()[round++ % SERVICES] ?? first;
      const { StartedAt } = await stateOf(socket, name);
      await call(socket, 'POST', `/containers/${name}/kill`);
      const endedMs = performance.now();
      for (;;) {
        const state = await stateOf(socket, name);
        if (state.Running && state.StartedAt !== StartedAt) return performance.now() - endedMs;
        if (performance.now() > endedMs + READY_MS) throw new Error(`${name} never came back`);
        await sleep(LOOK_MS);
      }
    },
    floor: async () => {
      const body = { Image: 'holdfast/busybox:1', Cmd: ['sleep', '100000'], HostConfig: { NetworkMode: NETWORK } };
      await call(socket, 'POST', `/containers/create?name=${SPARE}`, body);
      await call(socket, 'POST', `/containers/${SPARE}/start`);
    },
  });
}

async function idle({ child }: Program): Promise<IdleResult> {
  const pid = child.pid ?? 0;
  await sleep(SETTLE_MS);
  const before = cpuMs(pid);
  await sleep(IDLE_MS);
  return {
    services: SERVICES,
    seconds: IDLE_MS / 1000,
    cpuPercent: (100 * (cpuMs(pid) - before)) / IDLE_MS,
    residentMiB: Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024,
  };
}

/** From the nanoseconds that the scheduler counts, over all threads: clock ticks are too coarse for so little. */
function cpuMs(pid: number): number {
  const [first = '0'] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ');
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return Math.max(Number(first) / 1e6, (Number(fields[11]) + Number(fields[12])) * TICK_MS);
}

const TICK_MS = 10;
const SPARE = 'bench-spare';
const NETWORK = `${DEVICE}_default`;

function names(): string[] {
  return Array.from({ length: SERVICES }, (_, index) => `${DEVICE}-s${index}-1`);
}

/** Half of them with a health check every thirty seconds, as people write it. */
function compose(): string {
  const healthcheck = { test: ['CMD', 'true'], interval: '30s' };
  const services = Array.from({ length: SERVICES }, (_, index) => [
    `s${index}`,
    { image: 'holdfast/busybox:1', command: ['sleep', '100000'], ...(index % 2 === 0 ? { healthcheck } : {}) },
  ]);
  return JSON.stringify({ services: Object.fromEntries(services) });
}

interface State {
  readonly Running: boolean;
  readonly StartedAt: string;
}

async function stateOf(socket: string, name: string): Promise<State> {
  return (JSON.parse(await call(socket, 'GET', `/containers/${name}/json`)) as { State: State }).State;
}

async function remove(socket: string, name: string): Promise<void> {
  await request({ socket, method: 'DELETE', path: `/containers/${name}?force=true&v=true` });
}

async function call(socket: string, method: string, path: string, body?: object): Promise<string> {
  const { status, text } = await request({ socket, method, path, ...(body === undefined ? {} : { body }) });
  if (status >= 400) throw new Error(`${method} ${path}: ${status} ${text}`);
  return text;
}
