// Reads what a file says once more, for showing it: mistakes were said when it was resolved.
import type { Node } from '../../compose/node.ts';
import type { Reader } from '../../compose/read.ts';
import { createReport } from '../../compose/report.ts';

/** undefined: it cannot be read. */
export function quietly<T>(reader: Reader<T>, node: Node): T | undefined {
  return reader(node, { path: '', report: createReport() });
}
