// One first fetch in a process of its own, so that its memory can be told: `fetch-child.ts WAY URL FOLDER PATH`.
// Prints milliseconds, peak memory and how much of that the fetch itself added.
import fs from 'node:fs';
import { createSource } from '../../../agent/git/create-source.ts';

const [way = '', url = '', folder = '', path = ''] = process.argv.slice(2);
const signal = AbortSignal.timeout(300_000);
const MIB = 1024 * 1024;

const fetches: Readonly<Record<string, () => Promise<() => Promise<unknown>>>> = {
  async holdfast() {
    const options = { allowHttp: true, timeoutMs: 300_000, maxBytes: 64 * MIB, stateDir: folder };
    const source = createSource({ url, ref: 'main', ...options });
    return async () => {
      const tip = await source.poll(signal);
      const tree = await source.load(tip?.commit ?? '', [path, 'fleet.yaml'], signal);
      if (tree.files.size !== 3) throw new Error(`expected 3 files, found ${tree.files.size}`);
      source.close();
    };
  },
  async 'isomorphic-git'() {
    const { clone } = await import('isomorphic-git');
    const http = await import('isomorphic-git/http/node');
    const what = { url, singleBranch: true, depth: 1, noCheckout: true, noTags: true };
    return () => clone({ fs, http: http.default, dir: folder, ...what });
  },
};

const fetch = await fetches[way]?.();
if (fetch === undefined) throw new Error(`no such way: ${way}`);
const beforeBytes = process.memoryUsage.rss();
let peakBytes = beforeBytes;
const sampling = setInterval(() => {
  peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
}, 1);
const startedMs = performance.now();
await fetch();
const ms = performance.now() - startedMs;
clearInterval(sampling);
const addedMiB = (Math.max(peakBytes, process.memoryUsage.rss()) - beforeBytes) / MIB;
// Not `resourceUsage().maxRSS`: that begins with what the process that started this one had.
const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(fs.readFileSync('/proc/self/status', 'utf8')) ?? [];
console.log(JSON.stringify({ ms, peakMiB: Number(kibibytes) / 1024, addedMiB }));
