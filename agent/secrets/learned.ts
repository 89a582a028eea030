// The values of secrets that this process has seen, and text without them: rotated ones too, as containers and errors may
// still speak of them. Bounded: the oldest are forgotten first.
import { type Hide, hider, isHidden, MAX_VALUES } from '../../fleet/mask.ts';

/** Those of the accepted state, of the last good one, and of what came and went in between. */
const REMEMBERED = 4 * MAX_VALUES;

export interface Learned {
  readonly hide: Hide;
  learn(values: Iterable<string>): void;
}

export function createLearned(): Learned {
  const known = new Set<string>();
  let hide: Hide | null = null;
  return {
    hide(text) {
      hide ??= hider(known);
      return hide(text);
    },
    learn(values) {
      for (const value of values) {
        if (!isHidden(value) || known.has(value)) continue;
        known.add(value);
        hide = null;
      }
      for (const value of known) {
        if (known.size <= REMEMBERED) break;
        known.delete(value);
      }
    },
  };
}
