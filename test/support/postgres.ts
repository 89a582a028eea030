// A PostgreSQL of its own in a folder of its own, on a free port. The server refuses to run as root, so as root it runs as
// Debian's `postgres` user. `await using` ends it and removes what it kept.
import { execFile } from 'node:child_process';
import { chown, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort, type Program, startProgram } from './machine.ts';
import { waitFor } from './wait.ts';

const run = promisify(execFile);
const START_DEADLINE_MS = 30_000;
const ROOT = '/usr/lib/postgresql';
const OLDEST = 15;
const USER = 'holdfast';

export interface Postgres extends AsyncDisposable {
  /** A database that was made for this call and is empty. */
  database(): Promise<string>;
  /** What psql prints. */
  sql(database: string, sql: string): Promise<string>;
  /** The server as it runs now. */
  program(): Program;
  /** Ends where it is, as in a crash; `start` brings it back. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

/** @param durable commits wait for the disk; a process that is killed loses nothing without that either. */
export async function startPostgres({ durable }: { readonly durable: boolean }): Promise<Postgres> {
  const bin = await binaries();
  const identity = await unprivileged();
  // Of its own, since folders of root let nobody else through.
  const folder = await mkdtemp(join(tmpdir(), 'hf-postgres-'));
  const data = join(folder, 'data');
  await mkdir(data);
  if (identity !== null) for (const one of [folder, data]) await chown(one, identity.uid, identity.gid);
  await run(join(bin, 'initdb'), ['-D', data, '-U', USER, '-A', 'trust', '-E', 'UTF8', '--no-sync'], {
    ...identity,
    cwd: folder,
  });
  const port = await freePort();
  const url = (name: string) => `postgres://${USER}@127.0.0.1:${port}/${name}`;
  const sql = async (database: string, text: string) => (await run('psql', [database, '-Atc', text])).stdout;
  const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`];
  settings.push('max_connections=200', `fsync=${durable ? 'on' : 'off'}`);
  const flags = settings.flatMap((setting) => ['-c', setting]);
  let server: Program;
  let made = 0;

  async function start(): Promise<void> {
    server = await startProgram(join(bin, 'postgres'), ['-D', data, ...flags], { ...identity, cwd: folder });
    await waitFor(async () => (await sql(url('postgres'), 'select 1')) !== '', {
      timeoutMs: START_DEADLINE_MS,
      what: 'PostgreSQL answers',
    });
  }

  // Immediate shutdown: every process of it ends where it is, and the next start recovers.
  const kill = () => server.end('SIGQUIT');

  await start();
  return {
    async database() {
      const name = `holdfast_${++made}`;
      await sql(url('postgres'), `create database ${name}`);
      return url(name);
    },
    sql,
    program: () => server,
    kill,
    start,
    async [Symbol.asyncDispose]() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Debian keeps the server's programs apart, by version. */
async function binaries(): Promise<string> {
  const versions = (await readdir(ROOT).catch(() => [])).map(Number);
  const newest = Math.max(0, ...versions.filter((version) => version >= OLDEST));
  if (newest === 0) throw new Error(`PostgreSQL ${OLDEST} or newer is not installed: apt-get install postgresql`);
  return join(ROOT, String(newest), 'bin');
}

async function unprivileged(): Promise<{ uid: number; gid: number } | null> {
  if (process.getuid?.() !== 0) return null;
  const id = async (flag: string) => Number((await run('id', [flag, 'postgres'])).stdout);
  return { uid: await id('-u'), gid: await id('-g') };
}
