// What a service's file says, in the canonical form of Compose's own `config`, where the model keeps only what it means:
// `deploy`, names of configs and secrets, ranges of ports, the order of lists, keys that have no effect here.
import { readNetworks } from '../../compose/keys/relations.ts';
import { SERVICE_KEYS, type ServiceFields } from '../../compose/keys/service.ts';
import { SERVICE_NOT_YET } from '../../compose/keys/unsupported.ts';
import type { MapNode, Node } from '../../compose/node.ts';
import { readPairs } from '../../compose/pairs.ts';
import { readKeys } from '../../compose/read.ts';
import { plainKeys } from '../../compose/resolve/plain.ts';
import { readBoolean, readOptionalText, readScalar } from '../../compose/scalars.ts';
import type { Service } from '../../model/service.ts';
import { renderMounted, renderVolumes } from './mounts-written.ts';
import { compact, dataOf, flag, type Rendered, sorted } from './plain.ts';
import { renderPorts } from './ports.ts';
import { quietly } from './quietly.ts';
import { renderBuild, renderDeploy, renderDevices } from './written-deploy.ts';

export interface Written {
  readonly node: MapNode;
  /** The app's, from which relative paths count. */
  readonly folder: string;
  /** All of the app. */
  readonly services: ReadonlyMap<string, unknown>;
}

/** Fields that may come from elsewhere than the service's key of their name. */
const MOVED: ReadonlySet<string> = new Set([
  'cpus',
  'device_requests',
  'expose',
  'mem_limit',
  'mem_reservation',
  'network_mode',
  'pids_limit',
  'restart',
  'security_opt',
]);

/** The service as its own keys say it, without what was added, moved or left out when it was resolved. */
export function asWritten(service: Service, fields: Partial<ServiceFields>): Partial<Service> {
  const { device_requests: _requests, ...plain } = plainKeys(fields);
  const model = Object.entries(service).filter(([key]) => !MOVED.has(key));
  const own: Record<string, unknown> = {
    cpus: fields.cpus,
    mem_limit: fields.mem_limit,
    mem_reservation: fields.mem_reservation,
    pids_limit: fields.pids_limit,
    restart: fields.restart,
    network_mode: fields.network_mode?.value,
  };
  const given = Object.entries(own).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(model), ...plain, ...Object.fromEntries(given) };
}

/** Keys that replace what is rendered of the model; undefined takes one away. */
export function writtenOver(
  service: Service,
  { node, folder, services }: Written,
  fields: Partial<ServiceFields>,
): Rendered {
  const over: Rendered = {
    image: fields.image?.value,
    build: read(node, 'build', (inner) => renderBuild(inner, folder)),
    command: service.command ?? null,
    entrypoint: service.entrypoint ?? null,
    environment: environmentOf(service, node),
    container_name: textOf(node, 'container_name'),
    pull_policy: textOf(node, 'pull_policy')?.replace('if_not_present', 'missing'),
    ports: read(node, 'ports', renderPorts),
    volumes: read(node, 'volumes', (inner) => renderVolumes(inner, service, folder)),
    tmpfs: read(node, 'tmpfs', textsOf),
    configs: read(node, 'configs', (inner) => renderMounted(inner)),
    secrets: read(node, 'secrets', (inner) => renderMounted(inner, '/run/secrets/')),
    depends_on: dependenciesOf(service, fields, services),
    deploy: read(node, 'deploy', (inner) => renderDeploy(inner, fields.deploy)),
    gpus:
      fields.gpus &&
      renderDevices(
        fields.gpus,
        read(node, 'gpus', (inner) => inner.kind === 'scalar'),
      ),
    networks: networksOf(service, node),
    scale: fields.scale?.value,
    ulimits: read(node, 'ulimits', (inner) => ulimitsOf(inner, fields.ulimits ?? {})),
    'x-holdfast': fields.image === undefined && service.image !== '' ? { image: service.image } : undefined,
  };
  for (const key of LISTS) over[key] = read(node, key, textsOf);
  for (const key of ASIDE) over[key] = read(node, key, dataOf);
  if (disables(node)) over.healthcheck = { disable: true };
  return over;
}

/** Lists whose order says nothing, and that are shown in the file's. */
const LISTS = [
  'cap_add',
  'cap_drop',
  'device_cgroup_rules',
  'expose',
  'external_links',
  'group_add',
  'links',
  'security_opt',
  'volumes_from',
];

/** Keys without effect here, as they stand. */
const ASIDE = ['attach', 'cpu_count', 'cpu_percent', 'credential_spec', 'isolation', 'models', 'profiles', 'provider'];

/** The service's keys as they are read. */
export function fieldsOf(node: MapNode): Partial<ServiceFields> {
  return quietly((inner, where) => readKeys(inner, where, SERVICE_KEYS, SERVICE_NOT_YET), node) ?? {};
}

function read<T>(node: MapNode, key: string, from: (inner: Node) => T): T | undefined {
  const inner = node.entries.get(key)?.value;
  return inner === undefined || (inner.kind === 'scalar' && inner.value === null) ? undefined : from(inner);
}

function textOf(node: MapNode, key: string): string | undefined {
  return read(node, key, (inner) => quietly(readOptionalText, inner));
}

function textsOf(node: Node): string[] {
  const items = node.kind === 'list' ? node.items : [node];
  return [...new Set(items.flatMap((item) => quietly(readScalar, item) ?? []))];
}

/** Also those on services without a container, which nothing waits for. */
function dependenciesOf(
  service: Service,
  { depends_on = new Map() }: Partial<ServiceFields>,
  services: Written['services'],
): Rendered {
  const own = [...depends_on].filter(([name]) => services.has(name)).map(([name, { value }]) => [name, value] as const);
  const all = { ...Object.fromEntries(own), ...service.depends_on };
  const shown = Object.entries(all).map(([name, { condition, restart, required }]) => [
    name,
    compact({ condition, restart: flag(restart), required }),
  ]);
  return sorted(Object.fromEntries(shown));
}

/** Both limits where the file says both, also when they are the same. */
function ulimitsOf(node: Node, limits: NonNullable<Service['ulimits']>): Rendered {
  const isPair = (name: string) => node.kind === 'map' && node.entries.get(name)?.value.kind === 'map';
  return Object.fromEntries(Object.entries(limits).map(([name, both]) => [name, isPair(name) ? both : both.soft]));
}

/** Names that nobody gives a value are null, as in Compose. */
function environmentOf(service: Service, node: MapNode): Rendered {
  const pairs = read(node, 'environment', (inner) => quietly(readPairs, inner)) ?? new Map();
  const unset = [...pairs.keys()].filter((name) => !Object.hasOwn(service.environment, name));
  return sorted({ ...Object.fromEntries(unset.map((name) => [name, null])), ...service.environment });
}

/** A service on one of the Engine's own networks has it as its `network_mode`. */
function networksOf(service: Service, node: MapNode): Rendered | undefined {
  const references = read(node, 'networks', (inner) => quietly(readNetworks, inner));
  const shown =
    service.network_mode !== undefined && references !== undefined
      ? [...references].map(([name, { value }]) => [name, value] as const)
      : Object.entries(service.networks);
  if (shown.length === 0) return undefined;
  const said = node.entries.get('networks')?.value;
  const attachments = shown.map(([name, attachment]) => {
    const own = said?.kind === 'map' ? said.entries.get(name)?.value : undefined;
    const aliases = own?.kind === 'map' ? read(own, 'aliases', textsOf) : undefined;
    const given = compact({ ...attachment, ...(aliases === undefined ? {} : { aliases }) });
    return [name, Object.keys(given).length === 0 ? null : given];
  });
  return sorted(Object.fromEntries(attachments));
}

function disables(node: MapNode): boolean {
  const check = node.entries.get('healthcheck')?.value;
  const disable = check?.kind === 'map' ? check.entries.get('disable')?.value : undefined;
  return disable !== undefined && quietly(readBoolean, disable) === true;
}
