// What a service refers to: networks, other services, configs, environment files. Names are checked against the project
// later, so every one keeps its place.
import { posix } from 'node:path';
import type { Attachment, Dependency } from '../../model/desired.ts';
import { describe, isNull, type Node } from '../node.ts';
import type { Place } from '../place.ts';
import {
  type Located,
  listReader,
  locatedReader,
  mapReader,
  type Reader,
  readBoolean,
  readKeys,
  readName,
  readText,
  wordReader,
} from '../read.ts';
import { itemOf, shown, type Where, wrong } from '../report.ts';
import { isIpv4, isIpv6 } from './ports.ts';
import { lastPerTarget, readFileMode } from './volumes.ts';

/** By the name that is referred to. */
export type References<T> = ReadonlyMap<string, Located<T>>;

/** A list of names, or a map by name. */
function referencesReader<T>(bare: () => T, read: (node: Node, where: Where) => T | undefined): Reader<References<T>> {
  const byName = mapReader<Located<T>>((node, where, key) => {
    const value = isNull(node) ? bare() : read(node, where);
    return value === undefined ? undefined : { value, at: key.at };
  });
  return (node, where) => {
    if (node.kind !== 'list') return byName(node, where);
    const names = listReader(locatedReader(readName))(node, where) ?? [];
    return new Map(names.map(({ value, at }) => [value, { value: bare(), at }]));
  };
}

interface AttachmentFields {
  aliases: readonly string[];
  ipv4_address: string;
  ipv6_address: string;
}

const ATTACHMENT_NOT_YET = {
  link_local_ips: '',
  mac_address: '',
  driver_opts: '',
  gw_priority: '',
  interface_name: '',
  priority: '',
};

export const readNetworks: Reader<References<Attachment>> = referencesReader<Attachment>(
  () => ({ aliases: [] }),
  (node, where) => {
    const fields = readKeys<AttachmentFields>(
      node,
      where,
      { aliases: listReader(readName), ipv4_address: addressReader(isIpv4), ipv6_address: addressReader(isIpv6) },
      ATTACHMENT_NOT_YET,
    );
    return fields && { ...fields, aliases: [...new Set(fields.aliases ?? [])].sort() };
  },
);

function addressReader(isRight: (text: string) => boolean): Reader<string> {
  return (node, where) => {
    const text = readText(node, where);
    if (text === undefined || isRight(text)) return text;
    return wrong(where, node.at, 'value', `"${shown(text)}" is not an address of this kind`);
  };
}

const CONDITIONS = ['service_started', 'service_healthy', 'service_completed_successfully'] as const;

export const readDependsOn: Reader<References<Dependency>> = referencesReader<Dependency>(
  () => ({ condition: 'service_started', restart: false, required: true }),
  (node, where) => {
    const fields = readKeys<Dependency>(node, where, {
      condition: wordReader(CONDITIONS),
      restart: readBoolean,
      required: readBoolean,
    });
    return (
      fields && {
        condition: fields.condition ?? 'service_started',
        restart: fields.restart ?? false,
        required: fields.required ?? true,
      }
    );
  },
);

export interface EnvFile {
  readonly path: string;
  readonly required: boolean;
  readonly at: Place;
}

/** One path, or a list of paths and `{path, required}`. */
export const readEnvFiles: Reader<readonly EnvFile[]> = (node, where) => {
  const nodes = node.kind === 'list' ? node.items : [node];
  return nodes.flatMap((item, index) => {
    const at = node.kind === 'list' ? itemOf(where, index) : where;
    if (item.kind !== 'map') {
      const path = readName(item, at);
      return path === undefined ? [] : [{ path, required: true, at: item.at }];
    }
    const fields = readKeys<{ path: string; required: boolean }>(
      item,
      at,
      { path: readName, required: readBoolean },
      { format: '' },
    );
    if (fields === undefined) return [];
    if (fields.path === undefined) {
      if (!item.entries.has('path')) wrong(at, item.at, 'missing-key', 'path is missing');
      return [];
    }
    return [{ path: fields.path, required: fields.required ?? true, at: item.at }];
  });
};

/** A config as a service mounts it. */
export interface ConfigMount {
  readonly source: string;
  readonly target: string;
  readonly mode: '100644' | '100755';
  readonly at: Place;
}

export const readConfigMounts: Reader<readonly ConfigMount[]> = (node, where) => {
  const mounts = listReader(readConfigMount)(node, where);
  return mounts === undefined ? undefined : lastPerTarget(mounts);
};

const readConfigMount: Reader<ConfigMount> = (node, where) => {
  if (node.kind === 'scalar') {
    const source = readName(node, where);
    return source === undefined ? undefined : { source, target: `/${source}`, mode: '100644', at: node.at };
  }
  if (node.kind === 'list') return wrong(where, node.at, 'type', `has to be a config, not ${describe(node)}`);
  const fields = readKeys<{ source: string; target: string; mode: ConfigMount['mode'] }>(
    node,
    where,
    { source: readName, target: readConfigTarget, mode: readConfigMode },
    { uid: 'files are readable by all', gid: 'files are readable by all' },
  );
  if (fields === undefined) return undefined;
  const { source, mode = '100644' } = fields;
  if (source === undefined) {
    return node.entries.has('source') ? undefined : wrong(where, node.at, 'missing-key', 'source is missing');
  }
  return { source, target: fields.target ?? `/${source}`, mode, at: node.entries.get('source')?.value.at ?? node.at };
};

const readConfigTarget: Reader<string> = (node, where) => {
  const text = readName(node, where);
  if (text === undefined) return undefined;
  const path = posix.normalize(`/${text}`).replace(/\/$/, '');
  return path === '' ? wrong(where, node.at, 'value', 'the root of the container cannot be a mount point') : path;
};

/** What Git can hold: a plain or an executable file. */
const readConfigMode: Reader<ConfigMount['mode']> = (node, where) => {
  const mode = readFileMode(node, where);
  if (mode === undefined) return undefined;
  if (mode === 0o444 || mode === 0o644) return '100644';
  if (mode === 0o555 || mode === 0o755) return '100755';
  return wrong(where, node.at, 'unsupported-value', 'only 0444, 0644, 0555 and 0755 are supported yet');
};
