// Labels of services, networks and volumes. Those by which an agent and other tools recognise what they made are not a file's.
import type { Pairs } from './pairs.ts';
import { sortedRecord } from './read.ts';
import { below, type Where, wrong } from './report.ts';

const RESERVED = ['io.holdfast.', 'com.docker.compose.'];

export function resolveLabels(labels: Pairs, where: Where): Record<string, string> {
  for (const [name, { at }] of labels) {
    const prefix = RESERVED.find((reserved) => name.startsWith(reserved));
    if (prefix === undefined) continue;
    wrong(below(where, name), at, 'reserved-label', `labels that begin with "${prefix}" are the agent's own`);
  }
  return sortedRecord([...labels].map(([name, { value }]) => [name, value ?? '']));
}
