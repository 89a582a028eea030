// Where each label, setting, app and variable of a device came from, as people look for it: `fleet.yaml:4 (group kiosks)`.
import { lineOf, type Place } from '../compose/place.ts';
import { type AppFields, type Layer, lastSaid, lastSaidOfDrift, type Said } from './layers.ts';

/** Enough for any device that somebody still understands; the rest is not kept. */
const MAX_ORIGINS = 10_000;

const SETTINGS = ['interval', 'suspend', 'windows'] as const;
const APP_SETTINGS = ['enabled', 'drift', 'strategy', 'health_timeout', 'rollback', 'suspend', 'windows'] as const;

/** By path, sorted: `labels.site`, `interval`, `apps.kiosk`, `apps.kiosk.drift`, `apps.kiosk.env.TZ`. */
export function originsOf(
  labels: ReadonlyMap<string, { readonly at: Place }>,
  layers: readonly Layer[],
  apps: readonly AppFields[],
): Record<string, string> {
  const found: [string, string][] = [];
  for (const [name, { at }] of labels) found.push([`labels.${name}`, origin({ at, group: null })]);
  for (const key of SETTINGS) {
    const said = lastSaid(layers, key);
    if (said !== undefined) found.push([key, origin(said)]);
  }
  const drift = lastSaidOfDrift(layers, 'default');
  if (drift !== undefined) found.push(['drift', origin(drift)]);
  for (const app of apps) {
    const path = `apps.${app.name}`;
    found.push([path, app.from.map(origin).join(', ')]);
    for (const key of APP_SETTINGS) {
      const said = app[key];
      if (said !== undefined) found.push([`${path}.${key}`, origin(said)]);
    }
    for (const [name, said] of app.env) found.push([`${path}.env.${name}`, origin(said)]);
  }
  return Object.fromEntries(found.slice(0, MAX_ORIGINS).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function origin({ at, group }: Pick<Said<unknown>, 'at' | 'group'>): string {
  const place = at.start < 0 ? at.file.path : `${at.file.path}:${lineOf(at)}`;
  return group === null ? place : `${place} (group ${group})`;
}
