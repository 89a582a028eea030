// Lists that cannot have the same thing twice: after a merge the later one takes the place of the earlier, as in Compose.
// Works on the text of an item; ports, whose forms have to be read to be compared, are settled by their reader as well.
// Empty DNS servers, which a variable that is not set leaves behind, are left out, as Compose leaves them out.
import { posix } from 'node:path';
import type { Entry, ListNode, MapNode, Node } from '../node.ts';
import { lookUp } from './merge-rules.ts';

/** What an item is known by; undefined: it is like no other. */
type KeyOf = (item: Node) => string | undefined;

const KEYS: Readonly<Record<string, KeyOf>> = {
  'services.*.annotations': pair,
  'services.*.cap_add': pair,
  'services.*.cap_drop': pair,
  'services.*.configs': mountBelow(''),
  'services.*.deploy.labels': pair,
  'services.*.devices': device,
  'services.*.dns': pair,
  'services.*.dns_opt': pair,
  'services.*.dns_search': pair,
  'services.*.env_file': envFile,
  'services.*.environment': pair,
  'services.*.expose': whole,
  'services.*.labels': pair,
  'services.*.links': pair,
  'services.*.ports': port,
  'services.*.profiles': pair,
  'services.*.secrets': mountBelow('/run/secrets'),
  'services.*.sysctls': pair,
  'services.*.tmpfs': pair,
  'services.*.volumes': volume,
  'networks.*.labels': pair,
  'networks.*.ipam.options': pair,
};

/** Lists that are deeper than a table by path tells apart. */
const ATTACHMENT_LISTS: readonly string[] = ['aliases', 'link_local_ips'];

/** The tree with the lists that may not repeat themselves without repetition. */
export function unique(tree: MapNode): MapNode {
  return uniqueBelow(tree, []);
}

/** No list that is meant stands deeper. */
const DEEPEST = 5;

function uniqueBelow(map: MapNode, path: readonly string[]): MapNode {
  const entries = new Map<string, Entry>();
  for (const [key, entry] of map.entries) {
    const at = [...path, key];
    const { value } = entry;
    if (value.kind === 'map' && at.length < DEEPEST) entries.set(key, { ...entry, value: uniqueBelow(value, at) });
    else if (value.kind === 'list') entries.set(key, { ...entry, value: uniqueList(value, at) });
    else if (!isServerPath(at) || whole(value) !== '') entries.set(key, entry);
  }
  return { ...map, entries };
}

function uniqueList(list: ListNode, path: readonly string[]): Node {
  const [section, , key, , inner] = path;
  const attachment = section === 'services' && key === 'networks' && ATTACHMENT_LISTS.includes(inner ?? '');
  const keyOf = attachment ? whole : lookUp(KEYS, path);
  if (keyOf === undefined) return list;
  const items = new Map<string | Node, Node>();
  for (const item of list.items) {
    if (!isServerPath(path) || whole(item) !== '') items.set(keyOf(item) ?? item, item);
  }
  return { ...list, items: [...items.values()] };
}

function isServerPath([section, , key, deeper]: readonly string[]): boolean {
  return section === 'services' && key === 'dns' && deeper === undefined;
}

function whole(item: Node): string | undefined {
  return item.kind === 'scalar' ? item.text : undefined;
}

/** `KEY=value`, or the whole text. */
function pair(item: Node): string | undefined {
  return whole(item)?.replace(/=.*/s, '');
}

/** `SOURCE:TARGET:…`, or a map with a target. */
function volume(item: Node): string | undefined {
  const [first, second] = whole(item)?.split(':') ?? [];
  const target = second ?? first ?? field(item, 'target');
  return target?.startsWith('/') ? posix.normalize(target).replace(/(.)\/$/, '$1') : target;
}

function device(item: Node): string | undefined {
  const [first, second] = whole(item)?.split(':') ?? [];
  return second ?? first ?? field(item, 'target') ?? field(item, 'source');
}

function envFile(item: Node): string | undefined {
  return whole(item) ?? field(item, 'path');
}

function mountBelow(folder: string): KeyOf {
  return (item) => {
    const target = field(item, 'target');
    if (target !== undefined) return target.startsWith('/') ? target : `${folder}/${target}`;
    const source = whole(item) ?? field(item, 'source');
    return source === undefined ? undefined : `${folder}/${source}`;
  };
}

function port(item: Node): string | undefined {
  if (item.kind !== 'map') return whole(item);
  const parts = [field(item, 'host_ip') ?? '', field(item, 'published') ?? '', field(item, 'target') ?? ''];
  return `${parts.join(':')}/${field(item, 'protocol') ?? 'tcp'}`;
}

function field(item: Node, key: string): string | undefined {
  const value = item.kind === 'map' ? item.entries.get(key)?.value : undefined;
  return value?.kind === 'scalar' && value.value !== null ? value.text : undefined;
}
