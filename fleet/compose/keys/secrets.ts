// secrets: at the top level (where the bytes come from) and of a service (where they are mounted, and who may read them).
import { posix } from 'node:path';
import { describe, isNull, type Node } from '../node.ts';
import type { Place } from '../place.ts';
import { type Keys, type Located, listReader, locatedReader, missingKey, type Reader, readKeys } from '../read.ts';
import { doubtful, type Where, wrong } from '../report.ts';
import { readBoolean, readName } from '../scalars.ts';
import { lastPerTarget, readFileMode } from './mounted.ts';

/** A secret as the top level declares it. */
export interface SecretFields {
  readonly at: Place;
  readonly from: /** `key`: one value of a SOPS file; absent: the whole of it. */
    | { readonly kind: 'file'; readonly file: Located<string>; readonly key?: Located<string> }
    | { readonly kind: 'environment'; readonly name: Located<string> }
    /** By its name among the values of the app's SOPS files. */
    | { readonly kind: 'external'; readonly name: string }
    /** Not said as it has to be, which was reported. */
    | { readonly kind: 'wrong' };
}

interface SecretKeys {
  name: Located<string>;
  file: Located<string>;
  environment: Located<string>;
  external: boolean;
  labels: true;
  driver: true;
  driver_opts: true;
  template_driver: true;
}

/** Swarm's own words: they say nothing about one Engine. */
const ignored: Reader<true> = (node, where) => {
  doubtful(where, node.at, 'ignored-key', 'has no meaning on one Engine and is ignored', 'remove it');
  return true;
};

/** `true`, or the older form `{name: …}`. */
const readExternal: Reader<boolean> = (node, where) => {
  if (node.kind !== 'map') return readBoolean(node, where);
  doubtful(where, node.at, 'old-form', 'external as a map is obsolete', 'write external: true and name: beside it');
  return true;
};

const SECRET_KEYS: Keys<SecretKeys> = {
  name: locatedReader(readName),
  file: locatedReader(readName),
  environment: locatedReader(readName),
  external: readExternal,
  labels: ignored,
  driver: ignored,
  driver_opts: ignored,
  template_driver: ignored,
};

/** Our own word: which value of a SOPS file is meant. */
export const KEY = 'x-holdfast-key';

const NEEDS = 'needs one of file, environment and external: true';

export function readSecret(node: Node, where: Where, key: Located<string>): SecretFields {
  const mistaken: SecretFields = { at: key.at, from: { kind: 'wrong' } };
  if (isNull(node)) wrong(where, key.at, 'value', NEEDS);
  const fields = isNull(node) ? undefined : readKeys<SecretKeys>(node, where, SECRET_KEYS);
  if (fields === undefined || node.kind !== 'map') return mistaken;
  const { file, environment, external = false } = fields;
  const sources = [file, environment, external ? true : undefined].filter((source) => source !== undefined);
  if (sources.length !== 1) {
    const named = ['file', 'environment', 'external'].some((name) => node.entries.has(name));
    if (sources.length > 1 || !named) wrong(where, key.at, 'value', NEEDS);
    return mistaken;
  }
  const picked = node.entries.get(KEY)?.value;
  const value =
    picked === undefined ? undefined : locatedReader(readName)(picked, { ...where, path: `${where.path}.${KEY}` });
  if (file !== undefined) {
    return { at: key.at, from: { kind: 'file', file, ...(value === undefined ? {} : { key: value }) } };
  }
  if (environment !== undefined) return { at: key.at, from: { kind: 'environment', name: environment } };
  return { at: key.at, from: { kind: 'external', name: fields.name?.value ?? oldName(node) ?? key.value } };
}

function oldName(node: Node): string | undefined {
  const external = node.kind === 'map' ? node.entries.get('external')?.value : undefined;
  const name = external?.kind === 'map' ? external.entries.get('name')?.value : undefined;
  return name?.kind === 'scalar' && typeof name.value === 'string' ? name.value : undefined;
}

/** A secret as a service mounts it. */
export interface SecretMount {
  readonly source: string;
  readonly target: string;
  readonly uid: number;
  readonly gid: number;
  /** Permission bits. */
  readonly mode: number;
  readonly at: Place;
}

const FOLDER = '/run/secrets';
/** As in Compose. */
const DEFAULTS = { uid: 0, gid: 0, mode: 0o444 };

export const readSecretMounts: Reader<readonly SecretMount[]> = (node, where) => {
  const mounts = listReader(readSecretMount)(node, where);
  return mounts === undefined ? undefined : lastPerTarget(mounts);
};

interface MountKeys {
  source: string;
  target: string;
  uid: number;
  gid: number;
  mode: number;
}

const readSecretMount: Reader<SecretMount> = (node, where) => {
  if (node.kind === 'scalar') {
    const source = readName(node, where);
    return source === undefined ? undefined : { source, target: `${FOLDER}/${source}`, ...DEFAULTS, at: node.at };
  }
  if (node.kind === 'list') return wrong(where, node.at, 'type', `has to be a secret, not ${describe(node)}`);
  const fields = readKeys<MountKeys>(node, where, {
    source: readName,
    target: readTarget,
    uid: readId,
    gid: readId,
    mode: readSecretMode,
  });
  if (fields === undefined) return undefined;
  const { source, target = `${FOLDER}/${source ?? ''}`, ...access } = fields;
  if (source === undefined) {
    return missingKey(node, where, 'source', 'add source: the name of a secret');
  }
  return { source, target, ...DEFAULTS, ...access, at: node.entries.get('source')?.value.at ?? node.at };
};

/** A relative target is below `/run/secrets`. */
const readTarget: Reader<string> = (node, where) => {
  const text = readName(node, where);
  if (text === undefined) return undefined;
  const path = posix.resolve(FOLDER, text);
  if (path !== '/' && (text.startsWith('/') || path.startsWith(`${FOLDER}/`))) return path;
  return wrong(where, node.at, 'value', 'leaves /run/secrets', 'write an absolute path, or a plain name');
};

/** Ids are numbers, mostly in quotes: the host does not know the container's names. */
const readId: Reader<number> = (node, where) => {
  const text = node.kind === 'scalar' ? String(node.value) : '';
  if (/^\d{1,10}$/.test(text) && Number(text) < 2 ** 32 - 1) return Number(text);
  return wrong(where, node.at, 'value', 'has to be a numeric id', 'write it like "1000"');
};

const readSecretMode: Reader<number> = (node, where) => {
  const mode = readFileMode(node, where);
  if (mode === undefined) return undefined;
  if ((mode & 0o222) !== 0) {
    doubtful(where, node.at, 'read-only', 'a secret is mounted read-only: nobody can write it', 'write it like 0440');
  }
  return mode & 0o777;
};
