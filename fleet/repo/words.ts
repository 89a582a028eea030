// Readers of values that device.yaml, fleet.yaml and their apps have in common.
import type { Reader } from '../compose/read.ts';
import { wrong } from '../compose/report.ts';
import { readDuration } from '../compose/scalars.ts';

const DAY_MS = 24 * 3600 * 1000;

/** Whole milliseconds from 1s to 24h. */
export const readTime: Reader<number> = (node, where) => {
  const ns = readDuration(node, where);
  if (ns === undefined) return undefined;
  const ms = Math.round(ns / 1e6);
  return ms >= 1000 && ms <= DAY_MS ? ms : wrong(where, node.at, 'value', 'has to be from 1s to 24h');
};
