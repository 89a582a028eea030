// What all that is mounted has in common: its place in the container, and who may read it.

import { posix } from 'node:path';
import type { Place } from '../place.ts';
import type { Reader } from '../read.ts';
import { shown, type Where, wrong } from '../report.ts';

export function mountPoint(text: string, at: Place, where: Where): string | undefined {
  // A path with a drive letter is only seen in files for Windows; no container here can have it.
  if (!text.startsWith('/')) {
    const hint = 'write SOURCE:TARGET with an absolute path in the container';
    return wrong(where, at, 'value', `"${shown(text)}" is not an absolute path in the container`, hint);
  }
  const path = posix.normalize(text);
  if (path === '/') return wrong(where, at, 'value', 'the root of the container cannot be a mount point');
  return path.replace(/^\/+/, '/').replace(/\/$/, '');
}

export function lastPerTarget<T extends { readonly target: string }>(specs: readonly T[]): T[] {
  return [...new Map(specs.map((spec) => [spec.target, spec])).values()];
}

/** A number that cannot be octal is what its digits say, as in Compose: 288 is 0440. */
function decimalMode(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= 0o7777 ? value : null;
}

/** Permissions: octal as people write them (`0644`, `"1777"`, `0o755`). */
export const readFileMode: Reader<number> = (node, where) => {
  const mode = node.kind === 'scalar' ? (parseFileMode(node.text) ?? decimalMode(node.value)) : null;
  return mode ?? wrong(where, node.at, 'value', 'has to be permissions in octal', 'write it like 0644');
};

export function parseFileMode(text: string): number | null {
  const digits = /^0?o?([0-7]{1,4})$/.exec(text)?.[1];
  return digits === undefined ? null : Number.parseInt(digits, 8);
}
