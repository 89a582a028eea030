// `holdfast enroll DEVICE` and `holdfast revoke DEVICE`: credentials of a device, and their end. What is printed or written is the
// only copy: the hub keeps a hash.
import { access, chmod, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { messageOf } from '../../fleet/error.ts';
import { type BundleFile, bundleFiles, bundleScript } from '../access/bundle.ts';
import { enrolledSchema, revokedSchema } from '../api/access.ts';
import { type Ask, query } from './ask.ts';
import { CliError, type ExitCode, type Io } from './io.ts';
import { print } from './output.ts';

export const DEVICE_FOLDER = '/etc/holdfast';

export interface EnrollOptions {
  readonly fleet?: string;
  readonly source?: string;
  readonly broker?: string;
  readonly dir?: string;
  readonly write?: string;
}

export async function enroll({ io, api, format }: Ask, device: string, options: EnrollOptions): Promise<ExitCode> {
  const folder = options.dir ?? (options.write === undefined ? DEVICE_FOLDER : resolve(options.write));
  // Before the device's older credentials end.
  if (options.write !== undefined) await makeFolder(options.write);
  const path = `/api/v1/devices/${encodeURIComponent(device)}/enroll${query({ fleet: options.fleet })}`;
  const answer = await api.post(path, enrolledSchema);
  const enrolled = { ...answer, url: options.broker ?? answer.url };
  const input = { enrolled, folder: folder.replace(/\/+$/, ''), source: options.source ?? null };
  if (options.write === undefined) {
    print(io, format, { ...enrolled, files: bundleFiles(input) }, () => bundleScript(input));
  } else {
    await writeFiles(io, options.write, bundleFiles(input));
    io.out(`Start the agent with it: holdfast-agent run --config ${join(folder, 'agent.yaml')}\n`);
  }
  io.err(`It will look for its broker at ${enrolled.url} (enroll.url of the hub, or --broker).\n`);
  if (options.source === undefined) io.err('Write source.url in agent.yaml, or enrol with --source URL.\n');
  return 0;
}

export async function revoke({ io, api, format }: Ask, device: string, options: { fleet?: string }): Promise<ExitCode> {
  const path = `/api/v1/devices/${encodeURIComponent(device)}/revoke${query(options)}`;
  const answer = await api.post(path, revokedSchema);
  print(
    io,
    format,
    answer,
    () => `${device} may no longer connect. Let it in again with "holdfast enroll ${device}".\n`,
  );
  return 0;
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(folder);
  } catch (error) {
    throw new CliError(`cannot write to ${folder}: ${messageOf(error, folder)}`);
  }
}

async function writeFiles(io: Io, folder: string, files: readonly BundleFile[]): Promise<void> {
  for (const { name, text, keep } of files) {
    const path = join(folder, name);
    try {
      await writeFile(path, text, { mode: 0o600, flag: keep ? 'wx' : 'w' });
      await chmod(path, 0o600);
      io.out(`made  ${path}\n`);
    } catch (error) {
      if (!(keep && error instanceof Error && 'code' in error && error.code === 'EEXIST'))
        throw new CliError(`cannot write ${path}: ${messageOf(error, path)}`);
      io.out(`kept  ${path} (look at its section mqtt)\n`);
    }
  }
}
