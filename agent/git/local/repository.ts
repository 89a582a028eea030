// A Git repository on this host, read without Git: refs, loose objects, packs, and objects that it borrows. Runs
// nothing of it (no hooks, no filters) and writes nothing.
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { HoldfastError } from '../../../fleet/error.ts';
import type { PackLimits } from '../pack/limits.ts';
import { objectFolders } from './alternates.ts';
import { isAbsent, localError, readText } from './files.ts';
import { looseType, readLoose } from './loose.ts';
import { createPacks } from './packs.ts';
import { findRefs } from './refs.ts';
import { checked, type LocalStore, OID, peel } from './store.ts';

const TEXT_BYTES = 1024 * 1024;
const SHALLOW_BYTES = 16 * 1024 * 1024;

/** Throws `GitRefNotFound`, `GitAuthentication`, or `GitContentRefused` for a kind of repository that is not read. */
export async function openRepository(path: string, shown: string, limits: PackLimits): Promise<LocalStore> {
  const own = await findGitFolder(path);
  const commonText = await readText(`${own}/commondir`, TEXT_BYTES);
  const common = commonText === null ? own : resolve(own, commonText.trim());
  judgeConfig(path, (await readText(`${common}/config`, TEXT_BYTES)) ?? '');
  const folders = (await objectFolders(`${common}/objects`)).map((folder) => ({
    loose: { shown, folder, limits },
    packs: createPacks(folder, limits),
  }));
  const shallow = (await readText(`${common}/shallow`, SHALLOW_BYTES))?.split('\n') ?? [];

  const store: LocalStore = {
    way: 'local repository',
    boundary: new Set(shallow.filter((line) => OID.test(line))),
    async refs(prefixes, signal) {
      const refs = [];
      for (const { name, oid, peeled } of await findRefs(common, own, prefixes))
        refs.push({ name, oid, peeled: peeled === undefined ? await peelRef(name, oid, signal) : peeled });
      return refs;
    },
    async read(oid, signal) {
      signal.throwIfAborted();
      for (const { loose, packs } of folders) {
        const found = (await readLoose(loose, oid, signal)) ?? (await packs.read(oid, signal));
        if (found !== null) return checked(shown, oid, found.type, found.bytes);
      }
      return null;
    },
    async typeOf(oid, signal) {
      signal.throwIfAborted();
      for (const { loose, packs } of folders) {
        const found = (await looseType(loose, oid)) ?? (await packs.typeOf(oid, signal));
        if (found !== null) return found;
      }
      return null;
    },
    held: async () => null,
    incremental: false,
    missing: async (oid) =>
      new HoldfastError(
        'GitRefNotFound',
        `${shown} does not hold Git object ${oid}. Check source.ref, and run "git fsck" there.`,
      ),
    async close() {
      for (const { packs } of folders) await packs.close();
    },
  };
  return store;

  /** Git puts nothing but commits under refs/heads. */
  async function peelRef(name: string, oid: string, signal: AbortSignal): Promise<string | null> {
    return name.startsWith('refs/heads/') ? null : await peel(store, oid, signal);
  }
}

/** The folder itself (bare), its `.git` folder, or where its `.git` file points. */
async function findGitFolder(path: string): Promise<string> {
  if (!(await isFolder(path)))
    throw new HoldfastError(
      'GitRefNotFound',
      `${path} does not exist, or is neither a folder nor a file. Check source.url.`,
    );
  const inside = `${path}/.git`;
  if (await isGitFolder(inside)) return inside;
  const text = (await isFolder(inside)) ? null : await readText(inside, TEXT_BYTES);
  const to = /^gitdir: (.+?)\s*$/.exec(text ?? '')?.[1];
  if (to !== undefined && (await isGitFolder(resolve(path, to)))) return resolve(path, to);
  if (await isGitFolder(path)) return path;
  throw new HoldfastError(
    'GitRefNotFound',
    `${path} is no Git repository and no bundle. Check source.url: file:///path/to/fleet.git.`,
  );
}

async function isGitFolder(path: string): Promise<boolean> {
  if ((await readText(`${path}/HEAD`, TEXT_BYTES)) === null) return false;
  return (await isFolder(`${path}/objects`)) || (await readText(`${path}/commondir`, TEXT_BYTES)) !== null;
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (isAbsent(error)) return false;
    throw localError(path, error);
  }
}

/** Only what decides how the repository is stored. Source: gitrepository-layout, git-config (extensions). */
function judgeConfig(path: string, text: string): void {
  const extensions = new Map<string, string>();
  let section = '';
  for (const line of text.split('\n')) {
    const [, name, rest = ''] = /^\s*\[\s*([^\]]*?)\s*\](.*)$/.exec(line) ?? [];
    if (name !== undefined) section = name.toLowerCase();
    const [, key, value] =
      /^\s*([a-z][a-z0-9-]*)\s*=\s*"?([^"#;]*?)"?\s*(?:[#;].*)?$/i.exec(name === undefined ? line : rest) ?? [];
    if (section === 'extensions' && key !== undefined) extensions.set(key.toLowerCase(), (value ?? '').toLowerCase());
  }
  const format = extensions.get('objectformat') ?? 'sha1';
  if (format !== 'sha1')
    throw new HoldfastError(
      'GitContentRefused',
      `${path} is a ${format === 'sha256' ? 'SHA-256' : format} repository; this version reads SHA-1 only.`,
    );
  const refs = extensions.get('refstorage') ?? 'files';
  if (refs !== 'files')
    throw new HoldfastError(
      'GitContentRefused',
      `${path} keeps its refs as "${refs}", and only "files" is read. Run "git refs migrate --ref-format=files" there.`,
    );
}
