// Asks a hub for the given URLs in turn, one request at a time with a short pause, and prints how long answers took.
import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_MS = 10;

const [seconds = '10', ...urls] = process.argv.slice(2);
const took = urls.map((): number[] => []);
const endMs = performance.now() + Number(seconds) * 1000;
while (performance.now() < endMs) {
  for (const [at, url] of urls.entries()) {
    const startedMs = performance.now();
    const answer = await fetch(url, { signal: AbortSignal.timeout(30_000) });
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
    took[at]?.push(performance.now() - startedMs);
    await sleep(PAUSE_MS);
  }
}
const results = took.map((times) => {
  const sorted = times.sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { asked: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99) };
});
process.stdout.write(JSON.stringify(results));
