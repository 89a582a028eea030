// Seeded randomness: the same seed makes the same choices.

export interface Random {
  /** From 0 up to, not including, `below`. */
  int(below: number): number;
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** A part of the items, in their order. */
  some<T>(items: readonly T[]): T[];
  shuffled<T>(items: readonly T[]): T[];
}

/** mulberry32. */
export function createRandom(seed: number): Random {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const random: Random = {
    int: (below) => Math.floor(next() * below),
    chance: (probability) => next() < probability,
    pick: (items) => items[random.int(items.length)] as (typeof items)[number],
    some: (items) => items.filter(() => next() < 0.5),
    shuffled(items) {
      const rest = [...items];
      return items.map(() => rest.splice(random.int(rest.length), 1)[0] as (typeof items)[number]);
    },
  };
  return random;
}
