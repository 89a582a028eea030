// The table of a service's keys: one entry per key, name to reader. A new key is one line here, a field in
// `Service`, and a line less in the table of what is not supported yet.
import type { Attachment, Dependency, Healthcheck, Port } from '../../model/desired.ts';
import type { Pairs } from '../pairs.ts';
import { readPairs } from '../pairs.ts';
import {
  type Keys,
  type Located,
  listReader,
  locatedReader,
  type Reader,
  readBoolean,
  readDuration,
  readName,
  readSize,
  readTextOrNumber,
} from '../read.ts';
import { itemOf, wrong } from '../report.ts';
import { readCommand, readHealthcheck } from './command.ts';
import { type Limits, readCpus, readDeploy } from './deploy.ts';
import { readContainerName, readImage, readPullPolicy, readRestart } from './image.ts';
import { readPorts } from './ports.ts';
import {
  type ConfigMount,
  type EnvFile,
  type References,
  readConfigMounts,
  readDependsOn,
  readEnvFiles,
  readNetworks,
} from './relations.ts';
import { type MountSpec, readTmpfs, readVolumes } from './volumes.ts';

/** A service as written: each key read, nothing resolved. */
export interface ServiceFields {
  image: string;
  container_name: Located<string>;
  pull_policy: 'missing' | 'always' | 'never';
  command: readonly string[];
  entrypoint: readonly string[];
  environment: Pairs;
  env_file: readonly EnvFile[];
  ports: readonly Located<Port>[];
  volumes: readonly MountSpec[];
  tmpfs: readonly MountSpec[];
  configs: readonly ConfigMount[];
  networks: References<Attachment>;
  depends_on: References<Dependency>;
  restart: string;
  labels: Pairs;
  user: string;
  working_dir: string;
  hostname: string;
  healthcheck: Healthcheck;
  read_only: boolean;
  cap_add: readonly string[];
  cap_drop: readonly string[];
  mem_limit: number;
  cpus: number;
  deploy: Limits;
  stop_grace_period: number;
  stop_signal: string;
  init: boolean;
}

const readCapabilities: Reader<readonly string[]> = (node, where) => {
  const names = listReader(readName)(node, where);
  return names === undefined ? undefined : [...new Set(names)].sort();
};

/** Whoever has one of these has the host. */
const AS_GOOD_AS_PRIVILEGED = /^(CAP_)?(ALL|SYS_ADMIN|SYS_MODULE|SYS_RAWIO|SYS_PTRACE|DAC_READ_SEARCH|BPF|SYS_BOOT)$/i;

const readAddedCapabilities: Reader<readonly string[]> = (node, where) => {
  for (const [index, item] of (node.kind === 'list' ? node.items : []).entries()) {
    if (item.kind !== 'scalar' || typeof item.value !== 'string' || !AS_GOOD_AS_PRIVILEGED.test(item.value)) continue;
    const what = `"${item.value}" is as good as privileged, and this version allows no service to ask for it`;
    wrong(itemOf(where, index), item.at, 'value', what);
  }
  return readCapabilities(node, where);
};

export const SERVICE_KEYS: Keys<ServiceFields> = {
  image: readImage,
  container_name: locatedReader(readContainerName),
  pull_policy: readPullPolicy,
  command: readCommand,
  entrypoint: readCommand,
  environment: readPairs,
  env_file: readEnvFiles,
  ports: readPorts,
  volumes: readVolumes,
  tmpfs: readTmpfs,
  configs: readConfigMounts,
  networks: readNetworks,
  depends_on: readDependsOn,
  restart: readRestart,
  labels: readPairs,
  user: readTextOrNumber,
  working_dir: readName,
  hostname: readName,
  healthcheck: readHealthcheck,
  read_only: readBoolean,
  cap_add: readAddedCapabilities,
  cap_drop: readCapabilities,
  mem_limit: readSize,
  cpus: readCpus,
  deploy: readDeploy,
  stop_grace_period: readDuration,
  stop_signal: readTextOrNumber,
  init: readBoolean,
};
