// Files to one tree: each document is interpolated, what it includes is put below it, its services are made complete, and
// then it is merged over what came before. Pure: files that are not there yet are noted as needed.
import type { SourceFile } from '../../model/source.ts';
import type { MapNode } from '../node.ts';
import type { Where } from '../report.ts';
import { applyExtends } from './extends.ts';
import { applyIncludes, type Chain } from './include.ts';
import type { Loading, Origin } from './loading.ts';
import { cleaned, mergeMaps } from './merge.ts';
import { unique } from './unique.ts';

/** undefined: nothing in the files could be read, which was reported. */
export function loadModel(
  files: readonly SourceFile[],
  origin: Origin,
  chain: Chain,
  loading: Loading,
): MapNode | undefined {
  const root: Where = { path: '', report: loading.report };
  let model: MapNode | undefined;
  for (const file of files) {
    for (const document of loading.layers(file, origin.variables)) {
      const whole = applyIncludes(document, origin, chain, loading, (paths, inner, deeper) =>
        loadModel(paths, inner, deeper, loading),
      );
      const layer = applyExtends(whole, file.path, origin, loading);
      if (model !== undefined && !loading.spend(model, document.at, root)) return model;
      model = unique(cleaned(model === undefined ? layer : mergeMaps(model, layer, [], root)));
    }
  }
  return model;
}
