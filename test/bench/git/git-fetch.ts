// What a fleet of 10,000 devices costs one of them, over Git's own http-backend: the first fetch, a poll, and a commit
// for somebody else; beside isomorphic-git's shallow clone and git's own sparse one.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createSource } from '../../../agent/git/create-source.ts';
import type { Source } from '../../../agent/git/source.ts';
import { serveGit } from '../../../scripts/git-server.ts';
import { median } from '../measure.ts';
import { type Counted, type CountingProxy, startCountingProxy } from './counting-proxy.ts';
import { changeFiles, DEVICE_PATH, makeLargeFleet } from './large-fleet.ts';

const run = promisify(execFile);
const ROUNDS = 5;
const POLLS_PER_SECOND = 100;
const POLLING_MS = 5000;

export interface FetchResult {
  readonly name: string;
  readonly requests: number;
  /** Both ways, and to the device alone; headers included. */
  readonly bytes: number;
  readonly receivedBytes: number;
  readonly ms: number;
  /** null: not measured. Peak of the process, and what the fetch added to what it had. */
  readonly peakMiB: number | null;
  readonly addedMiB: number | null;
}

export interface PollingResult {
  readonly perSecond: number;
  readonly medianMs: number;
  readonly slowestMs: number;
}

export async function benchGit(folder: string): Promise<{ fetches: FetchResult[]; polling: PollingResult }> {
  const repository = join(folder, 'large.git');
  await makeLargeFleet(repository);
  const server = await serveGit({ root: folder });
  const proxy = await startCountingProxy(server.port);
  const url = `${proxy.url}/large.git`;
  try {
    const firsts = [
      await firstFetch('first fetch, Holdfast', proxy, folder, (into) => inChild('holdfast', url, into)),
      await firstFetch('first fetch, isomorphic-git shallow clone', proxy, folder, (into) =>
        inChild('isomorphic-git', url, into),
      ),
      await firstFetch('first fetch, git clone --depth 1 --filter=blob:none --sparse', proxy, folder, (into) =>
        gitSparse(url, into),
      ),
    ];
    const later = await laterFetches(proxy, repository, url, folder);
    return { fetches: [...firsts, ...later], polling: await pollMany(`${server.url}/large.git`, folder) };
  } finally {
    await proxy.close();
    await server.close();
  }
}

type Measured = Pick<FetchResult, 'ms' | 'peakMiB' | 'addedMiB'>;

async function firstFetch(
  name: string,
  proxy: CountingProxy,
  folder: string,
  fetch: (into: string) => Promise<Measured>,
): Promise<FetchResult> {
  const rounds: (Measured & Counted)[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const into = await mkdtemp(join(folder, 'first-'));
    proxy.take();
    rounds.push({ ...(await fetch(into)), ...proxy.take() });
    await rm(into, { recursive: true, force: true });
  }
  return { name, ...mediansOf(rounds) };
}

async function inChild(way: string, url: string, into: string): Promise<Measured> {
  const script = join(import.meta.dirname, 'fetch-child.ts');
  const { stdout } = await run(process.execPath, [script, way, url, into, DEVICE_PATH], { timeout: 300_000 });
  return JSON.parse(stdout) as Measured;
}

/** Several processes, whose memory is not measured. */
async function gitSparse(url: string, into: string): Promise<Measured> {
  const env = { PATH: process.env.PATH, HOME: into, GIT_CONFIG_NOSYSTEM: '1' };
  const work = join(into, 'work');
  const startedMs = performance.now();
  await run('git', ['clone', '--quiet', '--depth', '1', '--filter=blob:none', '--sparse', url, work], { env });
  await run('git', ['-C', work, 'sparse-checkout', 'set', DEVICE_PATH], { env });
  const ms = performance.now() - startedMs;
  await readFile(join(work, DEVICE_PATH, 'compose.yaml'));
  return { ms, peakMiB: null, addedMiB: null };
}

async function laterFetches(
  proxy: CountingProxy,
  repository: string,
  url: string,
  folder: string,
): Promise<FetchResult[]> {
  const polls: (Measured & Counted)[] = [];
  const neighbours: (Measured & Counted)[] = [];
  const own: (Measured & Counted)[] = [];
  let held = '';
  const source = sourceOf(url, await mkdtemp(join(folder, 'later-')), () => (held === '' ? [] : [held]));
  const update = async (): Promise<Measured & Counted> => {
    source.close();
    proxy.take();
    const startedMs = performance.now();
    held = await follow(source, held === '' ? null : held);
    return { ms: performance.now() - startedMs, peakMiB: null, addedMiB: null, ...proxy.take() };
  };
  await update();
  for (let round = 0; round < ROUNDS; round++) {
    source.close();
    proxy.take();
    const startedMs = performance.now();
    await source.poll(AbortSignal.timeout(60_000));
    polls.push({ ms: performance.now() - startedMs, peakMiB: null, addedMiB: null, ...proxy.take() });
    const neighbour = DEVICE_PATH.replace(/\d$/, '8');
    await changeFiles(repository, [[`${neighbour}/device.yaml`, `labels: { round: "${round}" }\n`]]);
    neighbours.push(await update());
    await changeFiles(repository, [[`${DEVICE_PATH}/device.yaml`, `labels: { round: "${round}" }\n`]]);
    own.push(await update());
  }
  source.close();
  return [
    { name: 'poll, nothing new', ...mediansOf(polls) },
    { name: 'a commit for another device of the same site', ...mediansOf(neighbours) },
    { name: 'a commit for this device', ...mediansOf(own) },
  ];
}

/** What the agent does with a new tip: its history since the last one, then its own folder. */
async function follow(source: Source, since: string | null): Promise<string> {
  const signal = AbortSignal.timeout(60_000);
  const tip = await source.poll(signal);
  if (tip === null) throw new Error('there is nothing to poll');
  const { relation } = await source.lineage(tip, since, false, signal);
  if (relation !== 'first' && relation !== 'descends') throw new Error(`the tip stands ${relation}`);
  await source.load(tip.commit, [DEVICE_PATH, 'fleet.yaml'], signal);
  await source.retain([tip.commit]);
  return tip.commit;
}

/** Each device has a source, and so a connection, of its own. */
async function pollMany(url: string, folder: string): Promise<PollingResult> {
  const tookMs: number[] = [];
  const polling: Promise<void>[] = [];
  const startedMs = performance.now();
  const count = (POLLS_PER_SECOND * POLLING_MS) / 1000;
  for (let index = 0; index < count; index++) {
    const dueMs = startedMs + (index * 1000) / POLLS_PER_SECOND;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs - performance.now())));
    polling.push(
      (async () => {
        const source = sourceOf(url, folder, () => []);
        const beganMs = performance.now();
        await source.poll(AbortSignal.timeout(30_000));
        tookMs.push(performance.now() - beganMs);
        source.close();
      })(),
    );
  }
  await Promise.all(polling);
  const seconds = (performance.now() - startedMs) / 1000;
  return { perSecond: count / seconds, medianMs: median(tookMs), slowestMs: Math.max(...tookMs) };
}

function sourceOf(url: string, stateDir: string, held: () => readonly string[]): Source {
  return createSource({
    url,
    ref: 'main',
    allowHttp: true,
    timeoutMs: 60_000,
    maxBytes: 64 * 1024 ** 2,
    stateDir,
    held,
  });
}

function mediansOf(rounds: readonly (Measured & Counted)[]): Omit<FetchResult, 'name'> {
  const of = (pick: (round: Measured & Counted) => number | null): number | null => {
    const values = rounds.map(pick).filter((value) => value !== null);
    return values.length === 0 ? null : median(values);
  };
  return {
    requests: of(({ requests }) => requests) ?? 0,
    bytes: of(({ bytes }) => bytes) ?? 0,
    receivedBytes: of(({ receivedBytes }) => receivedBytes) ?? 0,
    ms: of(({ ms }) => ms) ?? 0,
    peakMiB: of(({ peakMiB }) => peakMiB),
    addedMiB: of(({ addedMiB }) => addedMiB),
  };
}
