// Which page, with which filters: the whole of it lives in the URL's hash, so that a link shows the same to everyone.
// Pure: text to route and back. What a link says wrongly is dropped.
import { HEALTH, type Health, PRESENCE, type Presence, SYNC, type Sync } from '../../../fleet/model/conditions.ts';
import type { DRIFT_GROUPS } from '../../api/schemas.ts';

export type DriftGroup = (typeof DRIFT_GROUPS)[number];
export const GROUPS = ['field', 'service', 'app', 'revision'] as const satisfies readonly DriftGroup[];

export type Severity = 'info' | 'warning' | 'error';
export const SEVERITIES = ['info', 'warning', 'error'] as const satisfies readonly Severity[];

export interface FleetQuery {
  readonly q: string;
  readonly sync: Sync | null;
  readonly health: Health | null;
  readonly presence: Presence | null;
}

export type Route =
  | { readonly page: 'fleet'; readonly query: FleetQuery }
  /** `fleet` null: the only device of this id. */
  | { readonly page: 'device'; readonly fleet: string | null; readonly id: string }
  | { readonly page: 'events'; readonly severity: Severity | null }
  /** `by` null: every difference, one by one. */
  | { readonly page: 'drift'; readonly by: DriftGroup | null; readonly q: string }
  | { readonly page: 'nowhere'; readonly path: string };

export const NO_FILTER: FleetQuery = { q: '', sync: null, health: null, presence: null };
export const FLEET: Route = { page: 'fleet', query: NO_FILTER };

export function parseRoute(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#/, '').split('?', 2);
  const params = new URLSearchParams(search);
  const parts = path.split('/').filter((part) => part !== '');
  const [page, first, second] = parts;
  if (page === undefined) return { page: 'fleet', query: parseQuery(params) };
  if (page === 'devices' && first !== undefined && parts.length <= 3) {
    if (second === undefined) return { page: 'device', fleet: null, id: decode(first) };
    return { page: 'device', fleet: decode(first), id: decode(second) };
  }
  if (page === 'events' && parts.length === 1) {
    return { page: 'events', severity: oneOf(SEVERITIES, params.get('severity')) };
  }
  if (page === 'drift' && parts.length === 1) {
    const by = params.get('by') === 'each' ? null : (oneOf(GROUPS, params.get('by')) ?? 'field');
    return { page: 'drift', by, q: params.get('q') ?? '' };
  }
  return { page: 'nowhere', path };
}

/** The hash of a route; the defaults are left out. */
export function hrefOf(route: Route): string {
  switch (route.page) {
    case 'fleet':
      return withParams('#/', { ...route.query });
    case 'device':
      return ['#/devices', ...(route.fleet === null ? [] : [route.fleet]), route.id].map(encodePart).join('/');
    case 'events':
      return withParams('#/events', { severity: route.severity });
    case 'drift':
      return withParams('#/drift', { by: route.by === 'field' ? null : (route.by ?? 'each'), q: route.q });
    case 'nowhere':
      return `#${route.path}`;
  }
}

/** `?q=…&sync=…` of what is set, or nothing. */
export function withParams(path: string, params: Readonly<Record<string, string | null>>): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) if (value !== null && value !== '') search.set(key, value);
  return search.size === 0 ? path : `${path}?${search}`;
}

export function isFiltered(query: FleetQuery): boolean {
  return query.q !== '' || query.sync !== null || query.health !== null || query.presence !== null;
}

function parseQuery(params: URLSearchParams): FleetQuery {
  return {
    q: params.get('q') ?? '',
    sync: oneOf(SYNC, params.get('sync')),
    health: oneOf(HEALTH, params.get('health')),
    presence: oneOf(PRESENCE, params.get('presence')),
  };
}

function oneOf<T extends string>(values: readonly T[], text: string | null): T | null {
  return values.find((value) => value === text) ?? null;
}

function encodePart(part: string, at: number): string {
  return at === 0 ? part : encodeURIComponent(part);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A broken escape is no device id; shown as it stands, it will simply not be found.
    return text;
  }
}
