// What was done inside a running container: changed files and exec sessions, as the Engine tells. Bounded; reads only.
import { HoldfastError } from '../../fleet/error.ts';
import type { Inside } from '../../fleet/reconcile/inside.ts';
import { asList, asRecord } from './answer.ts';
import type { Connection } from './connection.ts';

/** The Engine walks the whole layer that the container writes to. */
const CHANGES_MS = 10_000;
/** Most exec sessions that are asked about; the Engine lists ended ones for a while. */
const MOST_EXECS = 32;

const KINDS = ['C', 'A', 'D'] as const;

/** null: it is gone, or the Engine cannot tell. */
export async function lookInside(
  connection: Connection,
  container: string,
  signal: AbortSignal,
): Promise<Inside | null> {
  try {
    const files = await changedFiles(connection, container, signal);
    return { files, execs: await runningExecs(connection, container, signal) };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof HoldfastError) return null;
    throw error;
  }
}

async function changedFiles(connection: Connection, container: string, signal: AbortSignal): Promise<Inside['files']> {
  const what = `list changed files of container ${container}`;
  const path = `/containers/${encodeURIComponent(container)}/changes`;
  const answer = await connection.expect({ method: 'GET', path, what, deadlineMs: CHANGES_MS, signal });
  return asList(answer.body ?? [], what).flatMap((item) => {
    const { Kind, Path } = asRecord(item, what);
    const kind = typeof Kind === 'number' ? KINDS[Kind] : undefined;
    return kind === undefined || typeof Path !== 'string' ? [] : [{ kind, path: Path }];
  });
}

/** Without the health check, which the Engine runs itself. Of each only the program: arguments hold secrets. */
async function runningExecs(connection: Connection, container: string, signal: AbortSignal): Promise<string[]> {
  const what = `list exec sessions of container ${container}`;
  const path = `/containers/${encodeURIComponent(container)}/json`;
  const inspected = asRecord((await connection.expect({ method: 'GET', path, what, signal })).body, what);
  const ids = asList(inspected.ExecIDs ?? [], what).filter((id) => typeof id === 'string');
  const check = healthCheckOf(asRecord(inspected.Config, what));
  const found: string[] = [];
  for (const id of ids.slice(-MOST_EXECS)) {
    const call = { method: 'GET', path: `/exec/${encodeURIComponent(id)}/json`, what, signal } as const;
    const answer = await connection.expect(call, [404]);
    const { Running, ProcessConfig } = asRecord(answer.body, what);
    if (answer.status === 404 || Running !== true) continue;
    const { entrypoint, arguments: words } = asRecord(ProcessConfig ?? {}, what);
    const command = [entrypoint, ...asList(words ?? [], what)].map(String);
    if (command.join(' ').endsWith(check ?? '\0')) continue;
    found.push(command.length > 1 ? `${command[0]} …` : String(command[0]));
  }
  return found;
}

function healthCheckOf({ Healthcheck }: { readonly Healthcheck?: unknown }): string | undefined {
  const test =
    typeof Healthcheck === 'object' && Healthcheck !== null && 'Test' in Healthcheck ? Healthcheck.Test : null;
  return Array.isArray(test) && test.length > 1 ? test.slice(1).join(' ') : undefined;
}
