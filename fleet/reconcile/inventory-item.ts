// How the inventory says that something is listed, so that it may be removed, but not applied to the end yet.
import type { InventoryItem } from '../model/inventory.ts';
import type { Fields } from '../model/plan.ts';

/** Set until the cycle has ended well. No attribute has this name or those below, so nothing compares them. */
const UNFINISHED = 'unfinished';

/**
 * The item as it is listed before the resource is made. It keeps every field that was ever being applied, so that none
 * stays behind unseen when Git takes it back in the middle.
 */
export function announced(item: InventoryItem, listed: InventoryItem | undefined): InventoryItem {
  return { ...item, applied: { ...listed?.applied, ...item.applied, [UNFINISHED]: true } };
}

/** Set before content is written again under a container, until the cycle in which it saw the new bytes has ended well. */
const REWRITTEN = 'rewritten';

/** The item as it is listed before content that its container mounts is written again. */
export function rewritten(item: InventoryItem): InventoryItem {
  return { ...item, applied: { ...item.applied, [REWRITTEN]: true } };
}

/** The container may still see content from before it was written again. */
export function isRewritten({ applied }: InventoryItem): boolean {
  return Object.hasOwn(applied, REWRITTEN);
}

/** Set before content is written over under a container, until the cycle in which it was told has ended well. */
const UNTOLD = 'untold';

/** The item as it is listed before content that its container mounts is written over. */
export function untold(item: InventoryItem): InventoryItem {
  return { ...item, applied: { ...item.applied, [UNTOLD]: true } };
}

/** The container may not know yet that its content changed. */
export function isUntold({ applied }: InventoryItem): boolean {
  return Object.hasOwn(applied, UNTOLD);
}

/** Its content was last written by this agent, perhaps not to the end: what differs is no person's doing. */
export function isBeingWritten(applied: Fields | null): boolean {
  return applied !== null && (Object.hasOwn(applied, UNTOLD) || Object.hasOwn(applied, REWRITTEN));
}

/** Set before a container with `post_start` hooks starts, until the cycle in which they ended well has ended well. */
const UNHOOKED = 'unhooked';

/** The item as it is listed before its container starts and its hooks run. */
export function unhooked(item: InventoryItem): InventoryItem {
  return { ...item, applied: { ...item.applied, [UNHOOKED]: true } };
}

/** Its hooks may not have run since the container started. */
export function isUnhooked({ applied }: InventoryItem): boolean {
  return Object.hasOwn(applied, UNHOOKED);
}

/** Which specs of a one-shot have run to their end, the newest last. */
const COMPLETED = 'completed';
/** Older ones are forgotten: as many versions as anybody goes back. */
export const MAX_COMPLETED = 8;

export function completedSpecs({ applied }: InventoryItem): readonly string[] {
  const specs = applied[COMPLETED];
  return typeof specs === 'object' && specs !== null ? specs : [];
}

/** The item with these specs noted as run to their end, beside what `listed` has noted. */
export function completed(
  item: InventoryItem,
  listed: InventoryItem | undefined,
  specs: readonly string[],
): InventoryItem {
  const all = [...new Set([...(listed === undefined ? [] : completedSpecs(listed)), ...specs])];
  return all.length === 0 ? item : { ...item, applied: { ...item.applied, [COMPLETED]: all.slice(-MAX_COMPLETED) } };
}

/** Applied to the end: what differs from it now has drifted. */
export function isSettled(applied: Fields | null): applied is Fields {
  return applied !== null && !Object.hasOwn(applied, UNFINISHED);
}
