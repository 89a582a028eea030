// Runs many cases against Git, a few processes at a time.

/** Maps in order of the items, `AT_ONCE` under way. */
export async function pooled<Item, Result>(
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const waiting = items.map((item, index) => ({ item, index }));
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      results[next.index] = await work(next.item, next.index);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}

const AT_ONCE = 2;
