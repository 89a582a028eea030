// `holdfast secrets rekey`: data keys wrapped for today's recipients. When somebody is no longer among them the file gets a new
// data key: what they have seen they keep, what comes later they do not open.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isSops } from '../../fleet/compose/resolve/secret-files.ts';
import { TEXT_BYTES } from '../../fleet/model/source.ts';
import { sealTree } from '../../fleet/sops/seal.ts';
import { CliError, type ExitCode, type Io } from '../cli/io.ts';
import { operatorIdentities, recipientsOf, wrapKey } from './age.ts';
import { devicesOf, pathIn, type Repository, recipientsFor, repositoryOf } from './recipients.ts';
import { newIv, newKey, openFile, orError, timeOf, writeWhole } from './sealed-file.ts';

export interface RekeyOptions {
  readonly device: readonly string[];
  readonly all?: boolean;
  /** A new data key also where nobody was removed. */
  readonly newKey?: boolean;
}

const SKIPPED = new Set(['.git', 'node_modules']);
const MAX_FILES = 200_000;

export async function rekey(io: Io, given: readonly string[], options: RekeyOptions): Promise<ExitCode> {
  if (given.length === 0 && options.all !== true) throw new CliError('name files, or say --all');
  const first = given[0] ?? join(process.cwd(), 'fleet.yaml');
  const repository = repositoryOf(first);
  const files = options.all === true ? sopsFiles(repository.folder) : given;
  const identities = await operatorIdentities(io.env);
  let exit: ExitCode = 0;
  for (const file of files) {
    if (io.signal.aborted) throw new CliError('stopped');
    try {
      io.out(`${await rekeyOne(io, repository, file, identities, options)}\n`);
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      io.err(`holdfast: ${error.message}\n`);
      exit = 1;
    }
  }
  return exit;
}

async function rekeyOne(
  io: Io,
  repository: Repository,
  file: string,
  identities: readonly string[],
  options: RekeyOptions,
): Promise<string> {
  const path = pathIn(repository, file);
  const recipients = recipientsFor(repository, path, devicesOf(repository, path, options.device));
  const { sealed, plain, key: oldKey } = await openFile(file, identities);
  const own = await recipientsOf(identities);
  if (!own.some((one) => recipients.includes(one))) {
    const how = `add ${own.join(' or ')} to secrets.recipients of fleet.yaml first`;
    throw new CliError(`${path}: afterwards you could not open it yourself; ${how}`, 1);
  }
  const { metadata, format } = sealed;
  const before = metadata.age.map(({ recipient }) => recipient);
  const added = recipients.filter((one) => !before.includes(one));
  const removed = [...before.filter((one) => !recipients.includes(one)), ...metadata.others];
  if (added.length + removed.length === 0 && options.newKey !== true) return `${path}: as it should be`;
  const fresh = removed.length > 0 || options.newKey === true;
  const key = fresh ? newKey() : oldKey;
  const kept = fresh ? [] : metadata.age;
  const wrapped = await wrapKey(key, fresh ? recipients : added);
  const text = sealTree(format, plain.branch, {
    key,
    age: [...kept, ...wrapped],
    rule: metadata.rule,
    macOnlyEncrypted: metadata.macOnlyEncrypted,
    lastmodified: timeOf(io.now()),
    newIv,
    encrypted: plain.encrypted,
    ...(fresh ? {} : { ivs: plain.ivs }),
  });
  await writeWhole(file, orError(file, text));
  if (removed.length > 0) {
    io.err(`${path}: who was removed has seen its values and can keep them: change those that matter\n`);
  }
  return `${path}: ${added.length} added, ${removed.length} removed${fresh ? ', new data key' : ''}`;
}

function sopsFiles(folder: string): string[] {
  const found: string[] = [];
  const open = [folder];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      const path = join(at, entry.name);
      if (entry.isDirectory() && !SKIPPED.has(entry.name)) open.push(path);
      else if (entry.isFile() && isSopsFile(path)) found.push(path);
    }
    if (found.length > MAX_FILES) throw new CliError(`more than ${MAX_FILES} SOPS files in ${folder}`);
  }
  return found.sort();
}

function isSopsFile(path: string): boolean {
  const named = /\.(?:ya?ml|json|env)$|\.sops$/i.test(path);
  if (!named || statSync(path).size > TEXT_BYTES) return false;
  return isSops({ path, bytes: readFileSync(path), mode: '100644', oid: '', size: 0 });
}
