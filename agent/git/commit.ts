// What the walk needs of a raw commit object: its tree and its parents. Pure. Strictness about signed commits is
// `agent/trust/`'s; both read the same bytes, and a commit whose first line is not its tree is refused by both.
import { HoldfastError } from '../../fleet/error.ts';

const TREE = /^tree ([0-9a-f]{40})\n/;
const PARENT = /^parent ([0-9a-f]{40})\n/;
const TREE_LENGTH = 46;
const PARENT_LENGTH = 48;

/** Throws `GitContentRefused`. */
export function treeOf(raw: Uint8Array, commit: string): string {
  const tree = TREE.exec(slice(raw, 0, TREE_LENGTH))?.[1];
  if (tree === undefined) throw new HoldfastError('GitContentRefused', `Commit ${commit} is malformed.`);
  return tree;
}

/** In their order. */
export function parentsOf(raw: Uint8Array): readonly string[] {
  const parents: string[] = [];
  for (let at = TREE_LENGTH; ; at += PARENT_LENGTH) {
    const parent = PARENT.exec(slice(raw, at, PARENT_LENGTH))?.[1];
    if (parent === undefined) return parents;
    parents.push(parent);
  }
}

/** The committer's time in ms since 1970; null: it has none that can be read. */
export function committedMs(raw: Uint8Array): number | null {
  const head = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('latin1').split('\n\n', 1)[0] ?? '';
  const seconds = /^committer .*> (\d{1,12}) [+-]\d{4}$/m.exec(head)?.[1];
  return seconds === undefined ? null : Number(seconds) * 1000;
}

function slice(raw: Uint8Array, at: number, length: number): string {
  return Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('latin1', at, at + length);
}
