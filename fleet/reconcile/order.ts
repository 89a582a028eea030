// Topological order: what is needed comes first, otherwise the given order stays.

/** Names that are not among the items do not matter; a circle is cut where it closes (readers refuse circles earlier). */
export function inOrder<T>(
  items: readonly T[],
  nameOf: (item: T) => string,
  needs: (item: T) => readonly string[],
): T[] {
  const byName = new Map(items.map((item) => [nameOf(item), item]));
  const placed = new Set<string>();
  const order: T[] = [];
  const place = (item: T): void => {
    const name = nameOf(item);
    if (placed.has(name)) return;
    placed.add(name);
    for (const need of needs(item)) {
      const needed = byName.get(need);
      if (needed !== undefined) place(needed);
    }
    order.push(item);
  };
  for (const item of items) place(item);
  return order;
}
