// configs: at the top level (where their text comes from) and of a service (where they are mounted, and who may read them).

import { posix } from 'node:path';
import { describe, type Node } from '../node.ts';
import type { Place } from '../place.ts';
import { type Located, listReader, locatedReader, missingKey, type Reader, readKeys } from '../read.ts';
import { type Where, wrong } from '../report.ts';
import { integerReader, readName, readOptionalText, readText } from '../scalars.ts';
import { lastPerTarget, readFileMode } from './mounted.ts';
import { type NamedFields, orEmpty, readExternal } from './named.ts';
import { CONFIG_NOT_YET } from './unsupported.ts';

export interface ConfigFields {
  readonly at: Place;
  readonly name?: string;
  readonly file?: Located<string>;
  readonly content?: string;
  readonly environment?: string;
  /** It is not in the file at all. */
  readonly external?: boolean;
}

interface ConfigKeys {
  name: string;
  file: Located<string>;
  content: string;
  environment: string;
  external: NamedFields['external'];
}

export function readConfig(node: Node, where: Where, key: Located<string>): ConfigFields | undefined {
  const fields = readKeys<ConfigKeys>(
    orEmpty(node),
    where,
    {
      name: readOptionalText,
      file: locatedReader(readName),
      content: readText,
      environment: readName,
      external: readExternal,
    },
    CONFIG_NOT_YET,
  );
  if (fields === undefined) return undefined;
  const { external, ...rest } = fields;
  if (external !== undefined && external !== false) return { external: true, at: key.at };
  const sources = [rest.file, rest.content, rest.environment].filter((source) => source !== undefined);
  const other = node.kind === 'map' && ['file', 'content', 'environment'].some((name) => node.entries.has(name));
  if (sources.length > 1 || (sources.length === 0 && !other)) {
    return wrong(where, key.at, 'value', 'needs one of file, content and environment');
  }
  return sources.length === 0 ? undefined : { ...rest, at: key.at };
}

/** A config as a service mounts it. */
export interface ConfigMount {
  readonly source: string;
  readonly target: string;
  /** Permission bits; absent: 0444, of root. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly at: Place;
}

export const readConfigMounts: Reader<readonly ConfigMount[]> = (node, where) => {
  const mounts = listReader(readConfigMount)(node, where);
  return mounts === undefined ? undefined : lastPerTarget(mounts);
};

const readConfigMount: Reader<ConfigMount> = (node, where) => {
  if (node.kind === 'scalar') {
    const source = readName(node, where);
    return source === undefined ? undefined : { source, target: `/${source}`, at: node.at };
  }
  if (node.kind === 'list') return wrong(where, node.at, 'type', `has to be a config, not ${describe(node)}`);
  const fields = readKeys<Required<Omit<ConfigMount, 'at'>>>(node, where, {
    source: readName,
    target: readConfigTarget,
    mode: readFileMode,
    uid: integerReader(0, MAX_ID),
    gid: integerReader(0, MAX_ID),
  });
  if (fields === undefined) return undefined;
  const { source, target, ...access } = fields;
  if (source === undefined) {
    return missingKey(node, where, 'source', 'add source: the name of a config');
  }
  return { source, target: target ?? `/${source}`, ...access, at: node.entries.get('source')?.value.at ?? node.at };
};

/** Of users and groups on Linux. */
const MAX_ID = 2 ** 32 - 2;

const readConfigTarget: Reader<string> = (node, where) => {
  const text = readName(node, where);
  if (text === undefined) return undefined;
  const path = posix.normalize(`/${text}`).replace(/\/$/, '');
  return path === '' ? wrong(where, node.at, 'value', 'the root of the container cannot be a mount point') : path;
};
