// Files that are something else than a Compose file, or lack what makes one: said once, instead of of every key.
import { nearest } from '../nearest.ts';
import { type Entry, isNull, type MapNode } from '../node.ts';
import type { Place } from '../place.ts';
import { type Where, wrong } from '../report.ts';

/** It is no Compose file at all, which is said. */
export function isForeign(model: MapNode, where: Where): boolean {
  const { entries } = model;
  if (entries.has('services') || entries.has('include')) return false;
  const kind = entries.get('kind');
  if (kind !== undefined && entries.has('apiVersion')) {
    const hint = 'write what it runs as services of a Compose file';
    wrong(where, kind.keyAt, 'foreign-file', 'this is a Kubernetes manifest, not a Compose file', hint);
    return true;
  }
  const own = [...entries.values()].filter(({ key }) => !key.startsWith('x-'));
  const [first] = own;
  if (first === undefined || !own.every(isService)) return false;
  const what = 'services stand at the top level, as they did before there was "services:"';
  wrong(where, first.keyAt, 'foreign-file', what, 'write "services:" above them, and indent them');
  return true;
}

function isService({ value }: Entry): boolean {
  return value.kind === 'map' && (value.entries.has('image') || value.entries.has('build'));
}

/** An app runs something. */
export function checkServices({ entries }: MapNode, file: Place, where: Where, known: object): void {
  const services = entries.get('services');
  const isThere =
    services?.value.kind === 'map' ? services.value.entries.size > 0 : services && !isNull(services.value);
  if (isThere) return;
  // What is misspelt, or not indented below it, is said of that key.
  const keys = [...entries.keys()];
  const next = keys[keys.indexOf('services') + 1];
  const isMeant =
    services === undefined ? keys.some((key) => nearest(key, ['services'])) : !Object.hasOwn(known, next ?? 'name');
  if (isMeant && where.report.failed()) return;
  const hint = `${services === undefined ? 'add services:' : 'fill it'} with at least one service`;
  wrong(where, services?.keyAt ?? file, 'missing-key', 'no services are declared', hint);
}
