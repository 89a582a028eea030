// The folder through which local commands hand something to the running agent: the commands' side. A file appears there whole and
// on disk, or not at all. Judges nothing of what it hands in.
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { chown, type FileHandle, lstat, mkdir, open, readdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError } from '../../fleet/error.ts';
import { codeOf } from '../files/confined.ts';
import { onDisk, removeQuietly, syncFolder } from '../files/disk.ts';
import { ACCEPT_NAME, BUNDLE_NAME, inboxFolder, retryName, waitingBundles } from './inbox.ts';

/** The agent takes one after the other; whoever hands in more than this does it in a loop by mistake. */
export const MOST_BUNDLES = 4;
const COPY_BYTES = 1024 * 1024;
const UNFINISHED = /^\.new-[0-9a-f]{16}$/;
/** No copy takes longer: what is older was left by a command that was killed. */
const UNFINISHED_MS = 24 * 3600 * 1000;

/** Returns where it waits. Throws `GitContentRefused` for what is no plain file or too large, `StateUnavailable`, `DiskPressure`. */
export async function handInBundle(stateDir: string, file: string, maxBytes: number): Promise<string> {
  return await onDisk(`hand in ${file}`, async () => {
    await using from = await openPlain(file);
    const { size } = await from.stat();
    if (size > maxBytes) throw tooLarge(file, maxBytes);
    const inbox = await openInbox(stateDir);
    const waiting = await waitingBundles(inbox.folder);
    if (waiting.length >= MOST_BUNDLES)
      throw new HoldfastError(
        'StateUnavailable',
        `${waiting.length} bundles wait in ${inbox.folder} already, the most that may. Start the agent, which takes them one by one, or remove what is not wanted.`,
      );
    const last = (await readdir(inbox.folder)).map((name) => Number(BUNDLE_NAME.exec(name)?.[1] ?? 0));
    const number = String(Math.max(0, ...last) + 1).padStart(10, '0');
    const name = `${number}-${randomBytes(4).toString('hex')}.bundle`;
    return await put(inbox, name, (to) => copy(from, to, file, maxBytes));
  });
}

/** `commit`: 40 lower-case hex digits. Replaces what was accepted before. Throws `StateUnavailable`, `DiskPressure`. */
export async function handInAccept(stateDir: string, commit: string): Promise<void> {
  await onDisk(`accept ${commit}`, async () => {
    const inbox = await openInbox(stateDir);
    await put(inbox, ACCEPT_NAME, (to) => to.writeFile(`${commit}\n`));
  });
}

/** `app`: null for every app. Throws `StateUnavailable`, `DiskPressure`. */
export async function handInRetry(stateDir: string, app: string | null): Promise<void> {
  await onDisk(`ask to try ${app ?? 'every app'} again`, async () => {
    const inbox = await openInbox(stateDir);
    await put(inbox, retryName(app), (to) => to.writeFile('\n'));
  });
}

interface OpenInbox {
  readonly folder: string;
  /** Who the state belongs to: root hands in for an agent that runs as somebody else. */
  readonly uid: number;
  readonly gid: number;
}

async function openInbox(stateDir: string): Promise<OpenInbox> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const { uid, gid } = await stat(stateDir);
  const folder = inboxFolder(stateDir);
  await mkdir(folder, { mode: 0o700 }).then(
    async () => {
      if (isForeign(uid)) await chown(folder, uid, gid);
      await syncFolder(stateDir);
    },
    (error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    },
  );
  const found = await lstat(folder);
  if (!found.isDirectory() || found.uid !== uid)
    throw new HoldfastError(
      'StateUnavailable',
      `${folder} is not a folder of the user that ${stateDir} belongs to. Remove it, and try again.`,
    );
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (UNFINISHED.test(name) && Date.now() - (await lstat(path)).mtimeMs > UNFINISHED_MS) await removeQuietly(path);
  }
  return { folder, uid, gid };
}

/** Only root can give a file away. */
function isForeign(uid: number): boolean {
  return process.geteuid?.() === 0 && uid !== 0;
}

async function put(
  { folder, uid, gid }: OpenInbox,
  name: string,
  write: (to: FileHandle) => Promise<void>,
): Promise<string> {
  const fresh = join(folder, `.new-${randomBytes(8).toString('hex')}`);
  const place = join(folder, name);
  try {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    await using to = await open(fresh, flags, 0o600);
    await write(to);
    if (isForeign(uid)) await to.chown(uid, gid);
    await to.sync();
    await rename(fresh, place);
    await syncFolder(folder);
    return place;
  } catch (error) {
    await removeQuietly(fresh);
    throw error;
  }
}

/** Not a link, which could lead elsewhere a moment later; not a pipe, which would be waited for without end. */
async function openPlain(file: string): Promise<FileHandle> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (error: unknown) => {
      const code = codeOf(error);
      if (code === 'ELOOP') throw refused(file, 'is a symbolic link');
      if (code === 'ENOENT' || code === 'ENOTDIR') throw refused(file, 'does not exist');
      throw refused(file, `cannot be read (${code})`);
    },
  );
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw refused(file, 'is not a plain file');
}

async function copy(from: FileHandle, to: FileHandle, file: string, maxBytes: number): Promise<void> {
  const buffer = Buffer.allocUnsafe(COPY_BYTES);
  let copied = 0;
  for (;;) {
    const { bytesRead } = await from.read(buffer, 0, buffer.length);
    if (bytesRead === 0) return;
    copied += bytesRead;
    // It may have grown since its size was asked for.
    if (copied > maxBytes) throw tooLarge(file, maxBytes);
    // Unlike `write`, this goes on until everything is written.
    await to.appendFile(buffer.subarray(0, bytesRead));
  }
}

function tooLarge(file: string, maxBytes: number): HoldfastError {
  return refused(file, `has more than ${maxBytes} bytes, the most that a bundle may have; limits.source_bytes decides`);
}

function refused(file: string, why: string): HoldfastError {
  return new HoldfastError('GitContentRefused', `${file} ${why}. Name a bundle that "git bundle create" made.`);
}
