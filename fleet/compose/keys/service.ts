// The table of a service's keys: one entry per key, name to reader. A new key is one line here, and one in the lists of
// `fleet/compose/resolve/plain.ts` where its value is the model's.

import { readPairs } from '../pairs.ts';
import { listReader, locatedReader, oneOrMoreReader, type Reader, setReader } from '../read.ts';
import {
  integerReader,
  readBoolean,
  readDuration,
  readOptionalText,
  readScalar,
  readSize,
  readSizeOrNone,
  wordReader,
} from '../scalars.ts';
import { readEnvFiles } from '../variables/env-file.ts';
import { readCommand, readHealthcheck, readHooks } from './command.ts';
import { readConfigMounts } from './configs.ts';
import { readDeploy, readReplicas } from './deploy.ts';
import { readDevices, readGpus } from './devices.ts';
import { readExpose } from './expose.ts';
import { readExtraHosts } from './hosts.ts';
import { readContainerName, readImage, readPullPolicy, readRestart } from './image.ts';
import { readBlkio, readCpus, readMicroseconds, readPids, readShares, readUlimits } from './limits.ts';
import { readLogging } from './logging.ts';
import { readIpc, readNetworkMode, readPid, readUserns, readUts } from './namespaces.ts';
import { readPorts } from './ports.ts';
import { readDependsOn, readMacAddress, readNetworks, readOptions } from './relations.ts';
import { RELOAD, readReload } from './reload.ts';
import { readSecretMounts } from './secrets.ts';
import { readTmpfs } from './tmpfs.ts';
import { readVolumes } from './volumes.ts';

const readTexts = oneOrMoreReader(readScalar);
/** What a variable that is not set leaves behind is no server, as in Compose. */
const readServers: Reader<readonly string[]> = (node, where) =>
  readTexts(node, where)?.filter((server) => server !== '');
/** Items that somebody may have to point at: what asks something of the host, what names something else. */
const readLocatedTexts = listReader(locatedReader(readScalar));
const readLocatedText = locatedReader(readOptionalText);
const readLocatedBoolean = locatedReader(readBoolean);

export const SERVICE_KEYS = {
  annotations: readPairs,
  blkio_config: readBlkio,
  // That it is there is all that matters: devices build nothing.
  build: locatedReader(() => true as const),
  cap_add: readLocatedTexts,
  cap_drop: setReader(readScalar),
  cgroup: locatedReader(wordReader(['host', 'private'])),
  cgroup_parent: readLocatedText,
  command: readCommand,
  configs: readConfigMounts,
  container_name: locatedReader(readContainerName),
  cpu_period: readMicroseconds,
  cpu_quota: readMicroseconds,
  cpu_rt_period: readMicroseconds,
  cpu_rt_runtime: readMicroseconds,
  cpu_shares: readShares,
  cpus: readCpus,
  cpuset: readOptionalText,
  depends_on: readDependsOn,
  deploy: readDeploy,
  device_cgroup_rules: readLocatedTexts,
  devices: readDevices,
  dns: readServers,
  dns_opt: readTexts,
  dns_search: readTexts,
  domainname: readOptionalText,
  entrypoint: readCommand,
  env_file: readEnvFiles,
  environment: readPairs,
  expose: readExpose,
  external_links: setReader(readScalar),
  extra_hosts: readExtraHosts,
  gpus: readGpus,
  group_add: setReader(readScalar),
  healthcheck: readHealthcheck,
  hostname: readOptionalText,
  image: readImage,
  init: readBoolean,
  ipc: readIpc,
  labels: readPairs,
  links: readLocatedTexts,
  logging: readLogging,
  mac_address: readMacAddress,
  mem_limit: readSize,
  mem_reservation: readSize,
  mem_swappiness: integerReader(-1, 100),
  memswap_limit: readSizeOrNone,
  network_mode: readNetworkMode,
  networks: readNetworks,
  oom_kill_disable: readBoolean,
  oom_score_adj: integerReader(-1000, 1000),
  pid: readPid,
  pids_limit: readPids,
  platform: readOptionalText,
  ports: readPorts,
  post_start: readHooks,
  pre_stop: readHooks,
  privileged: readLocatedBoolean,
  pull_policy: readPullPolicy,
  read_only: readBoolean,
  restart: readRestart,
  runtime: readLocatedText,
  scale: readReplicas,
  secrets: readSecretMounts,
  security_opt: readLocatedTexts,
  shm_size: readSize,
  stdin_open: readBoolean,
  stop_grace_period: readDuration,
  stop_signal: readOptionalText,
  storage_opt: readOptions,
  sysctls: readPairs,
  tmpfs: readTmpfs,
  tty: readBoolean,
  ulimits: readUlimits,
  use_api_socket: readLocatedBoolean,
  user: readOptionalText,
  userns_mode: readUserns,
  uts: readUts,
  volumes: readVolumes,
  volumes_from: readLocatedTexts,
  working_dir: readOptionalText,
  [RELOAD]: readReload,
} satisfies Readonly<Record<string, Reader<unknown>>>;

/** A service as written: each key read, nothing resolved. */
export type ServiceFields = {
  readonly [K in keyof typeof SERVICE_KEYS]: NonNullable<ReturnType<(typeof SERVICE_KEYS)[K]>>;
};
