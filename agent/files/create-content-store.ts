// The content store: `<state>/content/<id>` for what Git declares, `<runtime>/…/secrets/<id>` for what is secret, `<state>/volumes/…` for data that is only ever made, never removed.
// Must not decide what is written, and never follows a symbolic link below the state directory.
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HoldfastError } from '../../fleet/error.ts';
import type { Content } from '../../fleet/model/mount.ts';
import type { ContentState } from '../../fleet/model/observed.ts';
import { createFileIds } from './blob.ts';
import { collectContent } from './collect.ts';
import { below, codeOf, isContentId, kindAt } from './confined.ts';
import type { ContentStore } from './content.ts';
import { makeNewFolder, onDisk, syncFolder } from './disk.ts';
import { lookAtLive, writeAnew, writeOver } from './live.ts';
import { lookAt } from './look.ts';
import { ensureSecretsFolder } from './memory.ts';
import { sweepUnfinished, writeContent } from './write.ts';

export interface ContentStoreGiven {
  readonly stateDir: string;
  /** In memory where the host can. */
  readonly secretsDir: string;
}

export function createContentStore({ stateDir, secretsDir }: ContentStoreGiven): ContentStore {
  const root = join(stateDir, 'content');
  const rootOf = (content: Content): string => (content.kind === 'secret' ? secretsDir : root);
  const idOf = createFileIds();
  const swept = new Set<string>();
  const inTurn = createTurns();
  /** The folder that a content is written below, without what a crash left there: none sweeps what another writes. */
  const prepared = (folder: string, content: Content): Promise<string> =>
    inTurn(folder, async () => {
      if (content.kind === 'secret') await ensureSecretsFolder(secretsDir);
      else await ensureFolder(stateDir, 'content');
      if (!swept.has(folder)) await sweepUnfinished(folder);
      swept.add(folder);
      return folder;
    });
  return {
    look: (contents, signal, live = []) =>
      onDisk(`read the content in ${root}`, async () => {
        const states = new Map<string, ContentState>();
        for (const content of contents) {
          signal.throwIfAborted();
          states.set(content.id, await lookAt(content, placeOf(rootOf(content), content), idOf, signal));
        }
        for (const { place, content } of live) {
          signal.throwIfAborted();
          const named = { ...content, id: place };
          states.set(place, await lookAtLive(content, placeOf(rootOf(content), named), idOf, signal));
        }
        return states;
      }),
    write: (content, readBlob, signal) =>
      onDisk(`write ${content.path} below ${rootOf(content)}`, async () => {
        signal.throwIfAborted();
        const folder = await prepared(rootOf(content), content);
        await inTurn(placeOf(folder, content), () => writeContent(content, folder, readBlob, signal));
      }),
    writeLive: ({ content, place, way }, readBlob, signal) =>
      onDisk(`write ${content.path} below ${rootOf(content)}`, async () => {
        signal.throwIfAborted();
        const at = placeOf(rootOf(content), { ...content, id: place });
        await prepared(rootOf(content), content);
        if (way === 'over') await writeOver(content, at, readBlob, idOf, signal);
        else await writeAnew(content, at, readBlob, signal);
      }),
    collect: async (keep) => (await collectContent(root, keep)) + (await collectContent(secretsDir, keep)),
    makeDataFolder: (path) => onDisk(`make the data folder volumes/${path}`, () => makeDataFolder(stateDir, path)),
  };
}

/** Work on one place, one after the other: two services may mount the same content. */
function createTurns(): <T>(place: string, work: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return (place, work) => {
    const run = (last.get(place) ?? Promise.resolve()).then(work, work);
    last.set(place, run);
    const forget = (): void => {
      if (last.get(place) === run) last.delete(place);
    };
    run.then(forget, forget);
    return run;
  };
}

function placeOf(root: string, content: Content): string {
  if (isContentId(content.id)) return join(root, content.id);
  throw new HoldfastError(
    'GitContentRefused',
    `The content id "${content.id}" of ${content.path} is not a plain name.`,
  );
}

/** Folder by folder, so that a link which a container left in its own data cannot lead the next one out. A file that is there stays. */
async function makeDataFolder(stateDir: string, path: string): Promise<void> {
  const place = below(join(stateDir, 'volumes'), path, 'PolicyDenied');
  const parts = ['volumes', ...path.split('/')];
  for (let depth = 1; depth < parts.length; depth++) await ensureFolder(stateDir, parts.slice(0, depth).join('/'));
  if ((await kindAt(place)) !== 'file') await ensureFolder(stateDir, parts.join('/'));
}

/** `path` below the state directory, whose parent is already there and no link. */
async function ensureFolder(stateDir: string, path: string): Promise<void> {
  const place = join(stateDir, path);
  const kind = await kindAt(place);
  if (kind === 'folder') return;
  if (kind === null) {
    await mkdir(stateDir, { recursive: true });
    try {
      await makeNewFolder(place);
    } catch (error) {
      // Another step made it just now; what it is counts.
      if (codeOf(error) === 'EEXIST') return ensureFolder(stateDir, path);
      throw error;
    }
    await syncFolder(dirname(place));
    return;
  }
  const is = kind === 'link' ? 'a symbolic link' : 'not a folder';
  throw new HoldfastError(
    'PolicyDenied',
    `The path "${path}" in the state directory is ${is}, and is not followed. Remove it.`,
  );
}
