// What one app's Compose files may cost together, and each of them parsed once: included and extended files are read for
// as many places as name them, but what they become is counted.
import { type SourceFile, TEXT_BYTES } from '../../model/source.ts';
import type { Files } from '../files.ts';
import { describe, type MapNode, mapOf, type Node } from '../node.ts';
import { type Place, wholeFile } from '../place.ts';
import { doubtful, type Report, type Where, wrong } from '../report.ts';
import { interpolate } from '../variables/interpolate.ts';
import type { Budget, Variables } from '../variables/variables.ts';
import { MAX_NODES } from '../yaml/convert.ts';
import { parseDocuments } from '../yaml/parse.ts';

/** Most bytes of all files of one app, each counted once. */
const MAX_APP_BYTES = 4 * TEXT_BYTES;
const DATA_ASIDE = 'keep data in files that services mount, and let this file name them';
/** Most nodes that the files of one app become, counted in every place where one is included or extended. */
const MAX_APP_NODES = 4 * MAX_NODES;

/** Most models that one app includes, each counted as often as it is. */
const MAX_INCLUDED = 256;

/** Where a model's relative paths count from, and what its variables are. */
export interface Origin {
  readonly folder: string;
  readonly variables: Variables;
}

export interface Loading {
  readonly files: Files;
  readonly report: Report;
  readonly budget: Budget;
  /** The documents of a file as maps, interpolated; what is wrong with it was reported. */
  layers(file: SourceFile, variables: Variables): MapNode[];
  /** Warns of files that hold nothing. */
  sayEmpty(): void;
  /** Counts an included model; false: too many, which was reported. */
  include(at: Place, where: Where): boolean;
  /** Counts what was made; false: too much, which was reported. */
  spend(node: Node, at: Place, where: Where): boolean;
}

export function createLoading(files: Files, report: Report, budget: Budget): Loading {
  const documents = new Map<string, readonly MapNode[]>();
  const unset = new Set<string>();
  const empty: string[] = [];
  const root: Where = { path: '', report };
  let bytes = MAX_APP_BYTES;
  let nodes = MAX_APP_NODES;
  let included = 0;
  const spend: Loading['spend'] = (node, at, where) => {
    if (nodes < 0) return false;
    nodes -= sizeOf(node, nodes + 1);
    if (nodes < 0) wrong(where, at, 'too-large', 'the files of this app become too much when they are put together');
    return nodes >= 0;
  };
  const parse = (file: SourceFile): readonly MapNode[] => {
    bytes -= file.size;
    if (bytes >= 0) return parseLayers(file, root, empty);
    const what = `the files of this app have more than ${MAX_APP_BYTES / 1024} KiB`;
    return wrong(root, wholeFile(file.path), 'too-large', what, DATA_ASIDE) ?? [];
  };
  return {
    files,
    report,
    budget,
    spend,
    sayEmpty() {
      for (const path of empty) doubtful(root, wholeFile(path), 'empty-file', 'the file is empty');
    },
    include(at, where) {
      included += 1;
      if (included === MAX_INCLUDED + 1) {
        wrong(
          where,
          at,
          'too-large',
          `more than ${MAX_INCLUDED} included files in one app`,
          'include each of them once',
        );
      }
      return included <= MAX_INCLUDED;
    },
    layers(file, variables) {
      const known = documents.get(file.path) ?? parse(file);
      documents.set(file.path, known);
      return known
        .filter((layer) => spend(layer, layer.at, root))
        .map((layer) => mapOf(interpolate(layer, root, { variables, budget, unset })));
    },
  };
}

function parseLayers(file: SourceFile, where: Where, empty: string[]): MapNode[] {
  const roots = parseDocuments(file.path, file.bytes, where.report) ?? undefined;
  if (roots?.length === 0) empty.push(file.path);
  return (roots ?? []).flatMap((root) => {
    if (root.kind === 'map') return [root];
    wrong(where, root.at, 'type', `a Compose file has to be a map, not ${describe(root)}`, 'begin with "services:"');
    return [];
  });
}

/** How many nodes it has; stops counting at the given number. */
function sizeOf(node: Node, atMost: number): number {
  let size = 1;
  const inner = node.kind === 'map' ? [...node.entries.values()].map(({ value }) => value) : [];
  for (const child of node.kind === 'list' ? node.items : inner) {
    if (size >= atMost) break;
    size += sizeOf(child, atMost - size);
  }
  return size;
}
