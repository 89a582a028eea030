// The variables that `$NAME` may stand for, and how much text interpolation may make: expansions of expansions
// grow exponentially, so all of one device's share one budget.

export interface Variables {
  get(name: string): string | undefined;
}

/** Most characters that one device's interpolation may produce. */
export const MAX_EXPANDED = 4 * 1024 * 1024;

export interface Budget {
  /** false: used up. */
  spend(characters: number): boolean;
}

export function createBudget(characters = MAX_EXPANDED): Budget {
  let left = characters;
  return {
    spend(amount) {
      left -= amount;
      return left >= 0;
    },
  };
}
