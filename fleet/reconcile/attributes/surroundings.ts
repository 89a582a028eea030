// Small settings of the process's surroundings: init, terminal, domain name, platform, hooks, restart policy, health check.
import type { EngineHealthcheck, EnginePlatform, ImageInspect } from '../../engine/inspect.ts';
import type { Fields, Value } from '../../model/plan.ts';
import type { Healthcheck, Hook, Service } from '../../model/service.ts';
import { type Attribute, type Live, recreate, sameValue } from '../attribute.ts';
import { plain } from './builders.ts';

const HEALTHCHECK = [
  ['test', 'Test'],
  ['interval', 'Interval'],
  ['timeout', 'Timeout'],
  ['start_period', 'StartPeriod'],
  ['start_interval', 'StartInterval'],
  ['retries', 'Retries'],
] as const;

const healthcheck: Attribute = {
  name: 'healthcheck',
  declared({ service }) {
    // The Engine takes 0 and an empty test as "the image's": not set, as far as comparing goes.
    const entries = HEALTHCHECK.map(([key]) => [`healthcheck.${key}`, service.healthcheck?.[key]] as const);
    const isSet = (value: Value | undefined) => value !== undefined && value !== 0 && !sameValue(value, []);
    return Object.fromEntries(entries.filter(([, value]) => isSet(value))) as Fields;
  },
  live: ({ container: { Config } }) =>
    Object.fromEntries(
      HEALTHCHECK.map(([key, engineKey]): [string, Value] => [
        `healthcheck.${key}`,
        Config.Healthcheck?.[engineKey] ?? (key === 'test' ? [] : 0),
      ]),
    ),
  unset(name, { image }) {
    const key = HEALTHCHECK.find(([word]) => name === `healthcheck.${word}`);
    return (key && image?.Config?.Healthcheck?.[key[1]]) ?? (name === 'healthcheck.test' ? [] : 0);
  },
  exclusive: false,
  remedy: recreate,
  create({ service }, body) {
    if (service.healthcheck !== undefined) body.Healthcheck = engineHealthcheck(service.healthcheck);
  },
};

const restart: Attribute = plain({
  name: 'restart',
  of: (service) => service.restart,
  shown: (policy) => policy.replace(/:0*$/, ''),
  live: ({ HostConfig }) => {
    const name = HostConfig.RestartPolicy?.Name || 'no';
    const retries = HostConfig.RestartPolicy?.MaximumRetryCount ?? 0;
    return retries > 0 ? `${name}:${retries}` : name;
  },
  unset: 'no',
  set: ({ HostConfig }, policy) => {
    HostConfig.RestartPolicy = restartPolicy(policy);
  },
  update: (policy) => ({ RestartPolicy: restartPolicy(String(policy)) }),
});

export const SURROUNDINGS: readonly Attribute[] = [
  restart,
  healthcheck,
  plain({
    name: 'init',
    of: (service) => service.init,
    live: ({ HostConfig }) => HostConfig.Init ?? false,
    unset: false,
    set: ({ HostConfig }, init) => {
      HostConfig.Init = init;
    },
  }),
  plain({
    name: 'tty',
    of: (service) => service.tty,
    live: ({ Config }) => Config.Tty ?? false,
    unset: false,
    set: (body, tty) => {
      body.Tty = tty;
    },
  }),
  plain({
    name: 'stdin_open',
    of: (service) => service.stdin_open,
    live: ({ Config }) => Config.OpenStdin ?? false,
    unset: false,
    set: (body, open) => {
      body.OpenStdin = open;
    },
  }),
  plain({
    name: 'domainname',
    of: (service) => service.domainname,
    live: ({ Config }) => Config.Domainname ?? '',
    unset: '',
    set: (body, name) => {
      body.Domainname = name;
    },
  }),
  {
    name: 'platform',
    declared: ({ service }) => (service.platform === undefined ? {} : { platform: service.platform }),
    live: (live) => ({ platform: shownPlatform(imageThatRuns(live), live.service.platform) }),
    // The host's own: whatever was taken for it.
    unset: (_field, live) => shownPlatform(imageThatRuns(live), undefined),
    exclusive: false,
    remedy: recreate,
    create: () => {
      // A parameter of the create call, not part of its body.
    },
  },
  hooks('post_start'),
  hooks('pre_stop'),
];

/** Is this image for the platform that the file asks for? True where the image does not say. */
export function isForPlatform(image: ImageInspect, platform: string | undefined): boolean {
  if (platform === undefined || image.Os === undefined || image.Architecture === undefined) return true;
  const { os, architecture, variant } = platformWords(platform);
  if (architecture === undefined) return os === image.Os || architectureName(os ?? '') === image.Architecture;
  const fits = os === image.Os && architecture === image.Architecture;
  return fits && (variant === undefined || !image.Variant || variant === image.Variant);
}

/** `linux/arm/v7` in parts, the architecture by its usual name. A single word is an operating system or an architecture. */
export function platformWords(platform: string): EnginePlatform {
  const [os, architecture, variant] = platform.split('/');
  return {
    ...(os === undefined ? {} : { os }),
    ...(architecture === undefined ? {} : { architecture: architectureName(architecture) }),
    ...(variant === undefined ? {} : { variant }),
  };
}

/** Hooks as they were declared when the container was last settled. */
export function recordedHooks(fields: Fields, when: 'post_start' | 'pre_stop'): readonly Hook[] | undefined {
  const recorded = fields[when];
  if (!Array.isArray(recorded)) return undefined;
  return recorded.map((text) => JSON.parse(String(text)) as Hook);
}

/** No container shows its hooks, and a change of them does nothing to one that runs. */
function hooks(name: 'post_start' | 'pre_stop'): Attribute {
  return {
    name,
    declared: ({ service }) =>
      service[name] === undefined ? {} : { [name]: service[name].map((hook) => JSON.stringify(hook)) },
    live: () => ({}),
    unset: () => null,
    exclusive: false,
    recorded: true,
    remedy: recreate,
    create: () => {
      // Hooks are steps of the plan.
    },
  };
}

/** An image of several platforms is shown for the host's own; newer Engines say which one a container runs. */
function imageThatRuns({ container, image }: Live): ImageInspect | undefined {
  const { os, architecture, variant } = container.ImageManifestDescriptor?.platform ?? {};
  if (os === undefined || architecture === undefined) return image;
  return {
    Id: container.Image,
    Os: os,
    Architecture: architecture,
    ...(variant === undefined ? {} : { Variant: variant }),
  };
}

function shownPlatform(image: ImageInspect | undefined, declared: Service['platform']): Value {
  if (image === undefined) return declared ?? null;
  if (declared !== undefined && isForPlatform(image, declared)) return declared;
  return [image.Os, image.Architecture, ...(image.Variant ? [image.Variant] : [])].join('/');
}

const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  aarch64: 'arm64',
  armhf: 'arm',
  armel: 'arm',
  i386: '386',
};

function architectureName(name: string): string {
  return ARCHITECTURES[name.toLowerCase()] ?? name.toLowerCase();
}

function engineHealthcheck(declared: Healthcheck): EngineHealthcheck {
  return Object.fromEntries(
    HEALTHCHECK.flatMap(([key, engineKey]) => (declared[key] === undefined ? [] : [[engineKey, declared[key]]])),
  );
}

function restartPolicy(restart: string): { Name: string; MaximumRetryCount: number } {
  const [name = 'no', retries = '0'] = restart.split(':');
  return { Name: name, MaximumRetryCount: Number(retries) };
}
