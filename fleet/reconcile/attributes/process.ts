// What runs: image, command, user, environment, labels and how it is stopped. Defaults come from the image,
// merged as the Engine merges them (Engine 20.10, daemon/commit.go: merge).
import { posix } from 'node:path';
import type { ImageInspect } from '../../engine/inspect.ts';
import type { Fields, Value } from '../../model/plan.ts';
import { LABEL } from '../../names.ts';
import { type Attribute, field, recreate } from '../attribute.ts';

const RESERVED: ReadonlySet<string> = new Set(Object.values(LABEL));

const image: Attribute = {
  name: 'image',
  declared: ({ service }) => ({ image: service.image }),
  live: ({ container }) => ({ image: container.Config.Image ?? null }),
  unset: () => null,
  exclusive: false,
  remedy: recreate,
  create({ service }, body) {
    body.Image = service.image;
  },
};

const command: Attribute = {
  name: 'command',
  // An entrypoint of its own takes the image's command away; without one, an empty command means the image's.
  declared: ({ service: { command: own, entrypoint: start } }) =>
    field('command', start?.length ? (own ?? []) : own?.length ? own : undefined),
  live: ({ container }) => ({ command: container.Config.Cmd ?? [] }),
  unset: (_field, live) => live.image?.Config?.Cmd ?? [],
  exclusive: false,
  remedy: recreate,
  create({ service }, body) {
    if (service.command !== undefined) body.Cmd = service.command;
  },
};

const entrypoint: Attribute = {
  name: 'entrypoint',
  declared: ({ service }) => field('entrypoint', service.entrypoint),
  live: ({ container }) => ({ entrypoint: container.Config.Entrypoint ?? [] }),
  unset: (_field, live) => live.image?.Config?.Entrypoint ?? [],
  exclusive: false,
  remedy: recreate,
  create({ service }, body) {
    if (service.entrypoint !== undefined) body.Entrypoint = service.entrypoint;
  },
};

const environment: Attribute = {
  name: 'environment',
  declared: ({ service }) => keyed('environment', service.environment),
  live: ({ container }) => keyed('environment', parseEnv(container.Config.Env)),
  unset: (name, live) => parseEnv(live.image?.Config?.Env)[name.slice('environment.'.length)] ?? null,
  exclusive: false,
  remedy: recreate,
  create({ service }, body) {
    body.Env = Object.entries(service.environment).map(([key, value]) => `${key}=${value}`);
  },
};

const labels: Attribute = {
  name: 'labels',
  // Labels that tools group by are Holdfast's to set.
  declared: ({ service }) =>
    keyed('labels', Object.fromEntries(Object.entries(service.labels).filter(([key]) => !RESERVED.has(key)))),
  live: ({ container }) => keyed('labels', container.Config.Labels ?? {}),
  unset: (name, live) => live.image?.Config?.Labels?.[name.slice('labels.'.length)] ?? null,
  exclusive: false,
  remedy: recreate,
  create({ service }, body) {
    body.Labels = { ...body.Labels, ...service.labels };
  },
};

const user: Attribute = text('user', 'User');
/** The Engine keeps the path clean. */
const workingDir: Attribute = text('working_dir', 'WorkingDir', (path) =>
  path === '' ? '' : posix.normalize(path).replace(/(.)\/$/, '$1'),
);
const stopSignal: Attribute = text('stop_signal', 'StopSignal');

const hostname: Attribute = {
  name: 'hostname',
  declared: ({ service }) => field('hostname', service.hostname),
  live: ({ container }) => ({ hostname: container.Config.Hostname ?? '' }),
  // One that shares another's network or names has the other's hostname.
  unset: (_field, { container: { Id, Config, HostConfig } }) =>
    /^(host$|container:)/.test(HostConfig.NetworkMode ?? '') || HostConfig.UTSMode === 'host'
      ? (Config.Hostname ?? '')
      : Id.slice(0, 12),
  exclusive: false,
  remedy: recreate,
  create({ service }, body) {
    if (service.hostname !== undefined) body.Hostname = service.hostname;
  },
};

const containerName: Attribute = {
  name: 'container_name',
  declared: ({ service }) => ({ container_name: service.container_name }),
  live: ({ container }) => ({ container_name: container.Name.replace(/^\//, '') }),
  unset: () => null,
  exclusive: false,
  remedy: () => 'rename',
  create: () => {
    // The name is a parameter of the create call, not part of its body.
  },
};

const stopGracePeriod: Attribute = {
  name: 'stop_grace_period',
  declared: ({ service }) => field('stop_grace_period', stopSeconds(service.stop_grace_period)),
  live: ({ container }) => ({ stop_grace_period: container.Config.StopTimeout ?? null }),
  unset: () => null,
  exclusive: false,
  remedy: recreate,
  create({ service }, body) {
    const seconds = stopSeconds(service.stop_grace_period);
    if (seconds !== undefined) body.StopTimeout = seconds;
  },
};

export const PROCESS: readonly Attribute[] = [
  image,
  containerName,
  command,
  entrypoint,
  environment,
  labels,
  user,
  workingDir,
  hostname,
  stopSignal,
  stopGracePeriod,
];

/** Whole seconds for the Engine, rounded up. */
export function stopSeconds(ns: number | undefined): number | undefined {
  return ns === undefined ? undefined : Math.ceil(ns / 1e9);
}

/** A text that is the image's when empty. */
function text(
  name: 'user' | 'working_dir' | 'stop_signal',
  key: 'User' | 'WorkingDir' | 'StopSignal',
  normal: (value: string) => string = (value) => value,
): Attribute {
  const fromImage = (image: ImageInspect | undefined) => normal(image?.Config?.[key] ?? '');
  return {
    name,
    declared: ({ service }) =>
      field(name, service[name] === undefined || service[name] === '' ? undefined : normal(service[name])),
    live: ({ container }) => ({ [name]: normal(container.Config[key] ?? '') }),
    unset: (_field, { image: from }) => fromImage(from),
    exclusive: false,
    remedy: recreate,
    create({ service }, body) {
      const value = service[name];
      if (value !== undefined) body[key] = value;
    },
  };
}

function keyed(prefix: string, map: Readonly<Record<string, string>>): Fields {
  return Object.fromEntries(Object.entries(map).map(([key, value]): [string, Value] => [`${prefix}.${key}`, value]));
}

function parseEnv(env: readonly string[] | null | undefined): Record<string, string> {
  const result: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const line of env ?? []) {
    const equals = line.indexOf('=');
    if (equals > 0) result[line.slice(0, equals)] = line.slice(equals + 1);
  }
  return result;
}
