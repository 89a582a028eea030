// extra_hosts: names with their addresses, as a map or a list of `name=address` or `name:address`.
import { describe, isNull, type Node } from '../node.ts';
import { listReader, oneOrMoreReader, type Reader } from '../read.ts';
import { below, doubtful, shown, type Where, wrong } from '../report.ts';
import { readText } from '../scalars.ts';
import { isAddress } from './addresses.ts';

/** What the Engine replaces by an address of its own. */
const GATEWAY = 'host-gateway';
const EXAMPLE = 'write "name:10.0.0.1", "name=::1" or "name:host-gateway"';

/** `name:address`, sorted, each once. A name may have several. */
export const readExtraHosts: Reader<readonly string[]> = (node, where) => {
  if (node.kind === 'map') {
    const lines = [...node.entries.values()].flatMap(({ key, value }) =>
      isNull(value) ? readLine(key, value, where) : readAddresses(key, value, below(where, key)),
    );
    return sorted(lines);
  }
  if (node.kind !== 'list') {
    return wrong(where, node.at, 'type', `has to be a map or a list, not ${describe(node)}`, EXAMPLE);
  }
  const lines = listReader((item, at) => {
    const text = readText(item, at);
    return text === undefined ? undefined : readLine(text, item, at);
  })(node, where);
  return sorted((lines ?? []).flat());
};

function readLine(text: string, node: Node, where: Where): string[] {
  const at = text.includes('=') ? text.indexOf('=') : text.indexOf(':');
  if (at > 0) return lineOf(text.slice(0, at), text.slice(at + 1), node, where);
  wrong(where, node.at, 'value', `"${shown(text)}" names no address`, EXAMPLE);
  return [];
}

function readAddresses(name: string, node: Node, where: Where): string[] {
  const addresses = oneOrMoreReader(readText)(node, where) ?? [];
  return addresses.flatMap((address) => lineOf(name, address, node, where));
}

function lineOf(name: string, address: string, node: Node, where: Where): string[] {
  const bare = address.trim().replace(/^\[(.*)\]$/, '$1');
  if (bare === GATEWAY || isAddress(bare)) return [`${name.trim()}:${bare}`];
  if (bare === '') doubtful(where, node.at, 'value', `"${shown(name)}" has no address and is left out`, EXAMPLE);
  else wrong(where, node.at, 'value', `"${shown(address)}" is not an address`, EXAMPLE);
  return [];
}

function sorted(lines: readonly string[]): string[] {
  return [...new Set(lines)].sort();
}
