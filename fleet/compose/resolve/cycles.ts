// Finds what depends on itself.

/** One cycle of each knot, as `[a, b, a]`, starting with its first name; the same for any order of the graph. */
export function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const done = new Set<string>();
  const cycles: string[][] = [];
  for (const start of [...graph.keys()].sort()) {
    if (done.has(start)) continue;
    const path: string[] = [];
    const follow = [[start]];
    while (follow.length > 0) {
      const next = follow.at(-1)?.shift();
      if (next === undefined) {
        follow.pop();
        const left = path.pop();
        if (left !== undefined) done.add(left);
        continue;
      }
      const at = path.indexOf(next);
      if (at >= 0) cycles.push(rotated(path.slice(at)));
      if (at >= 0 || done.has(next)) continue;
      path.push(next);
      follow.push([...(graph.get(next) ?? [])].sort());
    }
  }
  return cycles;
}

function rotated(cycle: readonly string[]): string[] {
  const first = cycle.indexOf([...cycle].sort()[0] ?? '');
  const turned = [...cycle.slice(first), ...cycle.slice(0, first)];
  return [...turned, ...turned.slice(0, 1)];
}
