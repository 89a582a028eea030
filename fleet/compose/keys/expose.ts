// expose: ports that a container says it listens on, ranges written out.
import { oneOrMoreReader, type Reader } from '../read.ts';
import { doubtful, shown, wrong } from '../report.ts';
import { readScalar } from '../scalars.ts';
import { MAX_PORTS, PROTOCOLS, parseRange, type Range } from './ports.ts';

const EXAMPLE = 'write "3000", "3000-3005" or "53/udp"';

interface Exposed extends Range {
  readonly protocol: string;
}

const readRange: Reader<Exposed> = (node, where) => {
  const text = readScalar(node, where);
  if (text === undefined) return undefined;
  const mapping = /^[\d-]+:([\d-]+(?:\/\w+)?)$/.exec(text)?.[1];
  if (mapping !== undefined) {
    const what = `"${shown(text)}" is a mapping, which only ports can have: ${mapping} is exposed`;
    doubtful(where, node.at, 'value', what, `write "${mapping}", or put it under ports`);
  }
  const [numbers = '', word = 'tcp', ...rest] = (mapping ?? text).split('/');
  const range = parseRange(numbers);
  const protocol = PROTOCOLS.find((name) => name === word.toLowerCase());
  if (range !== null && range.first > 0 && protocol !== undefined && rest.length === 0) return { ...range, protocol };
  return wrong(where, node.at, 'value', `"${shown(text)}" is not a port`, EXAMPLE);
};

const readRanges = oneOrMoreReader(readRange);

/** `80/tcp`, sorted. */
export const readExpose: Reader<readonly string[]> = (node, where) => {
  const ports = new Set<string>();
  let expanded = 0;
  for (const { first, last, protocol } of readRanges(node, where) ?? []) {
    expanded += last - first + 1;
    if (expanded > MAX_PORTS) return wrong(where, node.at, 'too-large', `exposes more than ${MAX_PORTS} ports`);
    for (let port = first; port <= last; port += 1) ports.add(`${port}/${protocol}`);
  }
  return [...ports].sort();
};
