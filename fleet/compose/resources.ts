// Networks and volumes of a project: names on the Engine, and what a volume's options really mount.
import { posix } from 'node:path';
import type { Network, Service, Volume } from '../model/desired.ts';
import type { Claim } from './claims.ts';
import type { NetworkFields, VolumeFields } from './keys/top.ts';
import { resolveLabels } from './labels.ts';
import type { Pairs } from './pairs.ts';
import { type Place, wholeFile } from './place.ts';
import { sortedRecord } from './read.ts';
import { below, type Where } from './report.ts';

/** An absolute path of the host that a service gets to see. */
export interface HostPath {
  readonly service: string;
  readonly source: string;
  readonly at: Place;
}

export interface Named<T> {
  readonly value: T;
  readonly at: Place;
}

/** Only those that a service is attached to, as in Compose; `default` exists without being declared. */
export function resolveNetworks(
  services: readonly Service[],
  declared: ReadonlyMap<string, NetworkFields>,
  app: string,
  file: string,
  where: Where,
): Named<Network>[] {
  const used = new Set(services.flatMap((service) => Object.keys(service.networks)));
  const bare = { external: false, driver_opts: new Map(), internal: false, attachable: false, labels: new Map() };
  const all = new Map(declared);
  if (!all.has('default')) all.set('default', { ...bare, key: 'default', subnets: [], at: wholeFile(file) });
  return sortedByKey([...all.values()]).flatMap(({ at, driver_opts, name, labels, ...fields }) => {
    const place = below(below(where, 'networks'), fields.key);
    const checked = resolveLabels(labels, below(place, 'labels'));
    if (!used.has(fields.key)) return [];
    const network: Network = {
      ...fields,
      name: name ?? (fields.external ? fields.key : `${app}_${fields.key}`),
      driver_opts: options(driver_opts),
      labels: checked,
    };
    return [{ value: network, at }];
  });
}

/** All that are declared, used or not: what holds data does not become removable by falling out of use. */
export function resolveVolumes(
  declared: ReadonlyMap<string, VolumeFields>,
  app: string,
  where: Where,
): Named<Volume>[] {
  return sortedByKey([...declared.values()]).map(({ at, driver_opts, name, labels, ...fields }) => {
    const place = below(below(where, 'volumes'), fields.key);
    const value: Volume = {
      ...fields,
      name: name ?? (fields.external ? fields.key : `${app}_${fields.key}`),
      driver_opts: options(driver_opts),
      labels: resolveLabels(labels, below(place, 'labels')),
    };
    return { value, at };
  });
}

export function claimsOf(app: string, networks: readonly Named<Network>[], volumes: readonly Named<Volume>[]): Claim[] {
  const claims = (kind: 'network' | 'volume', all: readonly Named<Network | Volume>[]): Claim[] =>
    all
      .filter(({ value }) => !value.external)
      .map(({ value, at }) => ({ kind, name: value.name, owner: app, path: `${kind}s.${value.key}`, at }));
  return [...claims('network', networks), ...claims('volume', volumes)];
}

/**
 * Host paths that the options of a volume mount: `driver_opts: {type: none, o: bind, device: /etc}` is a bind under another
 * name, and a policy on binds has to see it.
 */
export function volumeHostPaths(services: readonly Service[], volumes: readonly Named<Volume>[]): HostPath[] {
  return volumes.flatMap(({ value, at }) => {
    const source = hostPathOf(value);
    if (source === null) return [];
    const users = services.filter(({ mounts }) => mounts.some((m) => m.type === 'volume' && m.source === value.key));
    return users.map(({ name }) => ({ service: name, source, at }));
  });
}

/** File systems that do not come from the host, unless they are told to bind. */
const REMOTE = new Set(['nfs', 'nfs4', 'cifs', 'smb3', 'tmpfs']);

function hostPathOf({ driver, driver_opts, external }: Volume): string | null {
  if (external || (driver !== undefined && driver !== 'local') || Object.keys(driver_opts).length === 0) return null;
  const { type = '', o = '', device = '' } = driver_opts;
  const binds = o.split(',').some((option) => /^r?bind$|^move$/.test(option.trim()));
  if (!binds && (REMOTE.has(type) || (type === '' && device === ''))) return null;
  // What else can stand in the options (an overlay's layers, say) may be anywhere on the host.
  return device.startsWith('/') ? posix.normalize(device).replace(/^\/+/, '/') : '/';
}

function options(pairs: Pairs): Record<string, string> {
  return sortedRecord([...pairs].map(([name, { value }]) => [name, value ?? '']));
}

function sortedByKey<T extends { readonly key: string }>(all: T[]): T[] {
  return all.sort((a, b) => (a.key < b.key ? -1 : 1));
}
