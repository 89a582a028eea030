// A service's environment: its files in order, then its own keys over them.

import type { Pairs } from '../pairs.ts';
import { sortedRecord } from '../read.ts';
import { below, itemOf, type Where } from '../report.ts';
import { type EnvFile, type EnvFileContext, loadEnvFile } from '../variables/env-file.ts';
import type { Budget, Variables } from '../variables/variables.ts';

export interface EnvironmentContext extends EnvFileContext {
  readonly variables: Variables;
  readonly budget: Budget;
}

export function resolveEnvironment(
  files: readonly EnvFile[],
  own: Pairs,
  where: Where,
  context: EnvironmentContext,
): Record<string, string> {
  const values = new Map<string, string>();
  // As in Compose, a file may refer to what stands under environment.
  const over: Variables = { get: (name) => context.variables.get(name) ?? own.get(name)?.value ?? undefined };
  for (const [index, file] of files.entries()) {
    const scope = { over, under: values, budget: context.budget };
    const read = loadEnvFile(file, scope, itemOf(below(where, 'env_file'), index), context);
    for (const [name, value] of read) values.set(name, value);
  }
  for (const [name, { value }] of own) {
    const given = value ?? context.variables.get(name);
    // A name without a value that nobody sets is left out, even when a file has it: own keys come first.
    if (given === undefined) values.delete(name);
    else values.set(name, given);
  }
  return sortedRecord(values);
}

/** Values of their own, or those of the variables of their name; what has neither is left out. */
export function resolvePairs(pairs: Pairs, variables: Variables): Record<string, string> {
  return sortedRecord(
    [...pairs].flatMap(([name, { value }]) => {
      const given = value ?? variables.get(name);
      return given === undefined ? [] : [[name, given] as const];
    }),
  );
}
