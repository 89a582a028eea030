// A source tree from a record of texts, as a Git source would load it.
import { createHash } from 'node:crypto';
import { type SourceFile, type SourceTree, TEXT_BYTES } from '../../../fleet/model/source.ts';

export type Files = Record<string, string | Uint8Array>;

/** `roots` unless given: everything. Paths that end in `.sh` are executable. */
export function treeOf(files: Files, roots: readonly string[] = ['']): SourceTree {
  const entries = Object.entries(files).filter(([path]) => roots.some((root) => isBelow(root, path)));
  const all = new Map(entries.map(([path, text]) => [path, fileOf(path, text)]));
  const trees = new Map<string, string>();
  for (const path of all.keys()) {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const folder = path.slice(0, end);
      if (trees.has(folder)) continue;
      const inside = [...all.values()].filter((file) => isBelow(folder, file.path));
      if (roots.some((root) => isBelow(root, folder)))
        trees.set(folder, sha1(inside.map((f) => f.path + f.oid).join()));
    }
  }
  return { roots, files: all, trees };
}

export function oidOf(text: string): string {
  return sha1(`blob ${Buffer.byteLength(text)}\0${text}`);
}

function fileOf(path: string, text: string | Uint8Array): SourceFile {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  const oid = createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
  const mode = path.endsWith('.sh') ? '100755' : '100644';
  return { path, mode, oid, size: bytes.length, ...(bytes.length <= TEXT_BYTES ? { bytes } : {}) };
}

function isBelow(root: string, path: string): boolean {
  return root === '' || path === root || path.startsWith(`${root}/`);
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
