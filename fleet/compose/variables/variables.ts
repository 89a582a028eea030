// The variables that `$NAME` may stand for, and how much text interpolation may make: expansions of expansions
// grow exponentially, so all of one device's share one budget.

export interface Variables {
  get(name: string): string | undefined;
  /** Did its value come out of a SOPS file? */
  isSecret?(name: string): boolean;
  /** May it be in a SOPS file that is not open? Then it is not said to be unset, and its default is taken. */
  isUnknown?(name: string): boolean;
  /** Those that are set: only for saying which one was meant. */
  names?(): Iterable<string>;
}

/** Most characters that one device's interpolation may produce. */
export const MAX_EXPANDED = 4 * 1024 * 1024;
/** Most bytes of variables and labels that one device's files hold, each counted as often as it is named. */
export const MAX_READ = 8 * 1024 * 1024;
/** Most characters of one device's desired state: what it keeps, compares and reports. */
export const MAX_STATE = 16 * 1024 * 1024;

/** Of the user whom agents run as. */
export const HOME = '/root';

/**
 * What a shell would have set, where people count on it: `$PWD/x` is `./x`, which counts from the app's folder. Unset, it
 * would be the root of the host.
 */
export const SHELL_VARIABLES: ReadonlyMap<string, string> = new Map([
  ['HOME', HOME],
  ['PWD', '.'],
]);

/** Each answers false when it is used up. */
export interface Budget {
  /** Characters that interpolation made. */
  spend(characters: number): boolean;
  /** Bytes of a file of variables or labels. */
  read(bytes: number): boolean;
  /** Characters of desired state. */
  keep(characters: number): boolean;
}

export function createBudget(characters = MAX_EXPANDED): Budget {
  return { spend: allowance(characters), read: allowance(MAX_READ), keep: allowance(MAX_STATE) };
}

function allowance(amount: number): (spent: number) => boolean {
  let left = amount;
  return (spent) => {
    left -= spent;
    return left >= 0;
  };
}
