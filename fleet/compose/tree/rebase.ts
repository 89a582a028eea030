// Paths of an included or extended file count from that file's folder. They are rewritten here, so that everything that is
// read later counts from one folder. What leaves the repository still leaves it afterwards.
import { posix } from 'node:path';
import { type Entry, type MapNode, type Node, textNode } from '../node.ts';

/** A whole model whose paths count from `from`, counting from `to`. */
export function rebaseModel(model: MapNode, from: string, to: string): MapNode {
  if (from === to) return model;
  const path = rewriter(from, to);
  const eachOf = (rewrite: (node: Node) => Node) => (node: Node) => mapValues(node, rewrite);
  return mapKeys(model, {
    services: eachOf((service) => mapKeys(service, serviceRewrites(path))),
    configs: eachOf((config) => mapKeys(config, { file: path })),
    secrets: eachOf((secret) => mapKeys(secret, { file: path })),
    volumes: eachOf((volume) => mapKeys(volume, { driver_opts: (options) => bindDevice(options, path) })),
  });
}

/** The same for one service. */
export function rebaseService(service: MapNode, from: string, to: string): MapNode {
  return from === to ? service : mapKeys(service, serviceRewrites(rewriter(from, to)));
}

type Rewrite = (node: Node) => Node;

function serviceRewrites(path: Rewrite): Readonly<Record<string, Rewrite>> {
  const fileOrEntry: Rewrite = (node) => mapKeys(path(node), { path });
  return {
    env_file: (node) => mapItems(fileOrEntry(node), fileOrEntry),
    label_file: (node) => mapItems(path(node), path),
    volumes: (node) => mapItems(node, (item) => volumeSource(item, path)),
  };
}

/** A relative path from the one folder as one from the other. Anything else stays as it is. */
function rewriter(from: string, to: string): Rewrite {
  return (node) => {
    if (node.kind !== 'scalar' || typeof node.value !== 'string' || !isRelative(node.value)) return node;
    return { ...textNode(relativePath(posix.join(from, node.value), to), node.at), ...tagOf(node) };
  };
}

function isRelative(path: string): boolean {
  return path !== '' && !path.startsWith('/') && !path.startsWith('~') && !path.includes('\\');
}

/** `path` (which may begin with `../`) as one that counts from the folder; begins with `./` or `../`. */
function relativePath(path: string, folder: string): string {
  const target = path.replace(/\/$/, '').split('/');
  const start = folder === '' ? [] : folder.split('/');
  let same = 0;
  while (same < start.length && same < target.length && start[same] === target[same]) same += 1;
  const up = start.slice(same).map(() => '..');
  const down = target.slice(same).filter((part) => part !== '.');
  return [...(up.length === 0 && down[0] !== '..' ? ['.'] : up), ...down].join('/');
}

/** A short form's source is a path when it begins like one; a long form's, when it is a bind. */
function volumeSource(item: Node, path: Rewrite): Node {
  if (item.kind === 'map') {
    const type = item.entries.get('type')?.value;
    return type?.kind === 'scalar' && type.value === 'bind' ? mapKeys(item, { source: path }) : item;
  }
  if (item.kind !== 'scalar' || typeof item.value !== 'string') return item;
  const colon = item.value.indexOf(':');
  if (colon < 0 || !item.value.startsWith('.')) return item;
  const source = path(textNode(item.value.slice(0, colon), item.at));
  if (source.kind !== 'scalar') return item;
  return { ...textNode(source.text + item.value.slice(colon), item.at), ...tagOf(item) };
}

/** A volume of the local driver that is a bind mount in disguise. */
function bindDevice(options: Node, path: Rewrite): Node {
  const o = options.kind === 'map' ? options.entries.get('o')?.value : undefined;
  const bind = o?.kind === 'scalar' && o.text.split(',').some((option) => option === 'bind' || option === 'rbind');
  return bind ? mapKeys(options, { device: path }) : options;
}

function tagOf({ tag }: Node): Pick<Node, 'tag'> {
  return tag === undefined ? {} : { tag };
}

function mapItems(node: Node, rewrite: Rewrite): Node {
  return node.kind === 'list' ? { ...node, items: node.items.map(rewrite) } : node;
}

function mapValues(node: Node, rewrite: Rewrite): Node {
  if (node.kind !== 'map') return node;
  const entries = [...node.entries.values()].map((entry): [string, Entry] => {
    return [entry.key, { ...entry, value: rewrite(entry.value) }];
  });
  return { ...node, entries: new Map(entries) };
}

function mapKeys<N extends Node>(node: N, rewrites: Readonly<Record<string, Rewrite>>): N {
  if (node.kind !== 'map') return node;
  const entries = new Map<string, Entry>(node.entries);
  for (const [key, rewrite] of Object.entries(rewrites)) {
    const entry = entries.get(key);
    if (entry !== undefined) entries.set(key, { ...entry, value: rewrite(entry.value) });
  }
  return { ...node, entries };
}
