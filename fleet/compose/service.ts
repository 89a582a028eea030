// One service of the merged tree to the desired model: keys are read by their table, then what they refer to is resolved.
import type { Mount, Service } from '../model/desired.ts';
import type { Claim } from './claims.ts';
import { type ConfigContext, resolveConfigMount } from './config-mount.ts';
import { type EnvironmentContext, resolveEnvironment } from './environment.ts';
import { SERVICE_KEYS, type ServiceFields } from './keys/service.ts';
import type { ServiceNode } from './keys/top.ts';
import { SERVICE_NOT_YET } from './keys/unsupported.ts';
import { resolveLabels } from './labels.ts';
import { type MountContext, resolveMount } from './mounts.ts';
import type { Place } from './place.ts';
import { readKeys, sortedRecord } from './read.ts';
import { isDeclared } from './references.ts';
import { below, shown, type Where, wrong } from './report.ts';
import type { HostPath } from './resources.ts';

/** What the whole project knows, and what its services add to. */
export interface ServiceContext extends MountContext, EnvironmentContext, ConfigContext {
  readonly app: string;
  readonly services: readonly string[];
  readonly networks: readonly string[];
  readonly claims: Claim[];
  readonly hostPaths: HostPath[];
}

/** undefined: it cannot be read at all. Otherwise what is wrong with it was reported, and the rest is there. */
export function resolveService(
  name: string,
  { node, keyAt }: ServiceNode,
  where: Where,
  context: ServiceContext,
): Service | undefined {
  const fields = readKeys(node, where, SERVICE_KEYS, SERVICE_NOT_YET);
  if (fields === undefined) return undefined;
  if (fields.image === undefined && !(node.kind === 'map' && IMAGE_FROM.some((key) => node.entries.has(key)))) {
    wrong(where, keyAt, 'missing-key', 'image is missing', 'add image: NAME:TAG');
  }
  const container = fields.container_name ?? { value: `${context.app}-${name}-1`, at: keyAt };
  claimNames(name, container, fields, where, context);
  return {
    name,
    container_name: container.value,
    image: fields.image ?? '',
    pull_policy: fields.pull_policy ?? 'missing',
    environment: resolveEnvironment(fields.env_file ?? [], fields.environment ?? new Map(), where, context),
    ports: (fields.ports ?? []).map(({ value }) => value),
    mounts: resolveMounts(name, fields, where, context),
    networks: attachments(fields, where, context),
    depends_on: dependencies(fields, where, context),
    labels: resolveLabels(fields.labels ?? new Map(), below(where, 'labels')),
    ...limits(fields, where, keyAt),
    ...pick(fields, PLAIN),
  };
}

/** Keys that say where an image comes from; a diagnostic about them is enough. */
const IMAGE_FROM = ['image', 'build', 'extends', 'provider'];

/** Keys whose value is the model's. */
const PLAIN = [
  'command',
  'entrypoint',
  'restart',
  'user',
  'working_dir',
  'hostname',
  'healthcheck',
  'read_only',
  'cap_add',
  'cap_drop',
  'stop_grace_period',
  'stop_signal',
  'init',
] as const satisfies readonly (keyof ServiceFields)[];

function pick<T, K extends keyof T>(from: Partial<T>, keys: readonly K[]): Partial<Pick<T, K>> {
  const result: Partial<Pick<T, K>> = {};
  for (const key of keys) {
    const value = from[key];
    if (value !== undefined) result[key] = value;
  }
  return result;
}

function claimNames(
  name: string,
  container: { value: string; at: Place },
  fields: Partial<ServiceFields>,
  where: Where,
  { app, claims }: ServiceContext,
): void {
  const owner = `${app}/${name}`;
  const named = fields.container_name === undefined ? where : below(where, 'container_name');
  claims.push({ kind: 'container', name: container.value, owner, path: named.path, at: container.at });
  const { path } = below(where, 'ports');
  for (const { value, at } of fields.ports ?? []) {
    if (value.published !== undefined) claims.push({ kind: 'port', port: value, owner, path, at });
  }
}

/** Memory and CPUs, from the service's own keys or from deploy. */
function limits(fields: Partial<ServiceFields>, where: Where, at: Place): { mem_limit?: number; cpus?: number } {
  const { memory, cpus } = fields.deploy ?? {};
  const pairs = [
    ['mem_limit', fields.mem_limit, memory],
    ['cpus', fields.cpus, cpus],
  ] as const;
  for (const [key, own, deployed] of pairs) {
    if (own === undefined || deployed === undefined || own === deployed) continue;
    wrong(below(where, key), at, 'value', 'differs from deploy.resources.limits', 'keep one of them');
  }
  const limit = fields.mem_limit ?? memory;
  const share = fields.cpus ?? cpus;
  return { ...(limit === undefined ? {} : { mem_limit: limit }), ...(share === undefined ? {} : { cpus: share }) };
}

function resolveMounts(
  service: string,
  fields: Partial<ServiceFields>,
  where: Where,
  context: ServiceContext,
): Mount[] {
  const mounts = new Map<string, Mount>();
  const add = (mount: Mount | undefined, at: Place, key: Where): void => {
    if (mount === undefined) return;
    if (mounts.has(mount.target)) {
      wrong(key, at, 'mount-conflict', `something else is mounted at ${shown(mount.target)} already`);
    }
    mounts.set(mount.target, mount);
    if (mount.type === 'bind') context.hostPaths.push({ service, source: mount.source, at });
  };
  for (const key of ['volumes', 'tmpfs'] as const) {
    const at = below(where, key);
    for (const spec of fields[key] ?? []) add(resolveMount(spec, at, context), spec.at, at);
  }
  const at = below(where, 'configs');
  for (const spec of fields.configs ?? []) add(resolveConfigMount(spec, at, context), spec.at, at);
  return [...mounts.values()];
}

function attachments(fields: Partial<ServiceFields>, where: Where, context: ServiceContext): Service['networks'] {
  const declared = [...(fields.networks ?? [])];
  if (declared.length === 0) return { default: { aliases: [] } };
  const known = ['default', ...context.networks];
  const at = below(where, 'networks');
  const right = declared.filter(([name, reference]) => isDeclared('network', name, reference.at, known, at));
  return sortedRecord(right.map(([name, { value }]) => [name, value]));
}

/** An optional dependency that is not declared is no dependency. */
function dependencies(fields: Partial<ServiceFields>, where: Where, context: ServiceContext): Service['depends_on'] {
  const at = below(where, 'depends_on');
  const right = [...(fields.depends_on ?? [])].filter(([name, { value, at: place }]) =>
    value.required ? isDeclared('service', name, place, context.services, at) : context.services.includes(name),
  );
  return sortedRecord(right.map(([name, { value }]) => [name, value]));
}
