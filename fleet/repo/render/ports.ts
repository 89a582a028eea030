// Ports as a file writes them: ranges of the container one by one, those of the host as they stand.
import { readPorts } from '../../compose/keys/ports.ts';
import { listNode, type Node } from '../../compose/node.ts';
import { compact, dataOf, type Rendered } from './plain.ts';
import { quietly } from './quietly.ts';

/** One entry per port, without repeats. */
export function renderPorts(node: Node): Rendered[] {
  const items = node.kind === 'list' ? node.items : [];
  const all = items.flatMap(renderItem);
  return [...new Map(all.map((port) => [JSON.stringify(port), port])).values()];
}

function renderItem(item: Node): Rendered[] {
  const long = item.kind === 'map' ? (dataOf(item) as Rendered) : {};
  const specs = quietly(readPorts, listNode([item], item.at)) ?? [];
  // The ports of one range come in the order of their text, as in Compose.
  const keyOf = ({ value }: (typeof specs)[number]) => `${value.target}/${value.protocol}`;
  const inOrder = [...specs].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  return inOrder.map(({ value: { target, published, choices, host_ip, protocol } }) =>
    compact({
      name: long.name,
      mode: long.mode ?? 'ingress',
      host_ip,
      target,
      published: published === undefined ? hostPort(long) : rangeFrom(published, choices ?? 1),
      protocol,
      app_protocol: long.app_protocol,
    }),
  );
}

/** Host port 0 asks the Engine to pick one, and is still what the file says. */
function hostPort({ published }: Rendered): string | undefined {
  return published === undefined || published === null ? undefined : String(published);
}

function rangeFrom(first: number, count: number): string {
  return count === 1 ? String(first) : `${first}-${first + count - 1}`;
}
