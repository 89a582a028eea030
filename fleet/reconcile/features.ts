// What newer Engines can do and older ones cannot: one table. What a file sets and this Engine lacks holds the resource
// back, with the key and the version that it needs; nothing is dropped in silence.

import type { Mount } from '../model/mount.ts';
import type { Network } from '../model/network.ts';
import type { EngineInfo } from '../model/observed.ts';
import type { Service } from '../model/service.ts';
import { isCdiName } from './attributes/devices.ts';

interface Feature<T> {
  /** Engine API version that brought it, and the Docker release of that version. */
  readonly api: string;
  readonly docker: string;
  /** The keys, below the service or network, that ask for it. */
  readonly asked: (declared: T) => readonly string[];
}

const SERVICE_FEATURES: readonly Feature<Service>[] = [
  { api: '1.41', docker: '20.10', asked: ({ cgroup }) => when(cgroup, 'cgroup') },
  { api: '1.41', docker: '20.10', asked: ({ platform }) => when(platform, 'platform') },
  { api: '1.43', docker: '24', asked: ({ annotations }) => when(annotations, 'annotations') },
  {
    api: '1.44',
    docker: '25',
    asked: ({ healthcheck }) => when(healthcheck?.start_interval, 'healthcheck.start_interval'),
  },
  { api: '1.44', docker: '25', asked: ({ devices }) => when(devices?.find(isCdiName), 'devices') },
  { api: '1.44', docker: '25', asked: attached('mac_address') },
  { api: '1.44', docker: '25', asked: mounted(recursiveReadOnly) },
  { api: '1.45', docker: '26', asked: mounted((mount) => mount.type === 'volume' && mount.subpath !== undefined) },
  { api: '1.48', docker: '28', asked: mounted((mount) => mount.type === 'image') },
  { api: '1.48', docker: '28', asked: attached('gw_priority') },
  { api: '1.49', docker: '28.1', asked: attached('interface_name') },
];

// IPv4 is on everywhere; only newer Engines can go without.
const NETWORK_FEATURES: readonly Feature<Network>[] = [
  { api: '1.48', docker: '28', asked: ({ enable_ipv4 }) => (enable_ipv4 === false ? ['enable_ipv4'] : []) },
];

/** Why this Engine cannot run a service as declared: `services.web.annotations needs Engine API 1.43 (Docker 24); …`. */
export function lackedByService(engine: EngineInfo, service: Service): readonly string[] {
  return lacked(SERVICE_FEATURES, engine, service, `services.${service.name}`);
}

/** The same for a network. */
export function lackedByNetwork(engine: EngineInfo, network: Network): readonly string[] {
  return lacked(NETWORK_FEATURES, engine, network, `networks.${network.key}`);
}

/** `1.9` is before `1.41`. */
export function atLeast(apiVersion: string, wanted: string): boolean {
  const [major = 0, minor = 0] = apiVersion.split('.').map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = wanted.split('.').map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

function lacked<T>(features: readonly Feature<T>[], engine: EngineInfo, declared: T, path: string): readonly string[] {
  return features
    .filter(({ api }) => !atLeast(engine.apiVersion, api))
    .flatMap(({ api, docker, asked }) =>
      asked(declared).map(
        (key) => `${path}.${key} needs Engine API ${api} (Docker ${docker}); this host has ${engine.apiVersion}`,
      ),
    );
}

function when(value: unknown, key: string): readonly string[] {
  return value === undefined ? [] : [key];
}

function attached(setting: 'mac_address' | 'gw_priority' | 'interface_name') {
  return ({ networks }: Service): readonly string[] =>
    Object.entries(networks).flatMap(([key, attachment]) => when(attachment[setting], `networks.${key}.${setting}`));
}

function mounted(asks: (mount: Mount) => boolean) {
  return ({ mounts }: Service): readonly string[] => mounts.filter(asks).map(({ target }) => `volumes.${target}`);
}

function recursiveReadOnly(mount: Mount): boolean {
  return mount.type === 'bind' && (mount.recursive === 'writable' || mount.recursive === 'readonly');
}
