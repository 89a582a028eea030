// A smallest valid use of each key of the Compose specification: the map that it belongs to without it, and with it.
import type { Group } from './schema-keys.ts';

type Fragment = Readonly<Record<string, unknown>>;

export interface Sample {
  readonly before: Fragment;
  readonly after: Fragment;
}

function set(after: Fragment, before: Fragment = {}): Sample {
  return { before, after };
}

/** Of a key that holds maps: in the map under `key`, each of the settings by itself. */
function below(key: string, settings: Fragment, base: Fragment, wrap: (item: Fragment) => unknown = asIs) {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]): [string, Sample] => [
      `${key}.${name}`,
      set(nest(key, wrap({ ...base, [name]: value })), nest(key, wrap(base))),
    ]),
  );
}

function asIs(item: Fragment): unknown {
  return item;
}

function listed(item: Fragment): unknown {
  return [item];
}

/** `deploy.resources` and a value as maps in each other. */
function nest(path: string, value: unknown): Fragment {
  const [first = '', ...rest] = path.split('.');
  return { [first]: rest.length === 0 ? value : nest(rest.join('.'), value) };
}

const HOOK = { user: '1', privileged: true, working_dir: '/tmp', environment: { A: '1' } };
const GPU = { count: 1, device_ids: ['0'], driver: 'nvidia', options: { a: '1' } };
const mount = (type: string, more: Fragment = {}) => ({ type, target: '/m', ...more });
const option = (type: string, name: string, value: unknown) => {
  const base = type === 'tmpfs' ? mount(type) : mount(type, { source: type === 'bind' ? '/srv' : 'data' });
  return set({ volumes: [{ ...base, [type]: { [name]: value } }] }, { volumes: [base] });
};
const rate = (key: string) => {
  const sample = set({ blkio_config: { [key]: [{ path: '/dev/sda', rate: 1000 }] } });
  return Object.fromEntries([key, `${key}.path`, `${key}.rate`].map((name) => [`blkio_config.${name}`, sample]));
};
const WEIGHTS = set({ blkio_config: { weight_device: [{ path: '/dev/sda', weight: 300 }] } });

const SERVICES: Readonly<Record<string, Sample>> = {
  annotations: set({ annotations: { a: '1' } }),
  attach: set({ attach: false }),
  'blkio_config.weight': set({ blkio_config: { weight: 300 } }),
  'blkio_config.weight_device': WEIGHTS,
  'blkio_config.weight_device.path': WEIGHTS,
  'blkio_config.weight_device.weight': WEIGHTS,
  ...rate('device_read_bps'),
  ...rate('device_read_iops'),
  ...rate('device_write_bps'),
  ...rate('device_write_iops'),
  build: set({ build: '.' }),
  cap_add: set({ cap_add: ['NET_ADMIN'] }),
  cap_drop: set({ cap_drop: ['ALL'] }),
  cgroup: set({ cgroup: 'private' }),
  cgroup_parent: set({ cgroup_parent: '/some' }),
  command: set({ command: ['true'] }),
  configs: set({ configs: ['site'] }),
  ...below('configs', { target: '/etc/site', uid: '1', gid: '1', mode: '0400' }, { source: 'site' }, listed),
  'configs.source': set({ configs: [{ source: 'site' }] }),
  container_name: set({ container_name: 'web-of-mine' }),
  cpu_count: set({ cpu_count: 1 }),
  cpu_percent: set({ cpu_percent: 10 }),
  cpu_period: set({ cpu_period: 50_000 }),
  cpu_quota: set({ cpu_quota: 20_000 }),
  cpu_rt_period: set({ cpu_rt_period: 10_000 }),
  cpu_rt_runtime: set({ cpu_rt_runtime: 9_000 }),
  cpu_shares: set({ cpu_shares: 512 }),
  cpus: set({ cpus: 0.5 }),
  cpuset: set({ cpuset: '0' }),
  credential_spec: set({ credential_spec: { file: 'some.json' } }),
  depends_on: set({ depends_on: ['other'] }),
  'depends_on.condition': set(
    { depends_on: { other: { condition: 'service_completed_successfully' } } },
    { depends_on: { other: { condition: 'service_started' } } },
  ),
  'depends_on.restart': set(
    { depends_on: { other: { condition: 'service_started', restart: true } } },
    { depends_on: { other: { condition: 'service_started' } } },
  ),
  'depends_on.required': set(
    { depends_on: { other: { condition: 'service_started', required: false } } },
    { depends_on: { other: { condition: 'service_started' } } },
  ),
  deploy: set({ deploy: { replicas: 2 } }),
  develop: set({ develop: { watch: [{ path: '.', action: 'restart' }] } }),
  device_cgroup_rules: set({ device_cgroup_rules: ['c 1:3 mr'] }),
  devices: set({ devices: ['/dev/null'] }),
  'devices.source': set({ devices: [{ source: '/dev/null' }] }),
  ...below('devices', { target: '/dev/other', permissions: 'r' }, { source: '/dev/null' }, listed),
  dns: set({ dns: '9.9.9.9' }),
  dns_opt: set({ dns_opt: ['use-vc'] }),
  dns_search: set({ dns_search: ['example'] }),
  domainname: set({ domainname: 'example' }),
  entrypoint: set({ entrypoint: ['true'] }),
  env_file: set({ env_file: 'some.env' }),
  'env_file.path': set({ env_file: [{ path: 'some.env' }] }),
  'env_file.required': set({ env_file: ['some.env', { path: 'none.env', required: false }] }),
  'env_file.format': set({ env_file: [{ path: 'quoted.env', format: 'raw' }] }, { env_file: [{ path: 'quoted.env' }] }),
  environment: set({ environment: { A: '1' } }),
  expose: set({ expose: ['81'] }),
  extends: set({ extends: 'other' }),
  'extends.service': set({ extends: { service: 'other' } }),
  'extends.file': set({ extends: { service: 'base', file: 'base.yaml' } }),
  external_links: set({ external_links: ['someone:db'] }),
  extra_hosts: set({ extra_hosts: ['a:10.0.0.1'] }),
  gpus: set({ gpus: 'all' }),
  'gpus.capabilities': set(
    { gpus: [{ count: 1, capabilities: ['gpu', 'compute'] }] },
    { gpus: [{ count: 1, capabilities: ['gpu'] }] },
  ),
  ...below('gpus', GPU, { capabilities: ['gpu'] }, listed),
  group_add: set({ group_add: ['100'] }),
  'healthcheck.test': set({ healthcheck: { test: ['CMD', 'true'] } }),
  ...below(
    'healthcheck',
    { interval: '3s', timeout: '3s', retries: 2, start_period: '3s', start_interval: '1s', disable: true },
    { test: ['CMD', 'true'] },
  ),
  hostname: set({ hostname: 'till' }),
  image: set({ image: 'nginx:1.28' }, { image: 'nginx:1.27' }),
  init: set({ init: true }),
  ipc: set({ ipc: 'shareable' }),
  isolation: set({ isolation: 'default' }),
  label_file: set({ label_file: 'some.labels' }),
  labels: set({ labels: { a: '1' } }),
  links: set({ links: ['other:db'] }),
  'logging.driver': set({ logging: { driver: 'json-file' } }),
  'logging.options': set({ logging: { driver: 'json-file', options: { 'max-size': '1m' } } }),
  mac_address: set({ mac_address: '02:42:ac:11:65:43' }),
  mem_limit: set({ mem_limit: '64m' }),
  mem_reservation: set({ mem_reservation: '32m' }),
  mem_swappiness: set({ mem_swappiness: 10 }),
  memswap_limit: set({ mem_limit: '64m', memswap_limit: '96m' }, { mem_limit: '64m' }),
  models: set({ models: ['llm'] }),
  network_mode: set({ network_mode: 'none' }),
  networks: set({ networks: ['front'] }),
  ...Object.fromEntries(
    Object.entries({
      aliases: ['a'],
      ipv4_address: '10.241.5.9',
      ipv6_address: 'fd00:241::9',
      link_local_ips: ['169.254.34.68'],
      driver_opts: { a: '1' },
      gw_priority: 1,
      interface_name: 'eth7',
      mac_address: '02:42:ac:11:65:43',
      priority: 5,
    }).map(([name, value]) => [
      `networks.${name}`,
      set({ networks: { front: { [name]: value } } }, { networks: { front: {} } }),
    ]),
  ),
  oom_kill_disable: set({ oom_kill_disable: true }),
  oom_score_adj: set({ oom_score_adj: 100 }),
  pid: set({ pid: 'host' }),
  pids_limit: set({ pids_limit: 50 }),
  platform: set({ platform: 'linux/amd64' }),
  ports: set({ ports: ['80'] }),
  'ports.target': set({ ports: [{ target: 80 }] }),
  ...below(
    'ports',
    { published: '8080', host_ip: '127.0.0.1', protocol: 'udp', mode: 'host', name: 'web', app_protocol: 'http' },
    { target: 80 },
    listed,
  ),
  post_start: set({ post_start: [{ command: ['true'] }] }),
  'post_start.command': set({ post_start: [{ command: 'true' }] }),
  ...below('post_start', HOOK, { command: ['true'] }, listed),
  pre_stop: set({ pre_stop: [{ command: ['true'] }] }),
  'pre_stop.command': set({ pre_stop: [{ command: 'true' }] }),
  ...below('pre_stop', HOOK, { command: ['true'] }, listed),
  privileged: set({ privileged: true }),
  profiles: set({ profiles: ['rare'] }),
  provider: set({ provider: { type: 'some' } }),
  pull_policy: set({ pull_policy: 'never' }),
  pull_refresh_after: set({ pull_refresh_after: '1d' }),
  read_only: set({ read_only: true }),
  restart: set({ restart: 'always' }),
  runtime: set({ runtime: 'runc' }),
  scale: set({ scale: 2 }),
  secrets: set({ secrets: ['key'] }),
  'secrets.source': set({ secrets: [{ source: 'key' }] }),
  ...below('secrets', { target: 'other', uid: '1', gid: '1', mode: '0440' }, { source: 'key' }, listed),
  security_opt: set({ security_opt: ['no-new-privileges:true'] }),
  shm_size: set({ shm_size: '32m' }),
  stdin_open: set({ stdin_open: true }),
  stop_grace_period: set({ stop_grace_period: '20s' }),
  stop_signal: set({ stop_signal: 'SIGINT' }),
  storage_opt: set({ storage_opt: { size: '1G' } }),
  sysctls: set({ sysctls: { 'net.core.somaxconn': 1024 } }),
  tmpfs: set({ tmpfs: '/run' }),
  tty: set({ tty: true }),
  ulimits: set({ ulimits: { nofile: 100 } }),
  'ulimits.soft': set({ ulimits: { nofile: { soft: 100, hard: 200 } } }),
  'ulimits.hard': set({ ulimits: { nofile: { soft: 100, hard: 200 } } }),
  use_api_socket: set({ use_api_socket: true }),
  user: set({ user: '1000' }),
  userns_mode: set({ userns_mode: 'host' }),
  uts: set({ uts: 'host' }),
  volumes: set({ volumes: ['data:/m'] }),
  'volumes.type': set({ volumes: [mount('volume')] }),
  'volumes.target': set({ volumes: [mount('volume')] }),
  'volumes.source': set({ volumes: [mount('volume', { source: 'data' })] }, { volumes: [mount('volume')] }),
  'volumes.read_only': set({ volumes: [mount('volume', { read_only: true })] }, { volumes: [mount('volume')] }),
  'volumes.consistency': set({ volumes: [mount('volume', { consistency: 'cached' })] }, { volumes: [mount('volume')] }),
  'volumes.bind.propagation': option('bind', 'propagation', 'rslave'),
  'volumes.bind.create_host_path': option('bind', 'create_host_path', false),
  'volumes.bind.recursive': option('bind', 'recursive', 'disabled'),
  'volumes.bind.selinux': option('bind', 'selinux', 'z'),
  'volumes.volume.nocopy': option('volume', 'nocopy', true),
  'volumes.volume.subpath': option('volume', 'subpath', 'some'),
  'volumes.volume.labels': option('volume', 'labels', { a: '1' }),
  'volumes.tmpfs.size': option('tmpfs', 'size', 1024),
  'volumes.tmpfs.mode': option('tmpfs', 'mode', '0700'),
  'volumes.image.subpath': set(
    { volumes: [mount('image', { source: 'nginx:1.27', image: { subpath: 'etc' } })] },
    { volumes: [mount('image', { source: 'nginx:1.27' })] },
  ),
  volumes_from: set({ volumes_from: ['other:ro'] }),
  working_dir: set({ working_dir: '/srv' }),
};

const DEPLOY: Readonly<Record<string, Sample>> = {
  ...below(
    'deploy',
    {
      mode: 'replicated',
      replicas: 2,
      endpoint_mode: 'vip',
      placement: { constraints: ['node.role==manager'] },
      labels: { a: '1' },
      rollback_config: { parallelism: 1 },
      update_config: { parallelism: 1 },
      resources: { limits: { cpus: '0.5' } },
    },
    {},
  ),
  ...below('deploy.resources.limits', { cpus: '0.5', memory: '64m', pids: 50 }, {}),
  ...below(
    'deploy.resources.reservations',
    {
      memory: '32m',
      cpus: '0.5',
      devices: [{ capabilities: ['gpu'] }],
      generic_resources: [{ discrete_resource_spec: { kind: 'GPU', value: 1 } }],
    },
    {},
  ),
  ...below('deploy.resources.reservations.devices', GPU, { capabilities: ['gpu'] }, listed),
  'deploy.resources.reservations.devices.capabilities': set(
    nest('deploy.resources.reservations.devices', [{ capabilities: ['gpu', 'compute'] }]),
    nest('deploy.resources.reservations.devices', [{ capabilities: ['gpu'] }]),
  ),
  'deploy.restart_policy.condition': set(nest('deploy.restart_policy.condition', 'any')),
  ...below('deploy.restart_policy', { max_attempts: 3, delay: '5s', window: '5s' }, { condition: 'on-failure' }),
};

const NAMED = { driver_opts: { a: '1' }, labels: { a: '1' }, name: 'some' };

const NETWORKS: Readonly<Record<string, Sample>> = {
  ...Object.fromEntries(
    Object.entries({
      ...{ ...NAMED, driver: 'macvlan', external: true, internal: true, attachable: true },
      ...{ enable_ipv4: false, enable_ipv6: true },
    }).map(([key, value]) => [key, set({ [key]: value })]),
  ),
  'external.name': set({ external: { name: 'some' } }),
  ...below('ipam', { driver: 'some', options: { a: '1' }, config: [{ subnet: '10.1.0.0/16' }] }, {}),
  'ipam.config.subnet': set({ ipam: { config: [{ subnet: '10.1.0.0/16' }] } }),
  ...below(
    'ipam.config',
    { ip_range: '10.1.5.0/24', gateway: '10.1.0.9', aux_addresses: { a: '10.1.0.5' } },
    { subnet: '10.1.0.0/16' },
    listed,
  ),
};

const VOLUMES: Readonly<Record<string, Sample>> = {
  ...Object.fromEntries(
    Object.entries({ ...NAMED, driver: 'some', external: true }).map(([key, value]) => [key, set({ [key]: value })]),
  ),
  'external.name': set({ external: { name: 'some' } }),
};

const CONFIGS: Readonly<Record<string, Sample>> = {
  content: set({ content: 'other' }, { content: 'some' }),
  file: set({ file: 'some.env' }, { content: 'some' }),
  environment: set({ environment: 'TEXT' }, { content: 'other' }),
  name: set({ content: 'some', name: 'other' }, { content: 'some' }),
  external: set({ external: true }, { content: 'some' }),
  labels: set({ content: 'some', labels: { a: '1' } }, { content: 'some' }),
  template_driver: set({ content: 'some', template_driver: 'golang' }, { content: 'some' }),
};

const SECRET = { file: 'key.txt' };
const SECRETS: Readonly<Record<string, Sample>> = {
  file: set({ file: 'other.txt' }, SECRET),
  environment: set({ environment: 'TEXT' }, SECRET),
  ...Object.fromEntries(
    Object.entries({
      ...{ name: 'other', labels: { a: '1' } },
      ...{ driver: 'some', driver_opts: { a: '1' }, template_driver: 'golang' },
    }).map(([key, value]) => [key, set({ ...SECRET, [key]: value }, SECRET)]),
  ),
};

const TOP: Readonly<Record<string, Sample>> = {
  services: set({ services: { more: { image: 'nginx:1.27' } } }),
  networks: set({ networks: { front: { internal: true } } }),
  volumes: set({ volumes: { more: {} } }),
  configs: set({ configs: { site: { content: 'other' } } }),
  secrets: set({ secrets: { key: { file: 'other.txt' } } }),
  name: set({ name: 'kiosk' }),
  version: set({ version: '3.8' }),
  include: set({ include: ['base.yaml'] }),
  'include.path': set({ include: [{ path: 'base.yaml' }] }),
  'include.env_file': set(
    { include: [{ path: 'included.yaml', env_file: 'more.env' }] },
    { include: [{ path: 'included.yaml' }] },
  ),
  'include.project_directory': set(
    { include: [{ path: 'sub/bound.yaml', project_directory: '.' }] },
    { include: [{ path: 'sub/bound.yaml' }] },
  ),
  models: set({ models: { llm: { model: 'some/model' } } }),
};

const SAMPLES: Readonly<Record<Group, Readonly<Record<string, Sample>>>> = {
  Services: SERVICES,
  Deploy: DEPLOY,
  'Top level': TOP,
  Networks: NETWORKS,
  Volumes: VOLUMES,
  Configs: CONFIGS,
  Secrets: SECRETS,
};

/** Of a key that only holds others, the sample of the first of these. */
export function sampleOf(group: Group, key: string): Sample {
  const samples = SAMPLES[group];
  const first = Object.keys(samples).find((name) => name.startsWith(`${key}.`));
  const sample = samples[key] ?? (first === undefined ? undefined : samples[first]);
  if (sample === undefined) throw new Error(`no sample of ${key}: add one to samples.ts`);
  return sample;
}

/** Keys that files alone do not show: they speak of values of an opened SOPS file. */
export const SHOWN_ELSEWHERE: ReadonlySet<string> = new Set(['Secrets external', 'Secrets external.name']);

/** Files beside the Compose file that samples speak of. */
export const FILES: Readonly<Record<string, string>> = {
  'some.env': 'A=1\n',
  'quoted.env': 'A="1"\n',
  'more.env': 'MORE=here\n',
  '.env': 'TEXT=some\n',
  'some.labels': 'a=1\n',
  'key.txt': 'one\n',
  'other.txt': 'two\n',
  'base.yaml': 'services: { base: { image: "nginx:1.27", labels: { a: "1" } } }\n',
  'included.yaml': 'services: { more: { image: "nginx:1.27", labels: { a: "${MORE:-}" } } }\n',
  'sub/bound.yaml': 'services: { more: { image: "nginx:1.27", volumes: ["./state:/state"] } }\n',
};
