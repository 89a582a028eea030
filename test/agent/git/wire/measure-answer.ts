// Runs in a process of its own: a server answers with 60 MiB of the line that is named, to the narrow way or to the one by
// snapshots. Prints what came of it and the most memory that the process ever had.
import { readFileSync } from 'node:fs';
import { createServer } from '../../../../agent/git/wire/server.ts';
import { messageOf } from '../../../../fleet/error.ts';

const ANSWER_BYTES = 60 * 1024 * 1024;
const PIECE_BYTES = 65_515;
const LINES: Readonly<Record<string, string>> = {
  progress: '0005\x02',
  empty: '0005\x01',
  pack: `fff0\x01${'x'.repeat(PIECE_BYTES)}`,
};

const [, , kind = '', way = ''] = process.argv;
const line = Buffer.from(LINES[kind] ?? '', 'latin1');
const count = Math.floor(ANSWER_BYTES / line.length);
const head = Buffer.from('000dpackfile\n');
const answer = Buffer.alloc(head.length + count * line.length + 4);
head.copy(answer);
answer.fill(line, head.length);
answer.write('0000', answer.length - 4);

const never = new AbortController().signal;
const server = createServer({
  traits: way === 'snapshot' ? { snapshot: 'the server has filters off', sinceMs: 0 } : { snapshot: null },
  nowMs: () => 0,
  shown: 'https://git.example.com/fleet',
  url: 'https://git.example.com/fleet',
  folder: process.argv[4] ?? '',
  maxBytes: 64 * 1024 * 1024,
  held: async () => null,
  conversation: {
    capabilities: async () => new Map([['fetch', 'filter']]),
    renew: async () => undefined,
    ask: async () => answer,
    client: ({ check }) => ({
      request: async () => {
        await check(answer);
        throw new Error('the answer was taken');
      },
    }),
    traffic: { requests: 0, sentBytes: 0, receivedBytes: 0 },
    close: () => undefined,
  },
});
let problem = '';
try {
  await server.trees(['1'.repeat(40)], async () => undefined, never, '1'.repeat(40));
} catch (error) {
  problem = messageOf(error);
}
// Not `resourceUsage().maxRSS`: that begins with what the process that started this one had.
const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
process.stdout.write(JSON.stringify({ problem, rssBytes: Number(kibibytes) * 1024 }));
