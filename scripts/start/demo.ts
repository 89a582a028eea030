// The steps of the demo: Engine, image, Git repository, hub, agent; each is entered in the ledger as soon as it exists.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { serveGit } from '../git-server.ts';
import { ensureImages } from '../images.ts';
import { chooseEngine } from './choose-engine.ts';
import { hasImage } from './engine-objects.ts';
import { makeExample } from './example.ts';
import { deviceIsWell, hubAnswers } from './hub-view.ts';
import type { KeptLedger } from './kept-ledger.ts';
import { Interrupted } from './lifetime.ts';
import type { Options } from './options.ts';
import { freePort } from './ports.ts';
import { type Program, startProgram } from './processes.ts';
import type { Running } from './running.ts';
import type { Steps } from './steps.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const IMAGE = 'holdfast/busybox:1';
const FLEET = 'demo';
const HUB_MS = 30_000;
const DEVICE_MS = 180_000;

export interface Demo {
  readonly running: Running;
  /** Rejects when a part of the demo ends by itself. */
  failed(): Promise<never>;
}

export async function startDemo(options: Options, kept: KeptLedger, steps: Steps, signal: AbortSignal): Promise<Demo> {
  const { folder } = kept.ledger;
  const socket = await steps.step('A Docker Engine', () => chooseEngine(options, kept));
  await steps.step(`The image ${IMAGE}`, () => makeImage(socket, kept));
  signal.throwIfAborted();

  const example = await steps.step('A Git repository with the example fleet', () =>
    makeExample(join(folder, 'fleet'), options.device),
  );
  const git = await serveGit({ root: folder, host: '127.0.0.1', port: 0 });
  kept.recordServer(git);
  signal.throwIfAborted();

  const ports = { http: await freePort(options.httpPort), mqtt: await freePort(options.mqttPort) };
  sayOtherPorts(options, ports, steps);
  const hubUrl = `http://127.0.0.1:${ports.http}`;
  const hub = await steps.step('The hub: broker, store, API, dashboard', async () => {
    const program = startHub(folder, ports, kept);
    await whileRunning({ hub: program }, signal, (signal) => hubAnswers(hubUrl, HUB_MS, signal));
    return program;
  });

  const agentConfig = join(folder, 'agent.yaml');
  await writeFile(agentConfig, agentYaml(options.device, folder, `${git.url}/fleet/.git`, socket, ports.mqtt));
  const agent = await steps.step(`The device ${options.device}: in sync with Git, and healthy`, async (note) => {
    const program = startProgram([join(ROOT, 'agent', 'main.ts'), 'run', '--config', agentConfig], { cwd: folder });
    kept.record((ledger) => ledger.processes.push(program.pid));
    await whileRunning({ agent: program, hub }, signal, (signal) =>
      deviceIsWell(hubUrl, options.device, DEVICE_MS, signal, note),
    );
    return program;
  });
  return {
    running: {
      hubUrl,
      pageUrl: example.pageUrl,
      fleetFolder: example.folder,
      agentConfig,
      socket,
      device: options.device,
      defaultHub: ports.http === 8080,
    },
    failed: () => Promise.race([endOf('hub', hub), endOf('agent', agent)]),
  };
}

/** Only an image that was not there before is the demo's to remove; a private Engine goes as a whole. */
async function makeImage(socket: string, kept: KeptLedger): Promise<void> {
  if (!(await hasImage(socket, IMAGE))) {
    kept.record((ledger) => {
      if (ledger.engine !== null) ledger.engine = { ...ledger.engine, images: [IMAGE] };
    });
  }
  await ensureImages(socket, [IMAGE]);
}

function startHub(folder: string, ports: { readonly http: number; readonly mqtt: number }, kept: KeptLedger): Program {
  const program = startProgram(
    [
      join(ROOT, 'hub', 'main.ts'),
      'hub',
      '--http-port',
      String(ports.http),
      '--mqtt-port',
      String(ports.mqtt),
      '--db',
      join(folder, 'hub.db'),
    ],
    { cwd: folder },
  );
  kept.record((ledger) => ledger.processes.push(program.pid));
  return program;
}

function agentYaml(device: string, folder: string, url: string, socket: string, mqttPort: number): string {
  return stringify({
    device,
    fleet: FLEET,
    state_dir: join(folder, 'state'),
    source: { url, ref: 'main', interval: '3s' },
    docker: { socket },
    mqtt: { url: `mqtt://127.0.0.1:${mqttPort}` },
  });
}

function sayOtherPorts(options: Options, ports: { readonly http: number; readonly mqtt: number }, steps: Steps): void {
  if (options.httpPort !== 0 && ports.http !== options.httpPort) {
    steps.line(`  Port ${options.httpPort} is taken: the dashboard is on ${ports.http}.`);
  }
  if (options.mqttPort !== 0 && ports.mqtt !== options.mqttPort) {
    steps.line(`  Port ${options.mqttPort} is taken: the broker is on ${ports.mqtt}.`);
  }
}

/** The work, unless a program that it needs ends before; the end of that program's log tells why. */
async function whileRunning<T>(
  programs: Readonly<Record<string, Program>>,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  // Work that lost the race must not go on polling.
  const over = new AbortController();
  const ends = Object.entries(programs).map(([name, program]) => endOf(name, program));
  try {
    return await Promise.race([work(AbortSignal.any([signal, over.signal])), ...ends]);
  } catch (error) {
    if (!(error instanceof Error) || error instanceof Ended || error instanceof Interrupted) throw error;
    const logs = Object.entries(programs).map(([name, program]) => lastWords(name, program));
    throw new Error([error.message, ...logs].join('\n\n'), { cause: error });
  } finally {
    over.abort();
  }
}

async function endOf(name: string, program: Program): Promise<never> {
  const why = await program.ended;
  throw new Ended(`The ${name} ended by itself (${why}).\n${lastWords(name, program)}`);
}

class Ended extends Error {}

function lastWords(name: string, program: Program): string {
  const tail = program.tail();
  return tail === '' ? `The ${name} wrote nothing.` : `The end of the ${name}'s log:\n\n${tail}`;
}
