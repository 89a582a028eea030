// Networks and volumes of a project: names on the Engine, and what a volume's options really mount.
import { posix } from 'node:path';
import { BUILT_IN } from '../../engine/built-in.ts';
import type { AskWhat } from '../../model/ask.ts';
import type { Network } from '../../model/network.ts';
import type { Service } from '../../model/service.ts';
import type { Volume } from '../../model/volume.ts';
import type { NetworkFields } from '../keys/networks.ts';
import type { VolumeFields } from '../keys/top.ts';
import type { Pairs } from '../pairs.ts';
import { type Place, wholeFile } from '../place.ts';
import { type Located, sortedRecord } from '../read.ts';
import { below, type Where } from '../report.ts';
import type { Claim } from './claims.ts';
import { resolveLabels } from './labels.ts';
import { relativeDevice } from './mounts.ts';

/** What the project asks of the host; the app is added where it is known. */
export type LocatedAsk = AskWhat & {
  readonly service: string | null;
  readonly key: string;
  readonly at: Place;
};

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
  if (!all.has('default')) all.set('default', { ...bare, key: 'default', ipam: { config: [] }, at: wholeFile(file) });
  return sortedByKey([...all.values()]).flatMap(({ at, driver, driver_opts, name, labels, ...fields }) => {
    const place = below(below(where, 'networks'), fields.key);
    const checked = resolveLabels(labels, below(place, 'labels'));
    if (!used.has(fields.key)) return [];
    const network: Network = {
      ...fields,
      ...driverOf(driver),
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
  // A folder beside the Compose file is mounted as one, without a volume.
  const made = [...declared.values()].filter((volume) => relativeDevice(volume) === null);
  return sortedByKey(made).map(({ at, driver, driver_opts, name, labels, ...fields }) => {
    const place = below(below(where, 'volumes'), fields.key);
    const value: Volume = {
      ...fields,
      ...driverOf(driver),
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
 * name, and a policy on binds has to see it. Used or not: the volume is made, and whoever names it as external mounts it.
 */
export function volumeHostPaths(
  volumes: readonly Named<Volume>[],
  declared: ReadonlyMap<string, VolumeFields>,
): LocatedAsk[] {
  return volumes.flatMap(({ value, at }): LocatedAsk[] => {
    const source = hostPathOf(value);
    if (source === null) return [];
    const read_only = isReadOnly(value.driver_opts.o ?? '');
    const device = declared.get(value.key)?.driver_opts.get('device');
    const key = `volumes.${value.key}.driver_opts${device === undefined ? '' : '.device'}`;
    return [{ kind: 'bind', service: null, key, source, read_only, at: device?.at ?? at }];
  });
}

/** File systems that do not come from the host, unless they are told to bind. */
const REMOTE = new Set(['nfs', 'nfs4', 'cifs', 'smb3', 'tmpfs']);
/** File systems that lie on the device which is named, and nowhere else. */
const ON_DISK = new Set([
  'ext2',
  'ext3',
  'ext4',
  'xfs',
  'btrfs',
  'f2fs',
  'vfat',
  'exfat',
  'ntfs3',
  'iso9660',
  'squashfs',
]);

function hostPathOf({ driver, driver_opts, external }: Volume): string | null {
  if (external || (driver !== undefined && driver !== 'local') || Object.keys(driver_opts).length === 0) return null;
  const { type = '', o = '', device = '' } = driver_opts;
  const binds = optionsOf(o).some((option) => /^r?bind$|^move$/.test(option));
  if (!binds && (REMOTE.has(type) || (type === '' && device === ''))) return null;
  // What else can stand in the options (an overlay's layers, say) may be anywhere on the host, whatever the device says.
  const isNamed = binds || ON_DISK.has(type);
  return isNamed ? plainPath(device) : '/';
}

/** A path that the Engine takes as it is written: behind a link, `..` leads anywhere. */
export function plainPath(path: string): string {
  if (!path.startsWith('/') || path.split('/').includes('..')) return '/';
  return posix.normalize(path).replace(/^\/+/, '/');
}

/** The last of `ro` and `rw` counts, and neither reaches the mounts below one that is taken with them. */
function isReadOnly(o: string): boolean {
  const options = optionsOf(o);
  return options.lastIndexOf('ro') > options.lastIndexOf('rw') && !options.includes('rbind');
}

function optionsOf(o: string): string[] {
  return o.split(',').map((option) => option.trim());
}

/** Of addresses. */
const IPAM_DRIVERS = ['default', 'null'];

/** Drivers that somebody has to have installed. Of networks only those that are made. */
export function driverAsks(
  networks: readonly Named<Network>[],
  volumes: readonly Named<Volume>[],
  declared: {
    readonly networks?: ReadonlyMap<string, NetworkFields>;
    readonly volumes?: ReadonlyMap<string, VolumeFields>;
  },
): LocatedAsk[] {
  const asks = (of: 'network' | 'volume', all: readonly Named<Network | Volume>[]) =>
    all.flatMap(({ value: { key } }): LocatedAsk[] => {
      const driver = declared[`${of}s`]?.get(key)?.driver;
      if (driver === undefined || BUILT_IN[of].includes(driver.value)) return [];
      return [{ kind: 'driver', of, name: driver.value, service: null, key: `${of}s.${key}.driver`, at: driver.at }];
    });
  const ipam = networks.flatMap(
    ({
      value: {
        key,
        external,
        ipam: { driver },
      },
      at,
    }): LocatedAsk[] => {
      if (external || driver === undefined || IPAM_DRIVERS.includes(driver)) return [];
      return [{ kind: 'driver', of: 'network', name: driver, service: null, key: `networks.${key}.ipam.driver`, at }];
    },
  );
  return [...ipam, ...asks('network', networks), ...asks('volume', volumes)];
}

function driverOf(driver: Located<string> | undefined): { driver?: string } {
  return driver === undefined ? {} : { driver: driver.value };
}

function options(pairs: Pairs): Record<string, string> {
  return sortedRecord([...pairs].map(([name, { value }]) => [name, value ?? '']));
}

function sortedByKey<T extends { readonly key: string }>(all: T[]): T[] {
  return all.sort((a, b) => (a.key < b.key ? -1 : 1));
}
