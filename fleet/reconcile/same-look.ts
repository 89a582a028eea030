// Two looks that saw the same: whatever follows from the second followed from the first.
import type { ContentState, Observed, ObservedContainer } from '../model/observed.ts';

/**
 * True when nothing differs. What the Engine answered is compared by identity, since equal answers are the same objects
 * (`agent/docker/remembered.ts`); false only costs that a plan is made again.
 */
export function isSameLook(before: Observed, after: Observed): boolean {
  return (
    before.engine === after.engine &&
    sameList(before.containers, after.containers, sameContainer) &&
    sameList(before.networks, after.networks, Object.is) &&
    sameList(before.volumes, after.volumes, Object.is) &&
    sameMap(before.images, after.images, Object.is) &&
    sameMap(before.content, after.content, sameContent) &&
    sameSet(before.moved, after.moved) &&
    sameSet(before.completed, after.completed) &&
    sameMap(before.crashLoops ?? NONE, after.crashLoops ?? NONE, Object.is)
  );
}

const NONE: ReadonlyMap<string, string> = new Map();

function sameSet(a: ReadonlySet<string> = new Set(), b: ReadonlySet<string> = new Set()): boolean {
  return a.size === b.size && [...a].every((one) => b.has(one));
}

function sameContainer(a: ObservedContainer, b: ObservedContainer): boolean {
  return a.inspect === b.inspect && a.stoppedByRequest === b.stoppedByRequest;
}

function sameContent(a: ContentState, b: ContentState): boolean {
  if (a.kind !== 'edited' || b.kind !== 'edited') return a.kind === b.kind;
  return sameList(a.paths, b.paths, Object.is);
}

function sameList<T>(a: readonly T[], b: readonly T[], same: (a: T, b: T) => boolean): boolean {
  return a.length === b.length && a.every((item, index) => same(item, b[index] as T));
}

function sameMap<T>(a: ReadonlyMap<string, T>, b: ReadonlyMap<string, T>, same: (a: T, b: T) => boolean): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) if (!b.has(key) || !same(value, b.get(key) as T)) return false;
  return true;
}
