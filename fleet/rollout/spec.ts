// The spec of an app: a digest over what of it runs. How it is treated (drift, ignore, order, strategy, times) is no part of it.
import { createHash } from 'node:crypto';
import type { DesiredApp } from '../model/desired.ts';

/** Two versions of an app with the same spec run the same. Never leaves the device: secrets are part of what it is made of. */
export function appSpec({
  services,
  networks,
  volumes,
}: Pick<DesiredApp, 'services' | 'networks' | 'volumes'>): string {
  return createHash('sha256').update(JSON.stringify({ services, networks, volumes }, inKeyOrder)).digest('hex');
}

/** What was stored by an older agent has its keys in another order. */
function inKeyOrder(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
