// deploy, devices and build as a file writes them: sizes as bytes, durations as Go prints them, numbers as numbers.
import type { Deploy } from '../../compose/keys/deploy.ts';
import type { Node } from '../../compose/node.ts';
import { readPairs } from '../../compose/pairs.ts';
import type { Located } from '../../compose/read.ts';
import type { DeviceRequest } from '../../model/service.ts';
import { parseDuration, parseSize } from '../../units.ts';
import { compact, dataOf, duration, isRendered, type Rendered, sorted } from './plain.ts';
import { quietly } from './quietly.ts';
import { fromFolder } from './relative.ts';

const time = (value: unknown): unknown => duration(parseDuration(String(value)) ?? undefined) ?? value;
const bytes = (value: unknown): unknown => String(parseSize(String(value)) ?? value);
const number = (value: unknown): unknown => (Number.isFinite(Number(value)) ? Number(value) : value);

const LEAVES: Readonly<Record<string, (value: unknown) => unknown>> = {
  delay: time,
  monitor: time,
  window: time,
  memory: bytes,
  cpus: number,
  pids: number,
  replicas: number,
  parallelism: number,
  max_attempts: number,
  max_failure_ratio: number,
  max_replicas_per_node: number,
};

/** `resources` and `placement` are always there, as in Compose. */
export function renderDeploy(node: Node, deploy: Deploy | undefined): Rendered | undefined {
  const data = canonical(dataOf(node));
  if (!isRendered(data)) return undefined;
  const { resources, placement, labels, ...rest } = data;
  const pairs = node.kind === 'map' ? node.entries.get('labels')?.value : undefined;
  return {
    ...rest,
    ...(labels === undefined || pairs === undefined ? {} : { labels: pairsOf(pairs, '') }),
    resources: withDevices(resources, deploy?.reservations?.devices),
    placement: placement ?? {},
  };
}

function canonical(data: unknown): unknown {
  if (!isRendered(data)) return data;
  const entries = Object.entries(data).filter(([key, value]) => value !== null && !key.startsWith('x-'));
  return Object.fromEntries(
    entries.map(([key, value]) => [key, isRendered(value) ? canonical(value) : (LEAVES[key]?.(value) ?? value)]),
  );
}

function pairsOf(node: Node, none: '' | null): Rendered {
  const pairs = quietly(readPairs, node) ?? new Map();
  return sorted(Object.fromEntries([...pairs].map(([name, { value }]) => [name, value ?? none])));
}

function withDevices(resources: unknown, devices: readonly Located<DeviceRequest>[] | undefined): Rendered {
  if (!isRendered(resources)) return {};
  if (devices === undefined || !isRendered(resources.reservations)) return resources;
  return { ...resources, reservations: { ...resources.reservations, devices: renderDevices(devices) } };
}

/** `all`: the capability goes without saying. */
export function renderDevices(devices: readonly Located<DeviceRequest>[], all = false): Rendered[] {
  return devices.map(({ value: { capabilities, driver, count, device_ids, options } }) =>
    compact({ capabilities: all ? undefined : capabilities, driver, count, device_ids, options }),
  );
}

/** Not carried out here; with it the rendered service is one that Compose takes. */
export function renderBuild(node: Node, folder: string): Rendered {
  const data = dataOf(node);
  const given = isRendered(data) ? data : { context: data };
  const context = String(given.context ?? '.');
  const isElsewhere = /^[~/]|:\/\/|^git@/.test(context);
  const pairs = (key: string): Rendered | undefined => {
    const inner = node.kind === 'map' ? node.entries.get(key)?.value : undefined;
    return inner?.kind === 'list' ? pairsOf(inner, null) : undefined;
  };
  return compact({
    ...given,
    args: pairs('args') ?? given.args,
    labels: pairs('labels') ?? given.labels,
    context: isElsewhere ? context : fromFolder(folder, `${folder}/${context}`),
    dockerfile: given.dockerfile ?? (given.dockerfile_inline === undefined ? 'Dockerfile' : undefined),
  });
}
