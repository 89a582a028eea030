// volumes of a service: short (`[SOURCE:]TARGET[:MODE]`) and long form. What a source stands for (a named volume, a file of
// the repository, a path of the host) is settled later, with the repository at hand.

import type { Mount } from '../../model/mount.ts';
import { describe, type Node, withoutKey } from '../node.ts';
import type { Place } from '../place.ts';
import { type Keys, listReader, missingKey, type Reader, readKeys } from '../read.ts';
import { doubtful, shown, type Where, wrong } from '../report.ts';
import { readBoolean, readName, readOptionalText, readSize, wordReader } from '../scalars.ts';
import { lastPerTarget, mountPoint, readFileMode } from './mounted.ts';
import { MOUNT_VOLUME_IGNORED } from './unsupported.ts';

type Bind = Extract<Mount, { type: 'bind' }>;

/** A mount as written. */
export type MountSpec = { readonly target: string; readonly read_only: boolean; readonly at: Place } & (
  | { readonly type: 'volume'; readonly source: string | null; readonly nocopy: boolean; readonly subpath?: string }
  | ({ readonly type: 'bind'; readonly source: string } & BindOptions)
  | ({ readonly type: 'tmpfs' } & TmpfsOptions)
  | { readonly type: 'image'; readonly source: string; readonly subpath?: string }
);

export type BindOptions = Pick<Bind, 'create_host_path' | 'propagation' | 'selinux' | 'recursive'>;
export type TmpfsOptions = Pick<Extract<Mount, { type: 'tmpfs' }>, 'size' | 'mode' | 'options'>;

/** One entry per mount point; the last one wins. */
export const readVolumes: Reader<readonly MountSpec[]> = (node, where) => {
  const specs = listReader(readVolume)(node, where);
  return specs === undefined ? undefined : lastPerTarget(specs);
};

const readVolume: Reader<MountSpec> = (node, where) => {
  if (node.kind === 'map') return longVolume(node, where);
  if (node.kind !== 'scalar' || typeof node.value !== 'string') {
    return wrong(
      where,
      node.at,
      'type',
      `has to be a volume, not ${describe(node)}`,
      'write "data:/var/lib/data" or "./file:/etc/file:ro"',
    );
  }
  return shortVolume(node.value, node.at, where);
};

function shortVolume(text: string, at: Place, where: Where): MountSpec | undefined {
  const parts = sections(text);
  const [first = '', second, options] = parts;
  if (parts.length > 3 || parts.some((part) => part === '')) {
    return wrong(where, at, 'value', `"${shown(text)}" is not a volume`, 'write SOURCE:TARGET or SOURCE:TARGET:ro');
  }
  const target = mountPoint(second ?? first, at, where);
  if (target === undefined) return undefined;
  const { read_only, nocopy, ...bind } = readMode(options, at, where);
  const base = { target, read_only, at };
  if (second === undefined) return { ...base, type: 'volume', source: null, nocopy: false };
  if (isPath(first)) return { ...base, type: 'bind', source: first, create_host_path: true, ...bind };
  return { ...base, type: 'volume', source: first, nocopy };
}

/** Split at colons, but not at the one behind a drive letter: `C:\\data:/data`. A volume may have a name of one letter. */
function sections(text: string): string[] {
  const drive = /^[A-Za-z]:(\\|\/[^:]*:\/)/.test(text) ? text.slice(0, 2) : '';
  const [first = '', ...rest] = text.slice(drive.length).split(':');
  return [drive + first, ...rest];
}

function isPath(source: string): boolean {
  return /^([./~\\]|[A-Za-z]:[\\/])/.test(source);
}

type Mode = { read_only: boolean; nocopy: boolean } & Partial<Pick<BindOptions, 'propagation' | 'selinux'>>;

/** Options of the short form. One that is unknown changes nothing, as in Compose. */
function readMode(text: string | undefined, at: Place, where: Where): Mode {
  let mode: Mode = { read_only: false, nocopy: false };
  for (const option of text?.split(',') ?? []) {
    if (option === 'ro' || option === 'rw') mode = { ...mode, read_only: option === 'ro' };
    else if (option === 'nocopy') mode = { ...mode, nocopy: true };
    else if (option === 'z' || option === 'Z') mode = { ...mode, selinux: option };
    else if (PROPAGATION.test(option)) mode = { ...mode, propagation: option };
    else if (option === 'cached' || option === 'delegated' || option === 'consistent') {
      doubtful(where, at, 'no-effect', `"${option}" has no meaning on Linux`, 'remove it');
    } else {
      const hint = 'options are ro, rw, nocopy, z, Z and rshared, rslave, rprivate';
      doubtful(where, at, 'mount-option', `"${shown(option)}" is not a mount option and changes nothing`, hint);
    }
  }
  return mode;
}

const PROPAGATION = /^r?(shared|slave|private)$/;

interface VolumeFields {
  type: (typeof TYPES)[number];
  source: string;
  target: string;
  read_only: boolean;
  bind: Partial<BindOptions>;
  volume: { nocopy?: boolean; subpath?: string };
  tmpfs: TmpfsOptions;
  image: { subpath?: string };
  consistency: string;
}

const TYPES = ['volume', 'bind', 'tmpfs', 'image'] as const;

const BIND_KEYS: Keys<Required<BindOptions>> = {
  create_host_path: readBoolean,
  propagation: wordReader(['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave']),
  selinux: wordReader(['z', 'Z']),
  recursive: wordReader(['enabled', 'disabled', 'writable', 'readonly']),
};

const VOLUME_FIELDS: Keys<VolumeFields> = {
  type: readType,
  source: readOptionalText,
  target: readName,
  read_only: readBoolean,
  bind: (node, where) => readKeys(node, where, BIND_KEYS),
  volume: (node, where) =>
    readKeys(node, where, { nocopy: readBoolean, subpath: readOptionalText }, MOUNT_VOLUME_IGNORED),
  tmpfs: (node, where) => readKeys<{ size: number; mode: number }>(node, where, { size: readSize, mode: readFileMode }),
  image: (node, where) => readKeys(node, where, { subpath: readOptionalText }),
  consistency: readOptionalText,
};

function readType(node: Node, where: Where): VolumeFields['type'] | undefined {
  if (node.kind === 'scalar' && (node.value === 'npipe' || node.value === 'cluster')) {
    const what = node.value === 'npipe' ? 'npipe only exists on Windows' : 'cluster volumes need a cluster';
    doubtful(where, node.at, 'unsupported-value', `${what}: nothing is mounted`, `write one of ${TYPES.join(', ')}`);
    return undefined;
  }
  return wordReader(TYPES)(node, where);
}

function longVolume(node: Node & { kind: 'map' }, where: Where): MountSpec | undefined {
  const fields = readKeys(node, where, VOLUME_FIELDS);
  if (fields === undefined) return undefined;
  missingKey(node, where, 'type', `add type: ${TYPES.join(', ')}`);
  missingKey(node, where, 'target', 'add target: the path in the container');
  if (fields.type === undefined || fields.target === undefined) return undefined;
  const target = mountPoint(fields.target, node.entries.get('target')?.value.at ?? node.at, where);
  if (target === undefined) return undefined;
  const { source, read_only = false } = fields;
  const base = { target, read_only, at: node.entries.get('source')?.value.at ?? node.at };
  switch (fields.type) {
    case 'tmpfs':
      return { ...base, type: 'tmpfs', ...fields.tmpfs };
    case 'volume':
      return { ...base, type: 'volume', source: source ?? null, nocopy: false, ...fields.volume };
    case 'image':
      if (source === undefined) return noSource('an image mount needs an image', node, where);
      return { ...base, type: 'image', source, ...fields.image };
    case 'bind':
      if (source === undefined) return noSource('a bind needs a path of the host', node, where);
      return { ...base, type: 'bind', source, create_host_path: true, ...fields.bind };
  }
}

function noSource(hint: string, node: Node, where: Where): undefined {
  return missingKey(node.kind === 'map' ? withoutKey(node, 'source') : node, where, 'source', hint);
}
