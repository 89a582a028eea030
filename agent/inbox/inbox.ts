// The folder through which local commands hand something to the running agent: the agent's side. Believes nothing in it but
// regular files of its own user with the names that are agreed on; what they say is judged by whoever takes them.
import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, rm, watch } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isMissing } from '../files/confined.ts';
import { onDisk, syncFolder } from '../files/disk.ts';

export interface Inbox {
  /** The oldest bundle that was handed in, as an absolute path; null: none. */
  bundle(): Promise<string | null>;
  /** After it was taken or refused. */
  remove(path: string): Promise<void>;
  /** The commit that a person accepted although history was rewritten; null: none. */
  accepted(): Promise<string | null>;
  /** Forgets what `accepted` said last; what was handed in since then stays. */
  clearAccepted(): Promise<void>;
  /** What a person wants tried again: one file for each app, or one for all (null). `remove` takes it away. */
  retries(): Promise<readonly Retry[]>;
  /** Calls back when something was handed in, until the signal. Where the host cannot watch, it stays silent: each poll looks anyway. */
  watch(onChange: () => void, signal: AbortSignal): Promise<void>;
}

export interface Retry {
  /** null: every app. */
  readonly app: string | null;
  readonly path: string;
}

/** Number in the order of arrival, and something random: a name is never used twice. */
export const BUNDLE_NAME = /^(\d{10})-[0-9a-f]{8}\.bundle$/;
export const ACCEPT_NAME = 'accept';
const ACCEPT_BYTES = 64;
const RETRY_NAME = /^retry(?:\.([a-z0-9][a-z0-9-]{0,62}))?$/;
/** More are taken the next time. */
const MOST_RETRIES = 256;

export function inboxFolder(stateDir: string): string {
  return join(stateDir, 'inbox');
}

export function createInbox(stateDir: string): Inbox {
  const folder = inboxFolder(stateDir);
  const acceptFile = join(folder, ACCEPT_NAME);
  let said: string | null = null;

  const bundle = async (): Promise<string | null> => (await waitingBundles(folder))[0] ?? null;
  const isHandedIn = async (name: string | null): Promise<boolean> => {
    if (name === ACCEPT_NAME || (name !== null && RETRY_NAME.test(name))) return await isOwnFile(join(folder, name));
    return isBundle(name) && (await bundle()) !== null;
  };
  return {
    bundle,
    async remove(path) {
      if (dirname(path) === folder) await removeSynced(folder, path);
    },
    async accepted() {
      said = await readAccepted(acceptFile);
      return said;
    },
    async clearAccepted() {
      if ((await readAccepted(acceptFile)) === said) await removeSynced(folder, acceptFile);
    },
    retries: () => waitingRetries(folder),
    async watch(onChange, signal) {
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        // A removed bundle is a change too: the next one may be taken.
        for await (const { filename } of watch(folder, { signal })) if (await isHandedIn(filename)) onChange();
      } catch {
        // No more watches, no such folder, or the end: polls look into the folder without being told.
      }
      await aborted(signal);
    },
  };
}

/** Oldest first. */
export async function waitingBundles(folder: string): Promise<readonly string[]> {
  if (!(await isOwnFolder(folder))) return [];
  const waiting: string[] = [];
  for (const name of (await readdir(folder)).toSorted()) {
    const path = join(folder, name);
    if (isBundle(name) && (await isOwnFile(path))) waiting.push(path);
  }
  return waiting;
}

export function retryName(app: string | null): string {
  return app === null ? 'retry' : `retry.${app}`;
}

async function waitingRetries(folder: string): Promise<readonly Retry[]> {
  if (!(await isOwnFolder(folder))) return [];
  const waiting: Retry[] = [];
  for (const name of await readdir(folder)) {
    const named = RETRY_NAME.exec(name);
    const path = join(folder, name);
    if (named !== null && waiting.length < MOST_RETRIES && (await isOwnFile(path)))
      waiting.push({ app: named[1] ?? null, path });
  }
  return waiting;
}

function isBundle(name: string | null): boolean {
  return name !== null && BUNDLE_NAME.test(name);
}

async function readAccepted(path: string): Promise<string | null> {
  if (!(await isOwnFolder(dirname(path))) || !(await isOwnFile(path))) return null;
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const { bytesRead, buffer } = await file.read(Buffer.alloc(ACCEPT_BYTES));
    return /^([0-9a-f]{40})\n$/.exec(buffer.toString('latin1', 0, bytesRead))?.[1] ?? null;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

async function removeSynced(folder: string, path: string): Promise<void> {
  await onDisk(`remove ${path}`, async () => {
    await rm(path, { force: true });
    await syncFolder(folder);
  });
}

/** A link is neither: it may lead anywhere. */
async function isOwnFolder(path: string): Promise<boolean> {
  const found = await look(path);
  return found?.isDirectory() === true && found.uid === process.geteuid?.();
}

async function isOwnFile(path: string): Promise<boolean> {
  const found = await look(path);
  return found?.isFile() === true && found.uid === process.geteuid?.();
}

async function look(path: string) {
  try {
    return await lstat(path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
