// Desired state as a person would write it: plain data with Compose's key names, for `holdfast render`.
// What Compose has no word for is under `x-holdfast`.
import type { Desired, DesiredApp, Mount, Network, Port, Service, Volume } from '../model/desired.ts';
import { formatDuration } from '../units.ts';

export type Rendered = Record<string, unknown>;

export function renderDesired(desired: Desired): Rendered {
  return compact({
    device: desired.device,
    revision: desired.revision,
    labels: desired.labels,
    interval: desired.intervalMs === null ? undefined : formatDuration(desired.intervalMs * 1e6),
    suspend: desired.suspend || undefined,
    apps: desired.apps.map(renderApp),
  });
}

function renderApp(app: DesiredApp): Rendered {
  return compact({
    name: app.name,
    services: byKey(app.services, ({ name }) => name, renderService),
    networks: byKey(app.networks, ({ key }) => key, renderNetwork),
    volumes: byKey(app.volumes, ({ key }) => key, renderVolume),
    'x-holdfast': compact({
      drift: app.drift,
      depends_on: app.dependsOn,
      strategy: app.strategy,
      health_timeout: formatDuration(app.healthTimeoutMs * 1e6),
      rollback: app.rollback,
      ignore: app.ignore,
    }),
  });
}

function renderService(service: Service): Rendered {
  const { name: _name, mounts, networks, healthcheck, stop_grace_period, ports, ...plain } = service;
  return compact({
    ...plain,
    ports: ports.map(renderPort),
    volumes: mounts.map(renderMount),
    networks: Object.fromEntries(Object.entries(networks).map(([key, value]) => [key, compact({ ...value })])),
    healthcheck: healthcheck && {
      ...healthcheck,
      ...durations(healthcheck, ['interval', 'timeout', 'start_period']),
    },
    stop_grace_period: stop_grace_period === undefined ? undefined : formatDuration(stop_grace_period),
  });
}

function renderPort({ target, published, host_ip, protocol }: Port): Rendered {
  return compact({ host_ip, target, published: published === undefined ? undefined : String(published), protocol });
}

function renderMount(mount: Mount): Rendered {
  const base = { target: mount.target, read_only: 'read_only' in mount && mount.read_only ? true : undefined };
  switch (mount.type) {
    case 'volume':
      return compact({
        type: 'volume',
        source: mount.source ?? undefined,
        ...base,
        volume: mount.nocopy ? { nocopy: true } : undefined,
      });
    case 'bind':
      return compact({
        type: 'bind',
        source: mount.source,
        ...base,
        bind: mount.create_host_path ? undefined : { create_host_path: false },
      });
    case 'data':
      return compact({ type: 'bind', source: `./${mount.source}`, ...base, 'x-holdfast': { kind: 'data' } });
    case 'content': {
      const { kind, id, path } = mount.content;
      const text = mount.content.kind === 'inline' ? mount.content.text : undefined;
      return compact({ type: 'bind', source: path, ...base, 'x-holdfast': compact({ kind, id, text }) });
    }
    case 'tmpfs': {
      const { size, mode } = mount;
      const octal = mode === undefined ? undefined : `0${mode.toString(8)}`;
      return compact({ type: 'tmpfs', ...base, tmpfs: compact({ size, mode: octal }) });
    }
  }
}

function renderNetwork({ key: _key, subnets, ...network }: Network): Rendered {
  const ipam = subnets.length === 0 ? undefined : { config: subnets.map((subnet) => ({ subnet })) };
  return compact({ ...network, ...flags(network, ['external', 'internal', 'attachable']), ipam });
}

function renderVolume({ key: _key, ...volume }: Volume): Rendered {
  return compact({ ...volume, ...flags(volume, ['external']) });
}

function byKey<T>(all: readonly T[], keyOf: (item: T) => string, render: (item: T) => Rendered): Rendered {
  return Object.fromEntries(all.map((item) => [keyOf(item), render(item)]));
}

/** `false` is what goes without saying. */
function flags<K extends string>(from: Readonly<Record<K, boolean>>, keys: readonly K[]): Rendered {
  return Object.fromEntries(keys.map((key) => [key, from[key] || undefined]));
}

function durations<K extends string>(from: Readonly<Partial<Record<K, number>>>, keys: readonly K[]): Rendered {
  return Object.fromEntries(
    keys.flatMap((key) => {
      const ns = from[key];
      return ns === undefined ? [] : [[key, formatDuration(ns)]];
    }),
  );
}

/** Keys where an empty list is not the same as none: it clears what the image says. */
const CLEARS = new Set(['command', 'entrypoint']);

/** Without what is absent or empty. */
function compact(fields: Rendered): Rendered {
  return Object.fromEntries(
    Object.entries(fields).filter(([key, value]) => {
      if (value === undefined) return false;
      return value === null || typeof value !== 'object' || Object.keys(value).length > 0 || CLEARS.has(key);
    }),
  );
}
