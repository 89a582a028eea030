// Desired state as plain data for `holdfast render`: each app as Compose's own `config` would print it, so that the two can be
// held against each other. What Compose has no word for is under `x-holdfast`.
import type { Declared } from '../../compose/project.ts';
import { relativeDevice } from '../../compose/resolve/mounts.ts';
import type { Desired, DesiredApp } from '../../model/desired.ts';
import type { Network } from '../../model/network.ts';
import type { Service } from '../../model/service.ts';
import type { Volume } from '../../model/volume.ts';
import { formatDuration } from '../../units.ts';
import { renderFiles } from './files.ts';
import { masked } from './mask.ts';
import { declaredFiles } from './mounts.ts';
import { byKey, compact, flag, isRendered, type Rendered, sorted } from './plain.ts';
import { renderService } from './service.ts';

/** `declared`: what the files of each app say; without it the model alone is shown. */
export function renderDesired(desired: Desired, declared: ReadonlyMap<string, Declared> = new Map()): Rendered {
  const rendered = compact({
    device: desired.device,
    revision: desired.revision,
    labels: desired.labels,
    interval: desired.intervalMs === null ? undefined : formatDuration(desired.intervalMs * 1e6),
    suspend: flag(desired.suspend),
    apps: desired.apps.map((app) => renderApp(app, declared.get(app.name))),
    'x-holdfast': compact({ origins: desired.origins }),
  });
  const shown = masked(rendered, desired.secretValues) as Rendered;
  return { ...shown, apps: escaped(shown.apps) };
}

/** A dollar sign is `$$` in a Compose file, as in what Compose prints. */
function escaped(data: unknown): unknown {
  if (typeof data === 'string') return data.replaceAll('$', '$$$$');
  if (Array.isArray(data)) return data.map(escaped);
  if (!isRendered(data)) return data;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [String(escaped(key)), escaped(value)]));
}

function renderApp(app: DesiredApp, declared: Declared | undefined): Rendered {
  const mounts = app.services.flatMap((service) => service.mounts);
  return compact({
    name: app.name,
    services: renderServices(app, declared),
    networks: byKey(app.networks, ({ key }) => key, renderNetwork),
    volumes: sorted({ ...renderBinds(app.name, declared), ...byKey(app.volumes, ({ key }) => key, renderVolume) }),
    configs: renderFiles(app, 'configs', declaredFiles(app.name, 'inline', mounts), declared),
    secrets: renderFiles(app, 'secrets', declaredFiles(app.name, 'secret', mounts), declared),
    'x-holdfast': compact({
      drift: app.drift,
      depends_on: app.dependsOn,
      strategy: app.strategy,
      health_timeout: formatDuration(app.healthTimeoutMs * 1e6),
      rollback: app.rollback,
      suspend: flag(app.suspend),
      windows: app.windows.map(({ cron, durationMs, timeZone }) => ({
        ...{ cron, duration: formatDuration(durationMs * 1e6), time_zone: timeZone },
      })),
      correct: app.correct,
      warn: app.warn,
      ignore: app.ignore,
      inside: app.insideMs === null ? undefined : formatDuration(app.insideMs * 1e6),
    }),
  });
}

/** The containers of one service are one service again. */
function renderServices({ name: app, services }: DesiredApp, declared: Declared | undefined): Rendered {
  const groups = Map.groupBy([...services, ...(declared?.idle ?? [])], ({ name }) => name);
  const first = [...groups.values()].flatMap(([service]: Service[]) => service ?? []);
  return byKey(
    first,
    ({ name }) => name,
    (service) => {
      const node = declared?.services.get(service.name)?.node;
      const written = node?.kind === 'map' && declared !== undefined ? { ...declared, node } : undefined;
      return renderService(app, service, groups.get(service.name)?.length ?? 1, written);
    },
  );
}

/** In the order in which Compose prints it. Every field of the model is named: a new one does not compile. */
function renderNetwork(network: Network): Rendered {
  const { key: _key, name, driver, driver_opts, ipam, external, internal, attachable, labels, ...rest } = network;
  const { enable_ipv4, enable_ipv6, ...none } = rest;
  const { driver: ipamDriver, options, config, ...noMore } = ipam;
  const plain = { ...(none satisfies Record<string, never>), ...(noMore satisfies Record<string, never>) };
  return compact({
    ...plain,
    name,
    driver,
    driver_opts,
    ipam: compact({ driver: ipamDriver, config: config.map((pool) => compact({ ...pool })), options }),
    external: flag(external),
    internal: flag(internal),
    attachable: flag(attachable),
    labels,
    enable_ipv4,
    enable_ipv6,
  });
}

/** Volumes that only stand for a folder beside the file: services mount it as one. */
function renderBinds(app: string, declared: Declared | undefined): Rendered {
  const binds = [...(declared?.volumes.values() ?? [])].filter((volume) => relativeDevice(volume) !== null);
  return byKey(
    binds,
    ({ key }) => key,
    ({ key, name, driver, driver_opts }) => {
      const options = [...driver_opts].map(([option, { value }]) => [option, value ?? '']);
      return compact({
        name: name ?? `${app}_${key}`,
        driver: driver?.value,
        driver_opts: Object.fromEntries(options),
      });
    },
  );
}

function renderVolume(volume: Volume): Rendered {
  const { key: _key, name, driver, driver_opts, external, labels, ...none } = volume;
  return compact({
    ...(none satisfies Record<string, never>),
    name,
    driver,
    driver_opts,
    external: flag(external),
    labels,
  });
}
