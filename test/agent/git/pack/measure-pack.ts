// Runs in a process of its own: decodes the pack in the file that is named, and prints what came of it and the most
// memory that the process ever had.
import { readFileSync } from 'node:fs';
import { PACK_LIMITS, readPack } from '../../../../agent/git/pack/read-pack.ts';
import { messageOf } from '../../../../fleet/error.ts';

const pack = readFileSync(process.argv[2] ?? '');
let objects = 0;
let problem: string | null = null;
const keep = async (): Promise<void> => {
  objects++;
};
try {
  await readPack(pack, PACK_LIMITS(64 * 1024 * 1024), keep, new AbortController().signal);
} catch (error) {
  problem = messageOf(error);
}
// Not `resourceUsage().maxRSS`: that begins with what the process that started this one had.
const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
process.stdout.write(JSON.stringify({ objects, problem, rssBytes: Number(kibibytes) * 1024 }));
