// `holdfast broker config` and `holdfast broker users`: what Mosquitto or EMQX need to keep the devices apart.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../fleet/error.ts';
import { isId } from '../../fleet/names.ts';
import type { BrokerFile, BrokerKind } from '../access/brokers/contract.ts';
import { emqxFiles, emqxUsers } from '../access/brokers/emqx.ts';
import { mosquittoFiles, mosquittoUsers } from '../access/brokers/mosquitto.ts';
import { credentialListSchema } from '../api/access.ts';
import type { Api } from './api.ts';
import { CliError, type ExitCode, type Io } from './io.ts';

const FOLDERS: Readonly<Record<BrokerKind, string>> = {
  mosquitto: '/etc/mosquitto/holdfast',
  emqx: '/opt/emqx/etc/holdfast',
};

export interface ConfigOptions {
  readonly for: BrokerKind;
  readonly fleet: string;
  readonly dir?: string;
  readonly port: number;
  readonly hubPort: number;
  readonly mtls?: boolean;
  readonly write?: string;
}

export async function brokerConfig(io: Io, options: ConfigOptions): Promise<ExitCode> {
  if (!isId(options.fleet))
    throw new CliError(`"${options.fleet}" is no id: lower-case letters, digits and dashes, 63 at most`);
  const folder = options.dir ?? FOLDERS[options.for];
  const { fleet, port, hubPort, mtls = false } = options;
  const input = { fleet, folder, port, hubPort, mtls };
  const files = options.for === 'mosquitto' ? mosquittoFiles(input) : emqxFiles(input);
  if (options.write === undefined) {
    const comment = (name: string) => (name === 'acl.conf' ? '%%' : '#');
    io.out(files.map(({ name, text }) => `${comment(name)} ---- ${folder}/${name}\n${text}`).join('\n'));
    return 0;
  }
  await writeFiles(io, options.write, files);
  return 0;
}

export interface UsersOptions {
  readonly for: BrokerKind;
  readonly fleet: string;
}

export async function brokerUsers(io: Io, api: Api, options: UsersOptions): Promise<ExitCode> {
  const { items } = await api.get('/api/v1/credentials', credentialListSchema);
  const users = items
    .filter(({ fleet, revoked }) => fleet === options.fleet && !revoked)
    .map(({ device, salt, hash }) => ({ user: device, salt, hash }));
  io.out(options.for === 'mosquitto' ? mosquittoUsers(users) : emqxUsers(users));
  return 0;
}

async function writeFiles(io: Io, folder: string, files: readonly BrokerFile[]): Promise<void> {
  for (const { name, text } of files) {
    const path = join(folder, name);
    try {
      await mkdir(folder, { recursive: true });
      await writeFile(path, text);
    } catch (error) {
      throw new CliError(`cannot write ${path}: ${messageOf(error, path)}`);
    }
    io.out(`made  ${path}\n`);
  }
}
