// Builders of desired state: small literals with what a test does not care about filled in.
import type { Desired, DesiredApp } from '../../../../fleet/model/desired.ts';
import type { Content, Mount } from '../../../../fleet/model/mount.ts';
import type { Network } from '../../../../fleet/model/network.ts';
import type { Service } from '../../../../fleet/model/service.ts';
import type { Volume } from '../../../../fleet/model/volume.ts';

export const DEVICE = 'edge-01';
export const PATHS = { content: '/state/content', data: '/state/volumes', secrets: '/run/holdfast/secrets' };
export const LIMITS = { steps: 1000, deletes: 20 };

/** A desired state; `commit` tells revisions apart. */
export function desiredOf(apps: readonly DesiredApp[], commit = 'a'): Desired {
  const revision = `main@sha1:${commit.repeat(40).slice(0, 40)}`;
  return {
    device: DEVICE,
    revision,
    labels: {},
    intervalMs: null,
    suspend: false,
    apps,
    secretValues: [],
    salt: '',
    origins: {},
  };
}

/** One app `kiosk` with these services, as a desired state. */
export function kiosk(services: readonly Service[], parts: Partial<DesiredApp> = {}): Desired {
  return desiredOf([appOf('kiosk', { services, ...parts })]);
}

export function appOf(name: string, parts: Partial<DesiredApp> = {}): DesiredApp {
  return {
    name,
    drift: 'correct',
    dependsOn: [],
    strategy: 'stop-first',
    healthTimeoutMs: 60_000,
    rollback: true,
    correct: [],
    warn: [],
    suspend: false,
    windows: [],
    ignore: [],
    insideMs: null,
    services: [],
    networks: [],
    volumes: [],
    ...parts,
  };
}

/** A service that runs `nginx:1` and sets nothing else. */
export function serviceOf(name: string, parts: Partial<Service> = {}): Service {
  return {
    name,
    number: 1,
    container_name: `kiosk-${name}-1`,
    image: 'nginx:1',
    pull_policy: 'missing',
    environment: {},
    ports: [],
    mounts: [],
    networks: {},
    depends_on: {},
    labels: {},
    ...parts,
  };
}

export function networkOf(key: string, parts: Partial<Network> = {}): Network {
  return {
    key,
    name: `kiosk_${key}`,
    external: false,
    driver_opts: {},
    internal: false,
    attachable: false,
    labels: {},
    ipam: { config: [] },
    ...parts,
  };
}

export function volumeOf(key: string, parts: Partial<Volume> = {}): Volume {
  return { key, name: `kiosk_${key}`, external: false, driver_opts: {}, labels: {}, ...parts };
}

/** Attachments without aliases to these networks. */
export function on(...keys: readonly string[]): Service['networks'] {
  return Object.fromEntries(keys.map((key) => [key, { aliases: [] }]));
}

export function needs(
  name: string,
  condition: Service['depends_on'][string]['condition'] = 'service_started',
  restart = false,
): Service['depends_on'] {
  return { [name]: { condition, restart, required: true } };
}

export function tcp(target: number, published: number): Service['ports'][number] {
  return { target, published, protocol: 'tcp' };
}

export function contentMount(target: string, id: string, parts: { readonly read_only?: boolean } = {}): Mount {
  return { type: 'content', target, read_only: parts.read_only ?? false, content: fileContent(id) };
}

export function fileContent(id: string): Content {
  return { kind: 'file', id, path: 'devices/edge-01/site.conf', oid: id, mode: '100644' };
}

export function volumeMount(target: string, source: string | null): Mount {
  return { type: 'volume', target, read_only: false, source, nocopy: false };
}
