// `label_file`: labels that files hold, below those of the service itself.

import { type Entry, isNull, type MapNode, mapNode, textNode, withoutKey } from '../node.ts';
import { toMap } from '../pairs.ts';
import { below, type Where } from '../report.ts';
import { type EnvFileContext, loadEnvFile, readEnvFiles } from '../variables/env-file.ts';
import type { Budget } from '../variables/variables.ts';

export interface LabelContext extends EnvFileContext {
  readonly budget: Budget;
}

/** The service with its label files read. Variables in them are labels that came before, as in Compose. */
export function withLabelFiles(service: MapNode, where: Where, context: LabelContext): MapNode {
  const entry = service.entries.get('label_file');
  const own = withoutKey(service, 'label_file');
  if (entry === undefined || isNull(entry.value)) return own;
  const at = below(where, 'label_file');
  const labels = new Map<string, Entry>();
  const read = new Map<string, string>();
  const scope = { over: new Map<string, string>(), under: read, budget: context.budget };
  for (const file of readEnvFiles(entry.value, at) ?? []) {
    for (const [key, value] of loadEnvFile(file, scope, at, context)) {
      read.set(key, value);
      labels.set(key, { key, keyAt: file.at, value: textNode(value, file.at) });
    }
  }
  const given = own.entries.get('labels');
  const over = given === undefined || isNull(given.value) ? undefined : toMap(given.value, below(where, 'labels'));
  const value = mapNode([...labels.values(), ...(over?.entries.values() ?? [])], over?.at ?? entry.value.at);
  const merged = { key: 'labels', keyAt: given?.keyAt ?? entry.keyAt, value };
  return { ...own, entries: new Map([...own.entries, ['labels', merged]]) };
}
