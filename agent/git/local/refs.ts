// The refs of a repository on this host: one file each, or a line of `packed-refs`. A file that is damaged hides the ref:
// an older place that the packed file may remember must not come back. Source: gitrepository-layout, git-pack-refs.
import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { HoldfastError } from '../../../fleet/error.ts';
import { isAbsent, localError, readText } from './files.ts';

const PACKED_BYTES = 64 * 1024 * 1024;
const LOOSE_BYTES = 4096;
const MOST_REFS = 200_000;
const MOST_DEPTH = 32;
const MOST_STEPS = 5;

export interface FoundRef {
  readonly name: string;
  readonly oid: string;
  /** undefined: the repository does not say. */
  readonly peeled: string | null | undefined;
}

/** `common`: the `.git` folder; `own`: that of the work tree, for HEAD. */
export async function findRefs(common: string, own: string, prefixes: readonly string[]): Promise<readonly FoundRef[]> {
  const found = await readPacked(`${common}/packed-refs`, (name) => matches(name, prefixes));
  const names: string[] = [];
  await listNames(common, 'refs', prefixes, names, 0);
  if (matches('HEAD', prefixes)) names.push('HEAD');
  for (const name of names) {
    const oid = await followRef(name, 0);
    if (oid === null) found.delete(name);
    else if (found.get(name)?.oid !== oid) found.set(name, { name, oid, peeled: undefined });
  }
  return [...found.values()].toSorted((one, other) => (one.name < other.name ? -1 : 1));

  /** null: it points to nothing, or is damaged. */
  async function followRef(name: string, step: number): Promise<string | null> {
    const text = await readText(`${name === 'HEAD' ? own : common}/${name}`, LOOSE_BYTES);
    if (text === null)
      return (await readPacked(`${common}/packed-refs`, (each) => each === name)).get(name)?.oid ?? null;
    const oid = /^([0-9a-f]{40})\s*$/.exec(text)?.[1];
    if (oid !== undefined) return oid;
    const to = /^ref:\s*(refs\/\S+)\s*$/.exec(text)?.[1];
    return to === undefined || step >= MOST_STEPS || to.split('/').includes('..')
      ? null
      : await followRef(to, step + 1);
  }
}

function matches(name: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => name.startsWith(prefix));
}

/** Names of the files below `folder` that begin as wanted. Links to folders are not followed: they may lead back. */
async function listNames(
  common: string,
  folder: string,
  prefixes: readonly string[],
  names: string[],
  depth: number,
): Promise<void> {
  const inside = `${folder}/`;
  if (depth > MOST_DEPTH || !prefixes.some((prefix) => inside.startsWith(prefix) || prefix.startsWith(inside))) return;
  for (const entry of await entriesOf(`${common}/${folder}`)) {
    const name = inside + entry.name;
    if (entry.isDirectory()) await listNames(common, name, prefixes, names, depth + 1);
    else if (matches(name, prefixes) && !name.endsWith('.lock')) names.push(name);
    if (names.length > MOST_REFS) throw tooMany(common);
  }
}

async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isAbsent(error)) return [];
    throw localError(folder, error);
  }
}

async function readPacked(path: string, wanted: (name: string) => boolean): Promise<Map<string, FoundRef>> {
  const found = new Map<string, FoundRef>();
  const lines = (await readText(path, PACKED_BYTES))?.split('\n') ?? [];
  const told = /^# pack-refs with:.* fully-peeled( |$)/.test(lines[0] ?? '');
  let last: FoundRef | null = null;
  for (const line of lines) {
    const peeled = /^\^([0-9a-f]{40})$/.exec(line)?.[1];
    if (peeled !== undefined && last !== null) found.set(last.name, { ...last, peeled });
    const [, oid, name] = /^([0-9a-f]{40}) (\S+)$/.exec(line) ?? [];
    last = null;
    if (oid === undefined || name === undefined || !wanted(name)) continue;
    last = { name, oid, peeled: told ? null : undefined };
    found.set(name, last);
    if (found.size > MOST_REFS) throw tooMany(path);
  }
  return found;
}

function tooMany(path: string): HoldfastError {
  return new HoldfastError('GitContentRefused', `${path} has more than ${MOST_REFS} refs, the most that are read.`);
}
