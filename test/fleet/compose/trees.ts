// Short ways to put files together and to look at the tree that comes out.
import { createFiles, folderOf } from '../../../fleet/compose/files.ts';
import type { Node } from '../../../fleet/compose/node.ts';
import { createReport } from '../../../fleet/compose/report.ts';
import { createLoading } from '../../../fleet/compose/tree/loading.ts';
import { loadModel } from '../../../fleet/compose/tree/model.ts';
import { createBudget } from '../../../fleet/compose/variables/variables.ts';
import { formatDiagnostic } from '../../../fleet/diagnostic.ts';
import { wordsOf } from '../repo/resolving.ts';
import { treeOf } from '../repo/tree.ts';

export interface Loaded {
  /** Plain values; undefined: nothing could be read. */
  readonly data: unknown;
  /** Message and hint of every diagnostic. */
  readonly said: string[];
  /** Every diagnostic as text. */
  readonly text: string;
  readonly needs: string[];
}

interface Options {
  /** In order; the first file of the record unless given. */
  readonly main?: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
  readonly roots?: readonly string[];
}

/** The model of files by their paths in the repository. */
export function load(texts: Readonly<Record<string, string>>, options: Options = {}): Loaded {
  const tree = treeOf({ ...texts }, options.roots);
  const report = createReport();
  const files = createFiles(tree);
  const main = options.main ?? Object.keys(texts).slice(0, 1);
  const sources = main.map((path) => {
    const file = tree.files.get(path);
    if (file === undefined) throw new Error(`no file ${path}`);
    return file;
  });
  const variables = new Map(Object.entries(options.variables ?? {}));
  const loading = createLoading(files, report, createBudget());
  const model = loadModel(sources, { folder: folderOf(main[0] ?? ''), variables }, main.slice(0, 1), loading);
  const diagnostics = report.diagnostics();
  return {
    data: model && plain(model),
    said: diagnostics.map(wordsOf),
    text: diagnostics.map(formatDiagnostic).join('\n'),
    needs: files.needs(),
  };
}

/** What a node holds, as plain values. */
export function plain(node: Node): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(plain);
  return Object.fromEntries([...node.entries].map(([key, { value }]) => [key, plain(value)]));
}
