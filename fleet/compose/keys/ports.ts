// ports: short (`[IP:][HOST:]CONTAINER[/PROTOCOL]`, with ranges) and long form, to one entry per port.
import type { Port } from '../../model/service.ts';
import { describe, type Node } from '../node.ts';
import type { Place } from '../place.ts';
import { type Located, listReader, missingKey, type Reader, readKeys } from '../read.ts';
import { doubtful, shown, type Where, wrong } from '../report.ts';
import { numberOf, readOptionalText, wordReader } from '../scalars.ts';
import { isAddress } from './addresses.ts';

/** Most ports that one service publishes, ranges written out. */
export const MAX_PORTS = 65_536;

/** A port as written. `choices`: how many host ports, from `published` on, one container port may have. */
export type PortSpec = Port & { readonly choices?: number };

/** One entry per host address, host port, container port and protocol; the last one wins. */
export const readPorts: Reader<readonly Located<PortSpec>[]> = (node, where) => {
  const mappings = listReader(readPort)(node, where);
  if (mappings === undefined) return undefined;
  // Counted before anything is written out: a few characters can mean very many ports.
  const count = mappings.reduce((sum, { value: { target } }) => sum + target.last - target.first + 1, 0);
  if (count > MAX_PORTS) return wrong(where, node.at, 'too-large', `publishes more than ${MAX_PORTS} ports`);
  const unique = new Map<string, Located<PortSpec>>();
  for (const { value, at } of mappings) {
    for (const port of expand(value)) unique.set(portKey(port), { value: port, at });
  }
  return [...unique.values()];
};

function portKey({ host_ip, published, target, protocol }: Port): string {
  return `${host_ip ?? '0.0.0.0'} ${published ?? ''} ${target} ${protocol}`;
}

export interface Range {
  readonly first: number;
  readonly last: number;
}

type Protocol = Port['protocol'];
export const PROTOCOLS = ['tcp', 'udp', 'sctp'] as const;

const readPort: Reader<Located<Mapping>> = (node, where) => {
  if (node.kind === 'map') return longPort(node, where);
  if (node.kind !== 'scalar' || node.value === null || typeof node.value === 'boolean') {
    return wrong(where, node.at, 'type', `has to be a port, not ${describe(node)}`, EXAMPLE);
  }
  return shortPort(String(node.value), node.at, where);
};

const EXAMPLE = 'write "8080:80", "127.0.0.1:8080:80" or "53:53/udp"';

function shortPort(text: string, at: Place, where: Where): Located<Mapping> | undefined {
  const slash = text.lastIndexOf('/');
  const protocol = slash < 0 ? 'tcp' : PROTOCOLS.find((word) => word === text.slice(slash + 1).toLowerCase());
  if (protocol === undefined) {
    return wrong(where, at, 'value', `"${shown(text)}": the protocol has to be tcp, udp or sctp`);
  }
  const rest = slash < 0 ? text : text.slice(0, slash);
  const parts = /^(?:(?:(\[[^\]]*\]|.*):)?([^:]*):)?([^:]+)$/.exec(rest);
  const [, ip, host, container = ''] = parts ?? [];
  const target = parseRange(container);
  const published = host === undefined || host === '' ? undefined : parseRange(host);
  if (target === null || published === null) {
    return wrong(where, at, 'value', `"${shown(text)}" is not a port mapping`, EXAMPLE);
  }
  const address = ip?.replace(/^\[(.*)\]$/, '$1');
  return checked({ target, published, host_ip: address, protocol }, at, where);
}

interface PortFields {
  target: Range;
  published: Range;
  host_ip: string;
  protocol: Protocol;
  mode: 'host' | 'ingress';
  /** For people and other tools; they change nothing here. */
  name: string;
  app_protocol: string;
}

function longPort(node: Node, where: Where): Located<Mapping> | undefined {
  const fields = readKeys<PortFields>(node, where, {
    target: rangeReader,
    published: rangeReader,
    host_ip: readOptionalText,
    protocol: (inner, at) => wordReader(PROTOCOLS)(lowered(inner), at),
    mode: readMode,
    name: readOptionalText,
    app_protocol: readOptionalText,
  });
  if (fields === undefined) return undefined;
  const { target, published, host_ip, protocol = 'tcp' } = fields;
  if (target === undefined) {
    return missingKey(node, where, 'target', 'add target: the container port');
  }
  return checked({ target, published, host_ip, protocol }, node.at, where);
}

function lowered(node: Node): Node {
  return node.kind === 'scalar' ? { ...node, value: String(node.value).toLowerCase() } : node;
}

const readMode: Reader<'host' | 'ingress'> = (node, where) => {
  const text = readOptionalText(node, where);
  const mode = text === undefined ? undefined : wordReader(['host', 'ingress'])(node, where);
  if (mode === 'ingress')
    doubtful(where, node.at, 'no-effect', 'has no meaning on one Engine: the port is published on the host');
  return mode;
};

const rangeReader: Reader<Range> = (node, where) => {
  const number = numberOf(node);
  const range = parseRange(number === null && node.kind === 'scalar' ? String(node.value) : String(number));
  return range ?? wrong(where, node.at, 'value', 'has to be a port from 1 to 65535, or a range like 8000-8010');
};

/** null: not a port or a range of ports. */
export function parseRange(text: string): Range | null {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (match === null) return null;
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  return last <= 65_535 && first <= last ? { first, last } : null;
}

interface Mapping {
  readonly target: Range;
  readonly published: Range | undefined;
  readonly host_ip: string | undefined;
  readonly protocol: Protocol;
}

function checked(mapping: Mapping, at: Place, where: Where): Located<Mapping> | undefined {
  const { target, published, host_ip } = mapping;
  if (target.first === 0) return wrong(where, at, 'value', 'a container port has to be from 1 to 65535');
  if (host_ip !== undefined && host_ip !== '' && !isAddress(host_ip)) {
    return wrong(where, at, 'value', `"${shown(host_ip)}" is not an IP address`, EXAMPLE);
  }
  if (published !== undefined && lengthOf(target) > 1 && lengthOf(published) !== lengthOf(target)) {
    return wrong(where, at, 'value', 'both ranges have to be of the same length');
  }
  return { value: mapping, at };
}

function lengthOf({ first, last }: Range): number {
  return last - first + 1;
}

function expand({ target, published, host_ip, protocol }: Mapping): PortSpec[] {
  const count = lengthOf(target);
  const choices = published === undefined ? count : lengthOf(published);
  return Array.from({ length: count }, (_, index) => {
    const host = published === undefined ? 0 : published.first + index;
    return {
      target: target.first + index,
      protocol,
      // Host port 0 is how the Engine is asked to pick one.
      ...(host === 0 ? {} : { published: host }),
      ...(host === 0 || choices === count ? {} : { choices }),
      ...(host_ip === undefined || host_ip === '' ? {} : { host_ip }),
    };
  });
}
