// Labels of services, networks and volumes. Those by which an agent and other tools recognise what they made are not a file's.
import type { Pairs } from '../pairs.ts';
import { sortedRecord } from '../read.ts';
import { below, doubtful, type Where } from '../report.ts';

const RESERVED = ['io.holdfast.', 'com.docker.compose.'];

export function resolveLabels(labels: Pairs, where: Where): Record<string, string> {
  const own = [...labels].filter(([name, { at }]) => {
    const prefix = RESERVED.find((reserved) => name.startsWith(reserved));
    if (prefix === undefined) return true;
    const what = `is left out: labels that begin with "${prefix}" are the agent's own`;
    doubtful(below(where, name), at, 'reserved-label', what, 'remove it');
    return false;
  });
  return sortedRecord(own.map(([name, { value }]) => [name, value ?? '']));
}
