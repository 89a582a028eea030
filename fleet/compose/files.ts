// The repository as the loader sees it: what is at a path, and which paths nobody loaded yet. Pure: the tree is given,
// what is missing is only noted.
import { posix } from 'node:path';
import type { SourceFile, SourceTree } from '../model/source.ts';
import { nearest } from './nearest.ts';

/** More files than this are not looked through for the one that was meant. */
const MAX_BESIDE = 1000;

export type Found =
  | { readonly kind: 'file'; readonly file: SourceFile }
  | { readonly kind: 'folder'; readonly oid: string | null; readonly files: readonly SourceFile[] }
  | { readonly kind: 'absent' }
  /** Not loaded; it is noted as needed, and whoever asked says nothing about it. */
  | { readonly kind: 'unknown' };

export interface Files {
  /** `load`: what to load when the path is not covered; the path itself unless given. */
  find(path: string, load?: string): Found;
  /** Is it a file that was loaded? Notes nothing as needed. */
  has(path: string): boolean;
  /** The loaded files of its folder, by name: only for saying which one was meant. */
  beside(path: string): string[];
  /** Roots to load, none inside another, sorted. */
  needs(): string[];
}

export function createFiles(tree: SourceTree): Files {
  const needed = new Set<string>();
  const folders = new Map<string, Found>();
  const covered = (path: string): boolean => tree.roots.some((root) => isWithin(root, path));
  return {
    find(path, load = path) {
      if (!covered(path)) {
        needed.add(load);
        return { kind: 'unknown' };
      }
      const file = tree.files.get(path);
      if (file !== undefined) return { kind: 'file', file };
      const known = folders.get(path) ?? findFolder(tree, path);
      folders.set(path, known);
      return known;
    },
    has: (path) => tree.files.has(path),
    beside: (path) => {
      const folder = folderOf(path);
      const paths = [...tree.files.keys()].filter((other) => folderOf(other) === folder);
      return paths.slice(0, MAX_BESIDE).map((other) => other.slice(folder === '' ? 0 : folder.length + 1));
    },
    needs: () =>
      [...needed].filter((path) => ![...needed].some((other) => other !== path && isWithin(other, path))).sort(),
  };
}

function findFolder(tree: SourceTree, path: string): Found {
  const files = [...tree.files.values()]
    .filter((file) => isWithin(path, file.path))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const oid = tree.trees.get(path) ?? null;
  return files.length === 0 && oid === null ? { kind: 'absent' } : { kind: 'folder', oid, files };
}

/** Is the path the folder, or below it? The empty folder is the whole repository. */
export function isWithin(folder: string, path: string): boolean {
  return folder === '' || path === folder || path.startsWith(`${folder}/`);
}

/** A relative path from a folder, as a path of the repository (`''`: all of it); null: it leaves the repository. */
export function joinPath(folder: string, relative: string): string | null {
  const joined = posix.normalize(folder === '' ? relative : `${folder}/${relative}`).replace(/\/$/, '');
  if (joined === '..' || joined.startsWith('../') || joined.startsWith('/')) return null;
  return joined === '.' ? '' : joined;
}

/** The folder of a file; `''`: the repository itself. */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

/** `did you mean "nginx.conf"?`: a file beside the one that is not there. */
export function fileMeant(path: string, files: Files): string | undefined {
  const { base: wanted, name, ext } = posix.parse(path);
  const others = files.beside(path).map((base) => posix.parse(base));
  const same = others.find((other) => other.name === name && other.base !== wanted);
  const stem =
    same?.name ??
    nearest(
      name,
      others.filter((other) => other.ext === ext).map((other) => other.name),
    );
  return stem === null ? undefined : `did you mean "${same?.base ?? stem + ext}"?`;
}
