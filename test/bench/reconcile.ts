// The cost of reconciling ten services, against the Engine's own cost for the same containers over plain HTTP.
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { assemble } from '../../agent/assemble.ts';
import { loadConfig } from '../../agent/config/load.ts';
import { type Cycle, createCycle } from '../../agent/loop/cycle.ts';
import { createDeclared, type Declared } from '../../agent/loop/declared.ts';
import type { Parts } from '../../agent/loop/parts.ts';
import { createReport } from '../../agent/loop/report.ts';
import { createVersions } from '../../agent/loop/versions.ts';
import { createWorks } from '../../agent/loop/works.ts';
import type { ContainerCreate } from '../../fleet/engine/create.ts';
import { LABEL } from '../../fleet/names.ts';
import { createBody } from '../../fleet/reconcile/attributes.ts';
import { request } from '../../scripts/engine/socket.ts';
import { makeFleet } from '../support/fleet.ts';
import { measure, type Result } from './measure.ts';

const SERVICES = 10;
const DEVICE = 'bench';
const OURS = `${LABEL.device}=${DEVICE}`;
const ENGINE = { version: '20.10.24', apiVersion: '1.41', os: 'linux', arch: 'amd64' };
const NO_OP_ROUNDS = 40;
const CONVERGE_ROUNDS = 7;

export async function benchReconcile(socket: string, folder: string): Promise<Result[]> {
  const fleet = await makeFleet(folder);
  await fleet.commit({ [`devices/${DEVICE}/compose.yaml`]: tenServices() });
  const configFile = join(folder, 'agent.yaml');
  await writeFile(
    configFile,
    `device: ${DEVICE}\nstate_dir: ${join(folder, 'state')}\nsource: { url: "${fleet.url}" }\ndocker: { socket: ${socket} }\n`,
  );
  const parts = await assemble(await loadConfig(configFile, {}), () => undefined);
  const declared = createDeclared({
    ...parts,
    accepted: null,
    asks: [],
    applied: parts.store.applied,
    accept: () => undefined,
    kept: () => [],
  });
  // Of an agent that has just started: one that runs holds back what is removed again and again.
  const freshCycle = () =>
    createCycle(
      parts,
      declared,
      createVersions(parts),
      createReport(parts),
      createWorks(() => undefined, 120_000),
    );
  const cycle = freshCycle();
  try {
    await declared.refresh(AbortSignal.timeout(60_000));
    await settled(cycle);
    return [
      await noOp(cycle, declared, socket, false),
      await noOp(cycle, declared, socket, true),
      await coldConverge(freshCycle, parts, socket, declared),
      ...(await besideCompose(freshCycle, socket, folder)),
    ];
  } finally {
    parts.store.close();
    await removeContainers(socket);
    await fleet.close();
  }
}

/** Without poll: what an Engine event costs. With it: a whole interval's work. */
function noOp(cycle: Cycle, declared: Declared, socket: string, poll: boolean): Promise<Result> {
  return measure({
    name: poll ? 'no-op reconcile with a Git poll, 10 services' : 'no-op reconcile, 10 services',
    floorName: 'raw list + inspect of the same containers',
    rounds: NO_OP_ROUNDS,
    ours: async () => {
      const signal = AbortSignal.timeout(60_000);
      if (poll) await declared.refresh(signal);
      const { steps } = await cycle.run(signal);
      if (steps !== 0) throw new Error(`the no-op cycle had ${steps} steps`);
    },
    floor: async () => {
      const ids = await containerIds(socket);
      await Promise.all(ids.map((id) => call(socket, 'GET', `/containers/${id}/json`)));
    },
  });
}

/** The network exists in both cases: what is compared is create + start of the same ten bodies. */
function coldConverge(freshCycle: () => Cycle, parts: Parts, socket: string, declared: Declared): Promise<Result> {
  const desired = declared.desired();
  const app = desired?.apps[0];
  if (app === undefined) throw new Error('nothing is declared');
  const bodies = app.services.map((service): [string, ContainerCreate] => [
    service.container_name,
    createBody({ device: DEVICE, app, service, paths: parts.paths, salt: '' }, [], ENGINE),
  ]);
  let cycle = freshCycle();
  return measure({
    name: 'cold converge of 10 services',
    floorName: 'raw parallel create + start of the same containers',
    rounds: CONVERGE_ROUNDS,
    prepare: async () => {
      await removeContainers(socket);
      cycle = freshCycle();
    },
    ours: async () => {
      const { status } = await cycle.run(AbortSignal.timeout(120_000));
      if (status.sync !== 'Synced') throw new Error(`the converge ended ${status.sync}`);
    },
    floor: async () => {
      await Promise.all(
        bodies.map(async ([name, body]) => {
          await call(socket, 'POST', `/containers/create?name=${name}`, body);
          await call(socket, 'POST', `/containers/${name}/start`);
        }),
      );
    },
  });
}

/** The same file, by the agent that runs anyhow and by `docker-compose up -d`, which is started for it; networks exist in both cases. */
async function besideCompose(freshCycle: () => Cycle, socket: string, folder: string): Promise<Result[]> {
  const file = join(folder, 'compose.yaml');
  await writeFile(file, tenServices());
  const up = async () => {
    await promisify(execFile)('docker-compose', ['-H', `unix://${socket}`, '-p', PEER, '-f', file, 'up', '-d']);
  };
  let cycle = freshCycle();
  const converge = async () => void (await cycle.run(AbortSignal.timeout(120_000)));
  const removed = () => Promise.all([removeContainers(socket), removeContainers(socket, OF_PEER)]);
  await up();
  const cold = await measure({
    name: 'cold converge of 10 services',
    floorName: 'docker-compose up -d of the same file',
    rounds: CONVERGE_ROUNDS,
    prepare: async () => {
      await removed();
      cycle = freshCycle();
    },
    ours: converge,
    floor: up,
  });
  await converge();
  await up();
  const idle = await measure({
    name: 'nothing to do, 10 services',
    floorName: 'docker-compose up -d of the same file',
    rounds: CONVERGE_ROUNDS,
    ours: converge,
    floor: up,
  });
  await removeContainers(socket, OF_PEER);
  return [cold, idle];
}

const PEER = 'benchpeer';
const OF_PEER = `${LABEL.composeProject}=${PEER}`;

async function settled(cycle: Cycle): Promise<void> {
  for (let tries = 0; tries < 60; tries++) {
    const { dueInMs } = await cycle.run(AbortSignal.timeout(120_000));
    if (dueInMs === null) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error('the ten services never settled');
}

async function containerIds(socket: string, label = OURS): Promise<string[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: [label] }));
  const listed = JSON.parse(await call(socket, 'GET', `/containers/json?all=true&filters=${filters}`)) as {
    Id: string;
  }[];
  return listed.map(({ Id }) => Id);
}

async function removeContainers(socket: string, label = OURS): Promise<void> {
  await Promise.all(
    (await containerIds(socket, label)).map((id) => call(socket, 'DELETE', `/containers/${id}?force=true&v=true`)),
  );
}

async function call(socket: string, method: string, path: string, body?: object): Promise<string> {
  const { status, text } = await request({ socket, method, path, ...(body === undefined ? {} : { body }) });
  if (status >= 400) throw new Error(`${method} ${path}: ${status} ${text}`);
  return text;
}

/** The compose.yaml that everything here runs. */
function tenServices(): string {
  const services = Array.from({ length: SERVICES }, (_, index) => [
    `s${index}`,
    {
      image: 'holdfast/busybox:1',
      command: ['sleep', '100000'],
      environment: { INDEX: String(index) },
      restart: 'unless-stopped',
    },
  ]);
  return JSON.stringify({ services: Object.fromEntries(services) });
}
