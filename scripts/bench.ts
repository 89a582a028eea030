// `npm run bench`: runs every benchmark on a private Engine, prints the tables and writes docs/benchmarks.md.
// `npm run bench -- hub`: those of the hub alone, printed only.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { benchDaemon, type IdleResult } from '../test/bench/daemon.ts';
import { benchGit, type FetchResult, type PollingResult } from '../test/bench/git/git-fetch.ts';
import { benchHub, measuresTable, scaleTable, type Table } from '../test/bench/hub/tables.ts';
import type { Result } from '../test/bench/measure.ts';
import { benchReconcile } from '../test/bench/reconcile.ts';
import { benchValidate, type ValidateResult } from '../test/bench/validate.ts';
import { request } from './engine/socket.ts';
import { startEngine } from './engine.ts';
import { ensureImages } from './images.ts';

const folder = await mkdtemp(join(tmpdir(), 'hf-bench-'));
try {
  if (process.argv[2] === 'hub') console.log(Object.values(await formatHub(folder)).join('\n\n'));
  else await benchAll();
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function benchAll(): Promise<void> {
  await using engine = await benchEngine();
  await ensureImages(engine.socket);
  const results = await benchReconcile(engine.socket, folder);
  const { repair, idle } = await benchDaemon(engine.socket, folder);
  const { Version } = JSON.parse((await request({ socket: engine.socket, path: '/version' })).text) as {
    Version: string;
  };
  const { fetches, polling } = await benchGit(folder);
  const tables = {
    reconcile: formatReconcile([...results, repair]),
    idle: formatIdle(idle),
    git: formatFetches(fetches),
    polling: formatPolling(polling),
    validate: formatValidate(await benchValidate(folder)),
    ...(await formatHub(folder)),
  };
  console.log(Object.values(tables).join('\n\n'));
  await writeFile(join(import.meta.dirname, '../docs/benchmarks.md'), page(tables, Version));
}

async function benchEngine() {
  const engine = await startEngine({ dir: join(folder, 'engine') });
  return { socket: engine.socket, [Symbol.asyncDispose]: () => engine.stop() };
}

function formatReconcile(results: readonly Result[]): string {
  const rows = results.map(({ name, floorName, oursMs, floorMs, ratio, rounds }) => [
    name,
    `${oursMs.toFixed(1)} ms`,
    floorName,
    `${floorMs.toFixed(1)} ms`,
    `${ratio.toFixed(2)} ×`,
    String(rounds),
  ]);
  return formatTable(['what', 'Holdfast', 'compared with', 'floor', 'ratio', 'rounds'], rows);
}

function formatIdle({ services, seconds, cpuPercent, residentMiB }: IdleResult): string {
  const row = [String(services), `${seconds} s`, `${cpuPercent.toFixed(3)} %`, `${residentMiB.toFixed(0)} MiB`];
  return formatTable(['services', 'watched for', 'CPU, of one core', 'resident memory'], [row]);
}

function formatFetches(results: readonly FetchResult[]): string {
  const mib = (value: number | null): string => (value === null ? '' : `${value.toFixed(1)} MiB`);
  const rows = results.map(({ name, requests, bytes, receivedBytes, ms, addedMiB, peakMiB }) => [
    name,
    String(requests),
    receivedBytes.toLocaleString('en'),
    bytes.toLocaleString('en'),
    `${ms.toFixed(0)} ms`,
    mib(addedMiB),
    mib(peakMiB),
  ]);
  return formatTable(['what', 'requests', 'bytes down', 'bytes both ways', 'time', 'memory added', 'peak'], rows);
}

function formatPolling({ perSecond, medianMs, slowestMs }: PollingResult): string {
  const row = [perSecond.toFixed(0), `${medianMs.toFixed(1)} ms`, `${slowestMs.toFixed(1)} ms`];
  return formatTable(['devices polling per second', 'median', 'slowest'], [row]);
}

function formatValidate(results: readonly ValidateResult[]): string {
  const rows = results.map(({ devices, ms, cpuMs, peakMiB, floorMs }) => [
    devices.toLocaleString('en'),
    `${(ms / 1000).toFixed(1)} s`,
    `${(cpuMs / 1000).toFixed(1)} s`,
    `${peakMiB.toFixed(0)} MiB`,
    `${(floorMs / 1000).toFixed(1)} s`,
    `${(ms / floorMs).toFixed(2)} ×`,
  ]);
  return formatTable(
    ['devices', 'holdfast validate', 'its CPU time', 'peak memory', 'reading and parsing alone', 'ratio'],
    rows,
  );
}

async function formatHub(folder: string): Promise<{ hub: string; scale: string }> {
  const results = await benchHub(join(folder, 'hub'));
  return {
    hub: formatTable(...withRows(measuresTable(results))),
    scale: formatTable(...withRows(scaleTable(results))),
  };
}

function withRows([head, ...rows]: Table): [readonly string[], readonly (readonly string[])[]] {
  return [head, rows];
}

function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

function page(
  tables: Readonly<Record<'reconcile' | 'idle' | 'git' | 'polling' | 'validate' | 'hub' | 'scale', string>>,
  engineVersion: string,
): string {
  return `# Benchmarks

Written by \`npm run bench\`; do not edit. The machine is small and noisy: ratios and counts are what to compare over time, times are
for orientation.

## Reconciling

Each row pairs Holdfast with a floor, alternating in one process on one private Engine;
the figures are medians of the rounds, the ratio is the median of the rounds' ratios.

${tables.reconcile}

Engine ${engineVersion}, Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}.

- A *no-op reconcile* is one whole cycle of the agent: list and inspect of containers, networks, volumes and images, comparison of
  every field, plan, status. Its floor lists and inspects the containers only, over plain HTTP on the Engine's socket.
- A *cold converge* looks, plans, creates and starts ten containers on an existing network, and looks again. Its floor creates and
  starts containers from the same bodies, all ten at once.
- \`docker-compose\` is Debian's, a process for each call; the agent runs anyhow. For both the network exists already.
- *Killed* is a container of a running daemon, from when \`docker kill\` has returned until the Engine says that it runs again. Its
  floor makes and starts one.

The daemon when nothing happens, with an interval of 60 s; half of the services have a health check every 30 s:

${tables.idle}

## Git

One device of 10,000 (\`sites/<100>/<100>\`), its own folder and fleet.yaml, over Git's \`http-backend\` on loopback. Bytes are counted on
the connection, HTTP headers included; "bytes down" is what the device receives. Medians of five rounds.

${tables.git}

"Memory added" is how much the process grew while it fetched; a fetch by git is several processes, and is not measured. A commit is
followed as the agent does it: poll, history since the last applied commit, own folder.

${tables.polling}

Each device polls over a connection of its own; server and devices share this machine.

## Validating a fleet

\`holdfast validate\` of a repository whose devices run a shared app of three services by group and one service of their own. The
comparison reads and parses every YAML file once, in one thread, and makes nothing of it. Medians of three rounds.

${tables.validate}

## The hub

A hub as a process of its own, with SQLite, behind Mosquitto, beside a bare mqtt.js subscriber to the same topics which only counts;
messages of the [fleet simulator](fleet-sim.md), published over four connections. Nothing is acknowledged to the broker before it is on
disk.

${tables.hub}

- *Live*: from the first publish until the last message is dealt with; publishers, broker and reader share this machine's cores.
- *Backlog*: the reader was frozen while the broker gathered the messages. Then nobody else is at work, and mqtt.js alone sets the bare
  subscriber's pace.
- *Retained*: from the start of the process, store empty, until presence and status of every device are on disk.
- *Memory* is what the process has more than a hub that knows no device, after a rest.
- Questions are asked over HTTP, one after the other, by another process.

Several hubs on one broker and one PostgreSQL, all on this machine, take a backlog together:

${tables.scale}
`;
}
