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

/** Applied to the end: what differs from it now has drifted. */
export function isSettled(applied: Fields | null): applied is Fields {
  return applied !== null && !Object.hasOwn(applied, UNFINISHED);
}
