// A mosquitto of a company's kind: nothing is dropped while a reader is slow, as docs/fleet-sim.md advises. For benches and long proofs,
// which no test runner cleans up after: `await using` ends it.
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort, type Program, startProgram } from './machine.ts';
import { waitFor } from './wait.ts';

export interface RunningBroker extends AsyncDisposable {
  readonly url: string;
  readonly program: Program;
}

/** Debian keeps daemons where a user's PATH may not look. */
const PATH = `${process.env.PATH}:/usr/sbin`;

export async function startBroker(folder: string): Promise<RunningBroker> {
  await mkdir(folder, { recursive: true });
  const port = await freePort();
  const lines = [
    `listener ${port} 127.0.0.1`,
    ...['allow_anonymous true', 'persistence false', 'user root'],
    // The default, 1,000, drops what is beyond it: retained messages to a hub that begins, reports to one that is slow.
    'max_queued_messages 0',
    // Acknowledged only when on disk: more on the way at once are larger transactions.
    'max_inflight_messages 0',
  ];
  const file = join(folder, 'mosquitto.conf');
  await writeFile(file, `${lines.join('\n')}\n`);
  const program = await startProgram('mosquitto', ['-c', file], { env: { ...process.env, PATH } });
  await waitFor(() => answers(port), { timeoutMs: 10_000, what: `mosquitto listens: ${program.output()}` });
  return {
    url: `mqtt://127.0.0.1:${port}`,
    program,
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
