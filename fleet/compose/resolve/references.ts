// Names that a file uses have to be names that it declares.
import { didYouMean } from '../nearest.ts';
import type { Place } from '../place.ts';
import { shown, type Where, wrong } from '../report.ts';

/** Is the name one of those declared? Says so when it is not. */
export function isDeclared(
  kind: 'service' | 'network' | 'config' | 'secret',
  name: string,
  at: Place,
  declared: readonly string[],
  where: Where,
): boolean {
  if (declared.includes(name)) return true;
  const hint = didYouMean(name, declared) ?? `declare it under "${kind}s" at the top level`;
  wrong(where, at, `undefined-${kind}`, `the ${kind} "${shown(name)}" is not declared`, hint);
  return false;
}
