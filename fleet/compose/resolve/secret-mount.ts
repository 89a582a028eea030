// A secret that a service mounts, as content that lies in memory only: bytes of a SOPS file (or one value of it), of a
// variable, or of a plain file. Its id is keyed, so that neither a label nor an inspect says anything about the bytes.
import { createHmac } from 'node:crypto';
import type { Access, Content, Mount } from '../../model/mount.ts';
import { type Files, fileMeant, folderOf } from '../files.ts';
import { KEY, type SecretFields, type SecretMount } from '../keys/secrets.ts';
import { didYouMean } from '../nearest.ts';
import type { Place } from '../place.ts';
import type { Located } from '../read.ts';
import { doubtful, shown, type Where, wrong } from '../report.ts';
import { repositoryPath } from '../repository-path.ts';
import type { Variables } from '../variables/variables.ts';
import { ownFile } from './data.ts';
import { hostFile } from './host-file.ts';
import { isDeclared } from './references.ts';
import { isSops, isSopsName, type OpenFile, type SecretFiles, variableName } from './secret-files.ts';

export interface SecretContext {
  readonly app: string;
  readonly folder: string;
  readonly files: Files;
  readonly variables: Variables;
  readonly secrets: ReadonlyMap<string, SecretFields>;
  readonly secretFiles: SecretFiles;
  /** The app's secret values by name: `outer.inner`; null: not all are known, which is said elsewhere. */
  readonly secretValues: ReadonlyMap<string, string> | null;
}

/** `where` is the service's `secrets`. */
export function resolveSecretMount(mount: SecretMount, where: Where, context: SecretContext): Mount | undefined {
  const secret = context.secrets.get(mount.source);
  if (secret === undefined) {
    isDeclared('secret', mount.source, mount.at, [...context.secrets.keys()], where);
    return undefined;
  }
  const at: Where = { path: `secrets.${shown(mount.source)}`, report: where.report };
  const { from } = secret;
  // What only Holdfast can open is never put there by hand.
  if (from.kind === 'file' && !isSopsName(from.file.value)) {
    const file = hostFile(from.file, mount.target, { ...at, path: `${at.path}.file` }, context);
    if (file !== 'in Git') return file;
  }
  const bytes = bytesOf(secret, at, context);
  if (bytes === undefined) return undefined;
  if ('what' in bytes) {
    const own = { target: mount.target, source: `_secrets/${mount.source}` };
    return ownFile(own, bytes.what, bytes.hint, bytes.at, { ...at, path: `${at.path}${bytes.below}` }, context.app);
  }
  const { uid, gid, mode, target } = mount;
  const content = secretContent(`secrets/${mount.source}`, bytes, { uid, gid, mode }, context.secretFiles);
  return { type: 'content', target, read_only: true, content };
}

/** Text of a config that holds the value of a secret is one: neither on the disk nor under an id that tells of it. */
export function inMemory(content: Content, secretFiles: SecretFiles): Content {
  if (content.kind !== 'inline' || !secretFiles.values().some((value) => content.text.includes(value))) return content;
  const access = content.access ?? { uid: 0, gid: 0, mode: content.mode === '100755' ? 0o555 : 0o444 };
  return secretContent(content.path, Buffer.from(content.text), access, secretFiles);
}

function secretContent(path: string, bytes: Uint8Array, access: Access, { salt }: SecretFiles): Content {
  const { uid, gid, mode } = access;
  const id = createHmac('sha256', salt).update(`${uid} ${gid} ${mode} `).update(bytes).digest('hex').slice(0, 40);
  return { kind: 'secret', id, path, bytes: Buffer.from(bytes).toString('base64'), access };
}

/** Nobody has given its value; the device may. */
interface Unknown {
  readonly what: string;
  readonly hint: string;
  readonly at: Place;
  readonly below: string;
}

function bytesOf(secret: SecretFields, where: Where, context: SecretContext): Buffer | Unknown | undefined {
  const { from, at } = secret;
  switch (from.kind) {
    case 'wrong':
      return undefined;
    case 'file':
      return fromFile(from.file, from.key, { ...where, path: `${where.path}.file` }, context);
    case 'environment': {
      const value = context.variables.get(from.name.value);
      if (value === undefined && context.variables.isUnknown?.(from.name.value)) return undefined;
      if (value === undefined) {
        const hint = 'put it into a file under secrets: in device.yaml, or set it in .env';
        const what = `the variable ${shown(from.name.value)} is not set`;
        return { what, hint, at: from.name.at, below: '.environment' };
      }
      return remembered(value, context);
    }
    case 'external': {
      if (context.secretValues === null) return undefined;
      const value = lookUp(from.name, context.secretValues);
      if (value !== undefined) return remembered(value, context);
      const known = [...context.secretValues.keys()];
      const hint =
        didYouMean(from.name, known) ??
        `add ${shown(from.name)} to a SOPS file under secrets: of the app in device.yaml, or name a file`;
      return { what: `no secret of this app is named "${shown(from.name)}"`, hint, at, below: '' };
    }
  }
}

function fromFile(
  file: Located<string>,
  key: Located<string> | undefined,
  where: Where,
  context: SecretContext,
): Buffer | undefined {
  const path = repositoryPath(file.value, file.at, where, context.folder);
  const found = path === undefined ? undefined : context.files.find(path, folderOf(path) || path);
  if (path === undefined || found === undefined || found.kind === 'unknown') return undefined;
  if (found.kind !== 'file') {
    const what = found.kind === 'folder' ? 'is a folder' : 'is not in Git';
    const hint = fileMeant(path, context.files) ?? 'name a file of the repository';
    return wrong(where, file.at, 'missing-file', `${shown(path)} ${what}`, hint);
  }
  if (!isSops(found.file)) {
    const { bytes } = found.file;
    if (bytes === undefined) return wrong(where, file.at, 'too-large', `${shown(path)} is too large for a secret`);
    if (key !== undefined) wrong(where, key.at, 'value', `${KEY} picks from SOPS files, and this is none`);
    const hint = `encrypt it: holdfast secrets encrypt ${shown(path)}`;
    doubtful(where, file.at, 'secret-in-clear', `${shown(path)} lies in the clear in Git`, hint);
    context.secretFiles.remember(new TextDecoder().decode(bytes).trimEnd());
    return Buffer.from(bytes);
  }
  const open = context.secretFiles.open(found.file, file.at, where);
  if (open === undefined) return undefined;
  return key === undefined
    ? whole(open, context)
    : picked(open, key, { ...where, path: where.path.replace(/file$/, KEY) });
}

/** A file that is one value has it as its bytes; of others each value is known already. */
function whole(open: OpenFile, { secretFiles }: SecretContext): Buffer {
  const bytes = Buffer.from(open.whole, 'base64');
  if (open.values.size === 1) secretFiles.remember(new TextDecoder().decode(bytes).trimEnd());
  return bytes;
}

function picked({ values }: OpenFile, key: Located<string>, where: Where): Buffer | undefined {
  const value = values.get(key.value);
  if (value !== undefined) return Buffer.from(value.text);
  const hint = didYouMean(key.value, [...values.keys()]) ?? 'name a value of the file: outer.inner, or list.0';
  return wrong(where, key.at, 'missing-secret', `the file has no value "${shown(key.value)}"`, hint);
}

/** By its name, or by the name that it has as a variable. */
function lookUp(name: string, values: ReadonlyMap<string, string>): string | undefined {
  const exact = values.get(name);
  if (exact !== undefined) return exact;
  for (const [key, value] of values) if (variableName(key) === name) return value;
  return undefined;
}

function remembered(value: string, { secretFiles }: SecretContext): Buffer {
  secretFiles.remember(value);
  return Buffer.from(value);
}
