// Runs in a process of its own: polls and loads from the URL that is named, and prints what came of it, whether it can still
// load something harmless afterwards, and the most memory that the process ever had.
import { readFileSync } from 'node:fs';
import { createSource } from '../../../agent/git/create-source.ts';
import { HoldfastError } from '../../../fleet/error.ts';

const [url = '', stateDir = '', path = ''] = process.argv.slice(2);
const options = { ref: 'main', allowHttp: false, timeoutMs: 60_000, maxBytes: 64 * 1024 * 1024, stateDir };
const source = createSource({ url, ...options });
const never = new AbortController().signal;
let code = 'loaded';
let message = '';
const tip = await source.poll(never);
try {
  await source.load(tip?.commit ?? '', [path], never);
} catch (error) {
  if (!(error instanceof HoldfastError)) throw error;
  ({ code, message } = error);
}
const again = await source.poll(never);
source.close();
// Not `resourceUsage().maxRSS`: that begins with what the process that started this one had.
const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
const alive = again?.commit === tip?.commit;
process.stdout.write(JSON.stringify({ code, message, alive, rssBytes: Number(kibibytes) * 1024 }));
