// device.yaml or fleet.yaml by its table.
import { describe } from '../compose/node.ts';
import { type Keys, readKeys } from '../compose/read.ts';
import { type Report, wrong } from '../compose/report.ts';
import { parseYaml } from '../compose/yaml/parse.ts';
import type { SourceFile } from '../model/source.ts';

/** null: it cannot be read, which was reported. */
export function readSettings<T extends object>(file: SourceFile, keys: Keys<T>, report: Report): Partial<T> | null {
  const parsed = parseYaml(file.path, file.bytes, report);
  if (parsed.kind !== 'tree') return parsed.kind === 'empty' ? {} : null;
  const where = { path: '', report };
  if (parsed.root.kind === 'map') return readKeys(parsed.root, where, keys) ?? null;
  wrong(where, parsed.root.at, 'type', `the file has to be a map, not ${describe(parsed.root)}`);
  return null;
}
