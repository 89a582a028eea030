// tmpfs of a service: paths with the options of mount(8). Size and mode have fields of their own, the rest stays as it is.
import { parseSize } from '../../units.ts';
import { oneOrMoreReader, type Reader } from '../read.ts';
import { readName } from '../scalars.ts';
import { lastPerTarget, mountPoint, parseFileMode } from './mounted.ts';
import type { MountSpec, TmpfsOptions } from './volumes.ts';

export const readTmpfs: Reader<readonly MountSpec[]> = (node, where) => {
  const specs = oneOrMoreReader(readEntry)(node, where);
  return specs === undefined ? undefined : lastPerTarget(specs);
};

const readEntry: Reader<MountSpec> = (node, where) => {
  const text = readName(node, where);
  if (text === undefined) return undefined;
  const [path = '', options = ''] = text.split(/:(.*)/s);
  const target = mountPoint(path, node.at, where);
  return target === undefined ? undefined : { type: 'tmpfs', target, read_only: false, at: node.at, ...parse(options) };
};

/** A size in percent, or a mode that is not octal, is left to the kernel. */
function parse(text: string): TmpfsOptions {
  const options: string[] = [];
  let known: { size?: number; mode?: number } = {};
  for (const option of text.split(',').filter((word) => word !== '')) {
    const [name, value = ''] = option.split(/=(.*)/s);
    const size = name === 'size' ? parseSize(value) : null;
    const mode = name === 'mode' ? parseFileMode(value) : null;
    if (size !== null) known = { ...known, size };
    else if (mode !== null) known = { ...known, mode };
    else options.push(option);
  }
  return { ...known, ...(options.length === 0 ? {} : { options: options.join(',') }) };
}
