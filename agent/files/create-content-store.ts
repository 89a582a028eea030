// The content store: `<state>/content/<id>` for what Git declares, `<runtime>/…/secrets/<id>` for what is secret, `<state>/volumes/…` for data that is only ever made, never removed.
// One writer at a time. Must not decide what is written, and never follows a symbolic link below the state directory.
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HoldfastError } from '../../fleet/error.ts';
import type { Content } from '../../fleet/model/mount.ts';
import type { ContentState } from '../../fleet/model/observed.ts';
import { createFileIds } from './blob.ts';
import { collectContent } from './collect.ts';
import { below, isContentId, kindAt } from './confined.ts';
import type { ContentStore } from './content.ts';
import { makeNewFolder, onDisk, syncFolder } from './disk.ts';
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
  return {
    look: (contents, signal) =>
      onDisk(`read the content in ${root}`, async () => {
        const states = new Map<string, ContentState>();
        for (const content of contents) {
          signal.throwIfAborted();
          states.set(content.id, await lookAt(content, placeOf(rootOf(content), content), idOf, signal));
        }
        return states;
      }),
    write: (content, readBlob, signal) =>
      onDisk(`write ${content.path} below ${rootOf(content)}`, async () => {
        signal.throwIfAborted();
        const folder = rootOf(content);
        placeOf(folder, content);
        if (content.kind === 'secret') await ensureSecretsFolder(secretsDir);
        else await ensureFolder(stateDir, 'content');
        if (!swept.has(folder)) await sweepUnfinished(folder);
        swept.add(folder);
        await writeContent(content, folder, readBlob, signal);
      }),
    collect: async (keep) => (await collectContent(root, keep)) + (await collectContent(secretsDir, keep)),
    makeDataFolder: (path) => onDisk(`make the data folder volumes/${path}`, () => makeDataFolder(stateDir, path)),
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
    await makeNewFolder(place);
    await syncFolder(dirname(place));
    return;
  }
  const is = kind === 'link' ? 'a symbolic link' : 'not a folder';
  throw new HoldfastError(
    'PolicyDenied',
    `The path "${path}" in the state directory is ${is}, and is not followed. Remove it.`,
  );
}
