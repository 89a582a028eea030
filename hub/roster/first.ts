// The first few of many in some order, without sorting the many. Pure.

/** At most `limit` of those that are wanted, in order. Costs little more than one look at each. */
export function firstOf<T>(
  all: Iterable<T>,
  limit: number,
  compare: (a: T, b: T) => number,
  isWanted: (one: T) => boolean = () => true,
): T[] {
  const first: T[] = [];
  for (const one of all) {
    if (!isWanted(one)) continue;
    const last = first[limit - 1];
    if (last !== undefined && compare(one, last) >= 0) continue;
    first.splice(placeOf(first, one, compare), 0, one);
    if (first.length > limit) first.pop();
  }
  return first;
}

function placeOf<T>(sorted: readonly T[], one: T, compare: (a: T, b: T) => number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = sorted[middle];
    if (at !== undefined && compare(at, one) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
