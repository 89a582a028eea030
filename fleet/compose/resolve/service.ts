// One service of the merged tree to the desired model: keys are read by their table, then what they refer to is resolved.
import type { Hook, Service } from '../../model/service.ts';
import type { HookFields } from '../keys/command.ts';
import { SERVICE_KEYS, type ServiceFields } from '../keys/service.ts';
import type { ServiceNode } from '../keys/top.ts';
import { SERVICE_NOT_YET } from '../keys/unsupported.ts';
import { describe, isNull, type Node } from '../node.ts';
import type { Place } from '../place.ts';
import { readKeys } from '../read.ts';
import { below, doubtful, type Where, wrong } from '../report.ts';
import { asksOf } from './asks.ts';
import type { Claim } from './claims.ts';
import { resolveDependencies } from './dependencies.ts';
import { type EnvironmentContext, resolveEnvironment, resolvePairs } from './environment.ts';
import { imageOf } from './image-of.ts';
import { resolveLabels } from './labels.ts';
import { type NetworkContext, resolveNetworks, settleNetworkMode } from './networking.ts';
import { plainKeys } from './plain.ts';
import { portsOf, replicasOf, replicate } from './replicas.ts';
import { resolveSecurityOptions } from './security-options.ts';
import { resolveMounts, type ServiceMountContext } from './service-mounts.ts';

/** What the whole project knows, and what its services add to. */
export interface ServiceContext extends ServiceMountContext, EnvironmentContext, NetworkContext {
  readonly app: string;
  readonly claims: Claim[];
  /** Services without a container: nothing is made of them, and they are shown. */
  readonly idle: Service[];
}

/** How much of the device's budget a port costs: ranges write much with few characters. */
const PORT_COST = 16;

/** One entry for each of its containers. What is wrong with it was reported, and the rest is there. */
export function resolveService(
  name: string,
  { node, keyAt }: ServiceNode,
  where: Where,
  context: ServiceContext,
): Service[] {
  // Nothing more is written out for a device that already is too large.
  if (!context.budget.spend(0)) return [];
  if (node.kind !== 'map') return wrong(where, keyAt, 'type', ...noService(name, node)) ?? [];
  const read = readKeys(node, where, SERVICE_KEYS, SERVICE_NOT_YET);
  if (read === undefined) return [];
  const fields = settleNetworkMode(
    { ...read, ...imageOf(`${context.app}-${name}`, read, node, keyAt, where) },
    where,
    context,
  );
  const count = withinBudget(fields, replicasOf(fields, where), where, context);
  const nameOf = (number: number): string => fields.container_name?.value ?? `${context.app}-${name}-${number}`;
  context.asks.push(...asksOf(name, fields, where));
  claim(name, count, nameOf, fields, keyAt, where, context);
  const service: Service = {
    name,
    number: 1,
    container_name: nameOf(1),
    image: fields.image?.value ?? '',
    pull_policy: fields.pull_policy ?? 'missing',
    environment: resolveEnvironment(fields.env_file ?? [], fields.environment ?? new Map(), where, context),
    ports: [],
    mounts: resolveMounts(name, fields, where, context),
    networks: resolveNetworks(fields, where, context),
    depends_on: resolveDependencies(fields, where, context.services),
    labels: resolveLabels(fields.labels ?? new Map(), below(where, 'labels')),
    ...plainKeys(fields),
    ...network(fields),
    ...restart(fields, where),
    ...limits(fields, where, keyAt),
    ...hooks(fields, context),
    ...resolveSecurityOptions(fields, below(where, 'security_opt'), context),
  };
  if (count === 0) context.idle.push(service);
  return replicate(service, count, fields.ports ?? [], nameOf);
}

/** What is said of what is no map: often it lacks its indentation, or what belongs below it does. */
function noService(name: string, node: Node): [what: string, hint: string] {
  if (Object.hasOwn(SERVICE_KEYS, name)) return ['is no service', 'indent it, so that it belongs to the service above'];
  if (isNull(node)) return ['is empty', 'add image: NAME:TAG, indented below it'];
  return [`has to be a map, not ${describe(node)}`, 'write image: NAME:TAG below it'];
}

/** The number of containers; 0 when their ports would be too many, which is said. */
function withinBudget(
  { ports = [], expose = [] }: Partial<ServiceFields>,
  count: number,
  where: Where,
  { budget }: ServiceContext,
): number {
  const [first] = ports;
  if (budget.spend(PORT_COST * (ports.length * count + expose.length)) || first === undefined) return count;
  wrong(below(where, 'ports'), first.at, 'too-large', 'the services of the device have too many ports together');
  return 0;
}

function claim(
  name: string,
  count: number,
  nameOf: (number: number) => string,
  fields: Partial<ServiceFields>,
  keyAt: Place,
  where: Where,
  { app, claims }: ServiceContext,
): void {
  const owner = `${app}/${name}`;
  const named = fields.container_name === undefined ? where : below(where, 'container_name');
  const at = fields.container_name?.at ?? keyAt;
  const { path } = below(where, 'ports');
  // Names and ports that several of its containers would share were reported, and are claimed once.
  const several = fields.container_name === undefined ? count : Math.min(count, 1);
  for (let number = 1; number <= several; number += 1) {
    claims.push({ kind: 'container', name: nameOf(number), owner, path: named.path, at });
  }
  for (let number = 1; number <= count; number += 1) {
    const ports = (fields.ports ?? []).filter(({ value }) => number <= (value.choices ?? 1));
    for (const { value, at: place } of portsOf(ports, number)) {
      if (value.published !== undefined) claims.push({ kind: 'port', port: value, owner, path, at: place });
    }
  }
}

/** `expose` without what is published anyway. */
function network({ network_mode, expose, ports = [] }: Partial<ServiceFields>): Partial<Service> {
  const published = new Set(ports.map(({ value }) => `${value.target}/${value.protocol}`));
  const rest = expose?.filter((port) => !published.has(port)) ?? [];
  return {
    ...(network_mode === undefined ? {} : { network_mode: network_mode.value }),
    ...(rest.length === 0 ? {} : { expose: rest }),
  };
}

function restart(fields: Partial<ServiceFields>, where: Where): Partial<Service> {
  const deployed = fields.deploy?.restart;
  if (fields.restart !== undefined && deployed !== undefined && fields.restart !== deployed.value) {
    const what = 'differs from deploy.restart_policy, and counts';
    doubtful(below(where, 'restart'), deployed.at, 'value', what, 'keep one of them');
  }
  const policy = fields.restart ?? deployed?.value;
  return policy === undefined ? {} : { restart: policy };
}

/** Limits that a service has of its own or under deploy. */
function limits(fields: Partial<ServiceFields>, where: Where, keyAt: Place): Partial<Service> {
  const { limits: most, reservations: least } = fields.deploy ?? {};
  const pairs = [
    ['mem_limit', most?.memory, 'limits.memory'],
    ['cpus', most?.cpus, 'limits.cpus'],
    ['pids_limit', most?.pids, 'limits.pids'],
    ['mem_reservation', least?.memory, 'reservations.memory'],
  ] as const;
  const found: { -readonly [K in (typeof pairs)[number][0]]?: number } = {};
  for (const [key, deployed, path] of pairs) {
    const own = fields[key];
    if (own !== undefined && deployed !== undefined && own !== deployed.value) {
      const what = `differs from deploy.resources.${path}`;
      wrong(below(where, key), deployed.at ?? keyAt, 'value', what, 'keep one of them');
    }
    const value = own ?? deployed?.value;
    if (value !== undefined) found[key] = value;
  }
  return found;
}

/** A variable without a value comes from the app's own, or is left out. */
function hooks(fields: Partial<ServiceFields>, { variables }: ServiceContext): Partial<Service> {
  const resolved = (list: readonly HookFields[]): Hook[] =>
    list.map(({ privileged, environment, ...hook }) => ({
      ...hook,
      ...(privileged === undefined ? {} : { privileged: privileged.value }),
      ...(environment === undefined ? {} : { environment: resolvePairs(environment, variables) }),
    }));
  const { post_start, pre_stop } = fields;
  return {
    ...(post_start === undefined || post_start.length === 0 ? {} : { post_start: resolved(post_start) }),
    ...(pre_stop === undefined || pre_stop.length === 0 ? {} : { pre_stop: resolved(pre_stop) }),
  };
}
