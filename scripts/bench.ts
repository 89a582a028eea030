// `npm run bench`: runs every benchmark on a private Engine, prints the table and writes docs/benchmarks.md.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Result } from '../test/bench/measure.ts';
import { benchReconcile } from '../test/bench/reconcile.ts';
import { request } from './engine/socket.ts';
import { startEngine } from './engine.ts';
import { ensureImages } from './images.ts';

const folder = await mkdtemp(join(tmpdir(), 'hf-bench-'));
const engine = await startEngine({ dir: join(folder, 'engine') });
try {
  await ensureImages(engine.socket);
  const results = await benchReconcile(engine.socket, folder);
  const { Version } = JSON.parse((await request({ socket: engine.socket, path: '/version' })).text) as {
    Version: string;
  };
  const table = formatTable(results);
  console.log(table);
  await writeFile(join(import.meta.dirname, '../docs/benchmarks.md'), page(table, Version));
} finally {
  await engine.stop();
  await rm(folder, { recursive: true, force: true });
}

function formatTable(results: readonly Result[]): string {
  const rows = results.map(({ name, floorName, oursMs, floorMs, ratio, rounds }) => [
    name,
    `${oursMs.toFixed(1)} ms`,
    floorName,
    `${floorMs.toFixed(1)} ms`,
    `${ratio.toFixed(2)} ×`,
    String(rounds),
  ]);
  const all = [['what', 'Holdfast', 'compared with', 'floor', 'ratio', 'rounds'], ...rows];
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(all[0] ?? []), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

function page(table: string, engineVersion: string): string {
  return `# Benchmarks

Written by \`npm run bench\`; do not edit. Each row pairs Holdfast with a floor, alternating in one process on one private Engine;
the figures are medians of the rounds, the ratio is the median of the rounds' ratios. The machine is small and noisy: the ratios
are what to compare over time, the milliseconds are for orientation.

${table}

Engine ${engineVersion}, Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}.

- A *no-op reconcile* is one whole cycle of the agent: list and inspect of containers, networks, volumes and images, comparison of
  every field, plan, status. Its floor lists and inspects the containers only, over plain HTTP on the Engine's socket.
- A *cold converge* looks, plans, creates and starts ten containers on an existing network, and looks again. Its floor creates and
  starts containers from the same bodies, all ten at once.
`;
}
