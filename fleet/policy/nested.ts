// Mounts that lie inside other mounts. Whoever can write to the outer folder can put a link in place of the inner one, and the
// Engine follows it at the next start of the container that mounts it, when no agent looks.
import type { Ask } from '../model/ask.ts';
import { normalPath } from './paths.ts';

type MountAsk = Extract<Ask, { readonly kind: 'bind' | 'data' }>;

export function nestedIn(asks: readonly Ask[]): Ask[] {
  const mounts = asks.filter((ask): ask is MountAsk => ask.kind === 'bind' || ask.kind === 'data');
  const writable = new Map(
    mounts.filter(({ read_only }) => read_only !== true).map((ask) => [placeOf(ask), ask.source]),
  );
  if (writable.size === 0) return [];
  return mounts.flatMap(({ source, app, service, key, place, ...ask }): Ask[] => {
    const outer = foldersAbove(placeOf({ source, app, ...ask })).find((folder) => writable.has(folder));
    const shown = outer === undefined ? undefined : writable.get(outer);
    return shown === undefined ? [] : [{ kind: 'nested', source, outer: shown, app, service, key, place }];
  });
}

/** One name for each place: of the host, or of an app's data. */
function placeOf({ kind, source, app }: Pick<MountAsk, 'kind' | 'source' | 'app'>): string {
  return kind === 'bind' ? normalPath(source) : `${app}:${normalPath(source)}`;
}

/** The nearest first. Whoever may write to all of the host has no need of links. */
function foldersAbove(path: string): string[] {
  const parts = path.split('/');
  return parts
    .slice(1)
    .map((_, index) => parts.slice(0, parts.length - 1 - index).join('/'))
    .filter((folder) => folder !== '');
}
