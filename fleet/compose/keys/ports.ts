// ports: short (`[IP:][HOST:]CONTAINER[/PROTOCOL]`, with ranges) and long form, to one entry per port.
import type { Port } from '../../model/desired.ts';
import { describe, type Node } from '../node.ts';
import type { Place } from '../place.ts';
import { type Located, numberOf, type Reader, readKeys, readText, wordReader } from '../read.ts';
import { doubtful, itemOf, shown, type Where, wrong } from '../report.ts';

/** Most ports that one service publishes, ranges written out. */
export const MAX_PORTS = 1024;

/** One entry per host address, host port, container port and protocol; the last one wins. */
export const readPorts: Reader<readonly Located<Port>[]> = (node, where) => {
  if (node.kind !== 'list') return wrong(where, node.at, 'type', `has to be a list, not ${describe(node)}`);
  const unique = new Map<string, Located<Port>>();
  let expanded = 0;
  for (const [index, item] of node.items.entries()) {
    const ports = readPort(item, itemOf(where, index)) ?? [];
    expanded += ports.length;
    if (expanded > 2 * MAX_PORTS) break;
    for (const port of ports) unique.set(portKey(port.value), port);
  }
  if (unique.size <= MAX_PORTS && expanded <= 2 * MAX_PORTS) return [...unique.values()];
  return wrong(where, node.at, 'too-large', `publishes more than ${MAX_PORTS} ports`);
};

function portKey({ host_ip, published, target, protocol }: Port): string {
  return `${host_ip ?? '0.0.0.0'} ${published ?? ''} ${target} ${protocol}`;
}

interface Range {
  readonly first: number;
  readonly last: number;
}

type Protocol = Port['protocol'];
const PROTOCOLS = ['tcp', 'udp', 'sctp'] as const;

const readPort: Reader<Located<Port>[]> = (node, where) => {
  if (node.kind === 'map') return longPort(node, where);
  if (node.kind !== 'scalar' || node.value === null || typeof node.value === 'boolean') {
    return wrong(where, node.at, 'type', `has to be a port, not ${describe(node)}`, EXAMPLE);
  }
  return shortPort(String(node.value), node.at, where);
};

const EXAMPLE = 'write "8080:80", "127.0.0.1:8080:80" or "53:53/udp"';

function shortPort(text: string, at: Place, where: Where): Located<Port>[] | undefined {
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
  return expandPort({ target, published, host_ip: address, protocol }, at, where);
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

function longPort(node: Node, where: Where): Located<Port>[] | undefined {
  const fields = readKeys<PortFields>(node, where, {
    target: rangeReader,
    published: rangeReader,
    host_ip: readText,
    protocol: wordReader(PROTOCOLS),
    mode: readMode,
    name: readText,
    app_protocol: readText,
  });
  if (fields === undefined) return undefined;
  const { target, published, host_ip, protocol = 'tcp' } = fields;
  if (target === undefined) {
    const given = node.kind === 'map' && node.entries.has('target');
    return given
      ? undefined
      : wrong(where, node.at, 'missing-key', 'target is missing', 'add target: the container port');
  }
  return expandPort({ target, published, host_ip, protocol }, node.at, where);
}

const readMode: Reader<'host' | 'ingress'> = (node, where) => {
  const mode = wordReader(['host', 'ingress'])(node, where);
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
function parseRange(text: string): Range | null {
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

function expandPort(
  { target, published, host_ip, protocol }: Mapping,
  at: Place,
  where: Where,
): Located<Port>[] | undefined {
  if (target.first === 0) return wrong(where, at, 'value', 'a container port has to be from 1 to 65535');
  if (host_ip !== undefined && host_ip !== '' && !isAddress(host_ip)) {
    return wrong(where, at, 'value', `"${shown(host_ip)}" is not an IP address`, EXAMPLE);
  }
  const count = target.last - target.first + 1;
  if (published !== undefined && published.last - published.first + 1 !== count) {
    if (count > 1) return wrong(where, at, 'value', 'both ranges have to be of the same length');
    return wrong(
      where,
      at,
      'unsupported-value',
      'a range of host ports for one container port is not supported yet',
      'name one host port',
    );
  }
  if (count > MAX_PORTS) return wrong(where, at, 'too-large', `publishes more than ${MAX_PORTS} ports`);
  return Array.from({ length: count }, (_, index) => {
    const host = published === undefined ? 0 : published.first + index;
    return {
      at,
      value: {
        target: target.first + index,
        protocol,
        // Host port 0 is how the Engine is asked to pick one.
        ...(host === 0 ? {} : { published: host }),
        ...(host_ip === undefined || host_ip === '' ? {} : { host_ip }),
      },
    };
  });
}

/** IPv4 or IPv6 in the form that people write; the Engine has the last word on IPv6. */
export function isAddress(text: string): boolean {
  return isIpv4(text) || isIpv6(text);
}

export function isIpv4(text: string): boolean {
  return /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/.test(text);
}

export function isIpv6(text: string): boolean {
  return (
    text.length <= 45 &&
    /^[0-9a-fA-F:]*:[0-9a-fA-F:]*(?:\d{1,3}(?:\.\d{1,3}){3})?$/.test(text) &&
    text.split(':').length > 2
  );
}
