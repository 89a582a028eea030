// Runs one command in a running container and waits for its end: create, start, read what it says, ask how it ended.
// Bounded in time and in output; must not decide what a failure means for anybody else.
import { HoldfastError } from '../../fleet/error.ts';
import { endOf } from '../../fleet/mask.ts';
import type { StepOf } from '../../fleet/model/plan.ts';
import { asRecord, textField } from './answer.ts';
import type { Connection } from './connection.ts';
import { pause, withDeadline } from './deadline.ts';

type HookStep = StepOf<'run-hook'>;

/** Throws `HealthCheckFailed` with the exit code and the end of the output, or when the time is up. */
export async function runHook(connection: Connection, step: HookStep, signal: AbortSignal): Promise<void> {
  const what = `run a hook in container ${step.container}`;
  const deadline = { what, ms: step.timeoutMs, late: 'HealthCheckFailed', signal } as const;
  const { code, output } = await withDeadline(deadline, (inner) => execute(connection, step, what, inner));
  if (code === 0) return;
  const said = output === '' ? 'it said nothing' : `it said: ${output}`;
  throw new HoldfastError('HealthCheckFailed', `A hook in ${step.container} ended with exit code ${code}; ${said}`);
}

async function execute(
  connection: Connection,
  { container, hook, timeoutMs: deadlineMs }: HookStep,
  what: string,
  signal: AbortSignal,
): Promise<{ readonly code: number; readonly output: string }> {
  const created = await connection.expect({
    method: 'POST',
    path: `/containers/${encodeURIComponent(container)}/exec`,
    body: {
      AttachStdout: true,
      AttachStderr: true,
      Cmd: hook.command,
      Env: Object.entries(hook.environment ?? {}).map(([key, value]) => `${key}=${value}`),
      ...(hook.user === undefined ? {} : { User: hook.user }),
      ...(hook.privileged === undefined ? {} : { Privileged: hook.privileged }),
      ...(hook.working_dir === undefined ? {} : { WorkingDir: hook.working_dir }),
    },
    what,
    signal,
  });
  const path = `/exec/${encodeURIComponent(textField(asRecord(created.body, what), 'Id', what))}`;
  const start = { method: 'POST', path: `${path}/start`, body: { Detach: false, Tty: false }, what } as const;
  const output = await connection.stream({ ...start, deadlineMs, signal }, readOutput);
  for (;;) {
    const answer = await connection.expect({ method: 'GET', path: `${path}/json`, what, signal });
    const { Running, ExitCode } = asRecord(answer.body, what);
    // The stream may end a moment before the process is known to have ended.
    if (Running !== true) return { code: typeof ExitCode === 'number' ? ExitCode : UNKNOWN_CODE, output };
    await pause(POLL_MS, signal);
  }
}

const POLL_MS = 100;
const UNKNOWN_CODE = -1;
/** Of the output's end. */
const OUTPUT_BYTES = 1000;
const HEADER_BYTES = 8;

/** Keeps the end of what both streams said. Each frame has a header: stream, three zeros, length. */
async function readOutput(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  let tail = Buffer.alloc(0);
  let header = Buffer.alloc(0);
  let left = 0;
  for await (const chunk of chunks) {
    for (let rest = Buffer.from(chunk); rest.length > 0; ) {
      if (left === 0) {
        const wanted = HEADER_BYTES - header.length;
        header = Buffer.concat([header, rest.subarray(0, wanted)]);
        rest = rest.subarray(wanted);
        if (header.length < HEADER_BYTES) continue;
        left = header.readUInt32BE(4);
        header = Buffer.alloc(0);
      }
      const text = rest.subarray(0, left);
      tail = Buffer.concat([tail, text]).subarray(-OUTPUT_BYTES - 1);
      left -= text.length;
      rest = rest.subarray(text.length);
    }
  }
  return endOf(tail.toString('utf8'), OUTPUT_BYTES).trim();
}
