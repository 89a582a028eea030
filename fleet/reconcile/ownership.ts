// Who owns a field: Git (`correct`), the host under Git's eyes (`warn`), or the host alone (`ignore`). One rule set for what is
// reported and for what is done. Pure; knows no attribute.
import type { DesiredApp } from '../model/desired.ts';
import type { Difference } from '../model/plan.ts';

export type Owner = 'correct' | 'warn' | 'ignore';

/** An app's rules: `drift` for every field, and patterns for some. */
export type Rules = Pick<DesiredApp, 'drift' | 'correct' | 'warn' | 'ignore'>;

/** Of equally specific patterns the one that does less decides. */
const LISTS = ['ignore', 'warn', 'correct'] as const;

/**
 * The most specific pattern that matches decides: the one with the most characters that are not `*`. Where none matches,
 * the app's `drift` does. `path`: as `pathOf` gives it.
 */
export function ownerOf(rules: Rules, path: string): Owner {
  let owner: Owner = rules.drift;
  let most = -1;
  for (const list of LISTS) {
    for (const pattern of rules[list]) {
      const specific = pattern.length - (pattern.match(/\*/g)?.length ?? 0);
      if (specific <= most || !matches(pattern, path) || isCareless(list, pattern, path)) continue;
      owner = list;
      most = specific;
    }
  }
  return owner;
}

/** `services.web.*` is about fields: that the whole of it is missing is ignored only where a pattern says that word. */
function isCareless(list: Owner, pattern: string, path: string): boolean {
  return list === 'ignore' && path.endsWith('.missing') && !pattern.endsWith('missing');
}

/**
 * How patterns name a difference: `services.web.environment.TZ`, `networks.front.labels.a`, `services.web.missing`. Containers
 * of one service are one.
 */
export function pathOf({ resource, field, kind }: Pick<Difference, 'resource' | 'field' | 'kind'>): string {
  const [kindOf = '', name = ''] = split(resource, ':');
  const [, key = ''] = split(name, '/');
  return `${kindOf}s.${key.replace(/#\d+$/, '')}.${field ?? kind}`;
}

/** Identifies one drift over time. */
export function driftKey({ resource, field, kind }: Pick<Difference, 'resource' | 'field' | 'kind'>): string {
  return `${resource}|${field ?? kind}`;
}

export function isDrift({ origin }: Difference): boolean {
  return origin === 'drift';
}

/**
 * The differences that count, each with whether it is left as it is. What is ignored does not differ, but what never was there
 * is made all the same. What Git changes is done, whoever owns it. `held`: keys of drift that is not fought over for now.
 */
export function judged(
  app: Rules,
  differences: readonly Difference[],
  held: ReadonlySet<string> = new Set(),
): Difference[] {
  return differences.flatMap((difference): Difference[] => {
    const owner = ownerOf(app, pathOf(difference));
    const drifted = isDrift(difference);
    if (owner === 'ignore') return difference.kind === 'missing' && !drifted ? [difference] : [];
    if (!drifted || difference.left !== undefined) return [difference];
    if (owner === 'warn') return [{ ...difference, left: 'warn' }];
    return [held.has(driftKey(difference)) ? { ...difference, left: 'held' } : difference];
  });
}

/** The plan mends it. */
export function isActedOn({ left }: Difference): boolean {
  return left === undefined;
}

/** Services that are down because their owner is the host: nothing waits for them to be healthy. */
export function leftDown(differences: readonly Difference[]): ReadonlySet<string> {
  const down = differences.filter(
    ({ left, kind, field }) => left === 'warn' && (kind === 'missing' || (kind === 'field' && field === 'state')),
  );
  return new Set(down.map(({ resource }) => resource));
}

/** Linear in both lengths: on a mismatch only the last `*` takes one character more. */
export function matches(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++;
      resume = t;
    } else if (pattern[p] === text[t]) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resume;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

function split(text: string, at: string): readonly [string, string] {
  const index = text.indexOf(at);
  return index < 0 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)];
}
