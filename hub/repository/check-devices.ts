// Checks a share of a fleet's devices, one after the other. Runs in the program itself or in a thread of its own.
import type { Diagnostic } from '../../fleet/diagnostic.ts';
import { devicePath } from '../../fleet/repo/layout.ts';
import { diagnosticsOf, resolveIn } from './resolve-in.ts';
import { openWorkTree } from './work-tree.ts';

export interface DeviceCheck {
  readonly device: string;
  readonly diagnostics: readonly Diagnostic[];
  /** Groups that select it; null: not known, as something about labels or groups is wrong. */
  readonly groups: readonly string[] | null;
}

/** A checker that reads shared folders once. Throws when a file cannot be read. */
export function createChecker(folder: string): (device: string) => DeviceCheck {
  const workTree = openWorkTree(folder, (root) => root.startsWith(devicePath('')));
  let likely: readonly string[] = [];
  return (device) => {
    const found = resolveIn(workTree, device, likely);
    likely = found.shared;
    return { device, diagnostics: diagnosticsOf(found), groups: found.resolution.groups };
  };
}
