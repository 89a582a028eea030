// A queue that gives what comes first by an order. Pure.

export interface Heap<T> {
  put(item: T): void;
  /** null: it is empty. */
  take(): T | null;
}

export function createHeap<T>(isBefore: (one: T, other: T) => boolean): Heap<T> {
  const items: T[] = [];
  return {
    put(item) {
      let at = items.push(item) - 1;
      while (at > 0) {
        const above = (at - 1) >> 1;
        if (!swapIfBefore(at, above)) return;
        at = above;
      }
    },
    take() {
      const top = items[0];
      const last = items.pop();
      if (top === undefined || last === undefined) return null;
      if (items.length > 0) {
        items[0] = last;
        for (let at = 0, below = lesser(0); swapIfBefore(below, at); at = below, below = lesser(below));
      }
      return top;
    },
  };

  function lesser(at: number): number {
    const [left, right] = [items[2 * at + 1], items[2 * at + 2]];
    return left !== undefined && right !== undefined && isBefore(right, left) ? 2 * at + 2 : 2 * at + 1;
  }

  function swapIfBefore(one: number, other: number): boolean {
    const [first, second] = [items[one], items[other]];
    if (first === undefined || second === undefined || !isBefore(first, second)) return false;
    items[one] = second;
    items[other] = first;
    return true;
  }
}
