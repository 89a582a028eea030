// The keys of a service that say how a container is made and limited: text in, model out; or what is said of it.
import { describe, expect, it } from 'vitest';
import type { Service } from '../../../../fleet/model/service.ts';
import { resolveCompose, saidOf, serviceOf, web } from '../../repo/resolving.ts';

const REST = 'volumes: {data: }\nnetworks: {front: }\nconfigs: {c: {content: x}}\n';
const FILES = {
  '.env': 'SET=set\nN=7\nYES=true\nSIZE=1gb\n',
  'seccomp.json': '{ "defaultAction": "SCMP_ACT_ALLOW" }\n',
  'broken.json': '{',
};
const MIB = 1024 ** 2;

function read(lines: string) {
  return resolveCompose(`${web(lines)}  db: {image: postgres:17}\n${REST}`, FILES);
}

const READ: [string, Partial<Service>][] = [
  ['annotations: {b: 1, a: x}', { annotations: { a: 'x', b: '1' } }],
  ['annotations: [a=x]', { annotations: { a: 'x' } }],
  ['cap_add: [CHOWN, ALL]', { cap_add: ['ALL', 'CHOWN'] }],
  ['privileged: ${YES}', { privileged: true }],
  [
    'security_opt: ["label:disable", no-new-privileges, no-new-privileges]',
    { security_opt: ['label:disable', 'no-new-privileges'] },
  ],
  ['security_opt: [seccomp=unconfined]', { security_opt: ['seccomp=unconfined'] }],
  ['security_opt: ["seccomp:./seccomp.json"]', { security_opt: ['seccomp={"defaultAction":"SCMP_ACT_ALLOW"}'] }],
  ['group_add: [audio, 1000]', { group_add: ['1000', 'audio'] }],
  ['sysctls: {net.core.somaxconn: 1024}', { sysctls: { 'net.core.somaxconn': '1024' } }],
  ['sysctls: [net.core.somaxconn=1024]', { sysctls: { 'net.core.somaxconn': '1024' } }],
  ['storage_opt: {size: 1G}', { storage_opt: { size: '1G' } }],
  ['cgroup: private', { cgroup: 'private' }],
  ['cgroup_parent: m-executor', { cgroup_parent: 'm-executor' }],
  ['runtime: runsc', { runtime: 'runsc' }],
  ['userns_mode: host', { userns_mode: 'host' }],
  ['userns_mode: ""', {}],
  ['tty: true\nstdin_open: "true"', { tty: true, stdin_open: true }],
  ['platform: linux/arm64', { platform: 'linux/arm64' }],
  ['domainname: example.com', { domainname: 'example.com' }],
  ['hostname: 1000', { hostname: '1000' }],
  ['mac_address: 02:42:AC:11:00:02', { mac_address: '02:42:AC:11:00:02' }],

  ['blkio_config: {weight: "300"}', { blkio_config: { weight: 300 } }],
  [
    'blkio_config: {weight_device: [{path: /dev/sda, weight: 400}]}',
    { blkio_config: { weight_device: [{ path: '/dev/sda', weight: 400 }] } },
  ],
  [
    'blkio_config: {device_read_bps: [{path: /dev/sda, rate: 12mb}], device_write_bps: [{path: /dev/sda, rate: 1024}]}',
    {
      blkio_config: {
        device_read_bps: [{ path: '/dev/sda', rate: 12 * MIB }],
        device_write_bps: [{ path: '/dev/sda', rate: 1024 }],
      },
    },
  ],
  [
    'blkio_config: {device_read_iops: [{path: /dev/sda, rate: 120}], device_write_iops: [{path: /dev/sda, rate: "30"}]}',
    {
      blkio_config: {
        device_read_iops: [{ path: '/dev/sda', rate: 120 }],
        device_write_iops: [{ path: '/dev/sda', rate: 30 }],
      },
    },
  ],
  ['cpu_period: 50000', { cpu_period: 50_000 }],
  ['cpu_quota: 50ms', { cpu_quota: 50_000 }],
  ['cpu_rt_period: "1400us"', { cpu_rt_period: 1400 }],
  ['cpu_rt_runtime: 400ms', { cpu_rt_runtime: 400_000 }],
  ['cpu_shares: "73"', { cpu_shares: 73 }],
  ['cpuset: 0-3', { cpuset: '0-3' }],
  ['cpuset: 0,1', { cpuset: '0,1' }],
  ['mem_limit: ${SIZE}', { mem_limit: 1024 * MIB }],
  ['mem_limit: 300kb', { mem_limit: 300 * 1024 }],
  ['mem_limit: 1.5g', { mem_limit: 1536 * MIB }],
  ['mem_reservation: 1 GiB', { mem_reservation: 1024 * MIB }],
  ['mem_swappiness: "60"', { mem_swappiness: 60 }],
  ['memswap_limit: -1', { memswap_limit: -1 }],
  ['memswap_limit: "-1"', { memswap_limit: -1 }],
  ['shm_size: 64m', { shm_size: 64 * MIB }],
  ['oom_kill_disable: true', { oom_kill_disable: true }],
  ['oom_score_adj: -500', { oom_score_adj: -500 }],
  ['pids_limit: -1', { pids_limit: -1 }],
  ['pids_limit: ${N}', { pids_limit: 7 }],
  ['ulimits: {nproc: 65535}', { ulimits: { nproc: { soft: 65_535, hard: 65_535 } } }],
  ['ulimits: {nofile: {soft: 1024, hard: "-1"}}', { ulimits: { nofile: { soft: 1024, hard: -1 } } }],

  ['devices: [/dev/ttyUSB0]', { devices: [{ source: '/dev/ttyUSB0', target: '/dev/ttyUSB0', permissions: 'rwm' }] }],
  ['devices: ["/dev/a:/dev/b"]', { devices: [{ source: '/dev/a', target: '/dev/b', permissions: 'rwm' }] }],
  ['devices: ["/dev/a:r"]', { devices: [{ source: '/dev/a', target: '/dev/a', permissions: 'r' }] }],
  ['devices: ["/dev/a:/dev/b:rw"]', { devices: [{ source: '/dev/a', target: '/dev/b', permissions: 'rw' }] }],
  [
    'devices: [{source: /dev/a, permissions: r}]',
    { devices: [{ source: '/dev/a', target: '/dev/a', permissions: 'r' }] },
  ],
  [
    'devices: [vendor.com/class=name]',
    { devices: [{ source: 'vendor.com/class=name', target: 'vendor.com/class=name', permissions: 'rwm' }] },
  ],
  ['device_cgroup_rules: ["c 1:3 mr"]', { device_cgroup_rules: ['c 1:3 mr'] }],
  ['gpus: all', { device_requests: [{ count: -1, capabilities: ['gpu'] }] }],
  [
    'gpus: [{driver: nvidia, count: "2", capabilities: [compute], options: {a: 1}}]',
    { device_requests: [{ driver: 'nvidia', count: 2, capabilities: ['compute', 'gpu'], options: { a: '1' } }] },
  ],
  ['gpus: [{device_ids: ["0", "3"]}]', { device_requests: [{ device_ids: ['0', '3'], capabilities: ['gpu'] }] }],
  [
    'deploy: {resources: {reservations: {devices: [{driver: cdi, capabilities: [gpu], count: all}]}}}',
    { device_requests: [{ driver: 'cdi', count: -1, capabilities: ['gpu'] }] },
  ],

  ['dns: 8.8.8.8', { dns: ['8.8.8.8'] }],
  ['dns: [9.9.9.9, 1.1.1.1]', { dns: ['9.9.9.9', '1.1.1.1'] }],
  ['dns: ["", 1.1.1.1]', { dns: ['1.1.1.1'] }],
  ['dns_opt: [use-vc]\ndns_search: example.com', { dns_opt: ['use-vc'], dns_search: ['example.com'] }],
  ['extra_hosts: ["b:10.0.0.1", "a=::1", "c:[fd00::1]"]', { extra_hosts: ['a:::1', 'b:10.0.0.1', 'c:fd00::1'] }],
  ['extra_hosts: {a: 10.0.0.1, b: [10.0.0.2, "::1"]}', { extra_hosts: ['a:10.0.0.1', 'b:10.0.0.2', 'b:::1'] }],
  ['extra_hosts: ["host.docker.internal:host-gateway"]', { extra_hosts: ['host.docker.internal:host-gateway'] }],
  // What merging two lists leaves behind.
  ['extra_hosts: {"a:10.0.0.1": }', { extra_hosts: ['a:10.0.0.1'] }],
  [
    'expose: [3000, "53/UDP", "8000-8002/tcp", 3000]',
    { expose: ['3000/tcp', '53/udp', '8000/tcp', '8001/tcp', '8002/tcp'] },
  ],
  ['expose: [80, 81]\nports: ["8080:80"]', { expose: ['81/tcp'] }],
  [
    'logging: {driver: local, options: {max-size: 10m, max-file: 3}}',
    { logging: { driver: 'local', options: { 'max-size': '10m', 'max-file': '3' } } },
  ],
  ['logging: {options: {tag: }}', { logging: { options: { tag: '' } } }],

  ['command:', {}],
  ['command: [sleep, 10, true]', { command: ['sleep', '10', 'true'] }],
  ['healthcheck: {test: [NONE]}', { healthcheck: { test: ['NONE'] } }],
  [
    'healthcheck: {interval: 1d, start_interval: 1w12h}',
    { healthcheck: { interval: 86_400e9, start_interval: 648_000e9 } },
  ],
  ['healthcheck: {retries: "3"}', { healthcheck: { retries: 3 } }],
  [
    'post_start: [{command: ./run "a b", user: root, privileged: false, working_dir: /w, environment: [A=1, SET, UNSET]}]',
    {
      post_start: [
        {
          command: ['./run', 'a b'],
          user: 'root',
          privileged: false,
          working_dir: '/w',
          environment: { A: '1', SET: 'set' },
        },
      ],
    },
  ],
  ['pre_stop: [{command: [drain]}]', { pre_stop: [{ command: ['drain'] }] }],

  [
    'tmpfs: ["/run:size=50%,mode=1777,noexec,uid=1000"]',
    { mounts: [{ type: 'tmpfs', target: '/run', mode: 0o1777, options: 'size=50%,noexec,uid=1000' }] },
  ],
  [
    'volumes: ["data:/d:z"]',
    { mounts: [{ type: 'volume', target: '/d', read_only: false, source: 'data', nocopy: false }] },
  ],
  [
    'volumes: ["/srv:/d:ro,Z,rslave"]',
    {
      mounts: [
        {
          type: 'bind',
          target: '/d',
          read_only: true,
          source: '/srv',
          create_host_path: true,
          selinux: 'Z',
          propagation: 'rslave',
        },
      ],
    },
  ],
  [
    'volumes: [{type: bind, source: /srv, target: /d, bind: {propagation: rshared, selinux: z, recursive: readonly}}]',
    {
      mounts: [
        {
          type: 'bind',
          target: '/d',
          read_only: false,
          source: '/srv',
          create_host_path: true,
          propagation: 'rshared',
          selinux: 'z',
          recursive: 'readonly',
        },
      ],
    },
  ],
  [
    'volumes: [{type: volume, source: data, target: /d, volume: {subpath: a/b}}]',
    { mounts: [{ type: 'volume', target: '/d', read_only: false, source: 'data', nocopy: false, subpath: 'a/b' }] },
  ],
  [
    'volumes: [{type: image, source: busybox, target: /d, image: {subpath: bin}}]',
    { mounts: [{ type: 'image', target: '/d', read_only: false, source: 'busybox', subpath: 'bin' }] },
  ],
  [
    'configs: [{source: c, target: /etc/c, uid: "103", gid: 104, mode: "0440"}]',
    {
      mounts: [
        {
          type: 'content',
          target: '/etc/c',
          read_only: true,
          content: {
            kind: 'inline',
            id: 'c1b0730e0133447badcfd47fd144e254807b06e1-0440-103-104',
            path: 'configs/c',
            text: 'x',
            mode: '100644',
            access: { uid: 103, gid: 104, mode: 0o440 },
          },
        },
      ],
    },
  ],
  [
    'networks: {front: {priority: 5, gw_priority: 1, interface_name: eth7, mac_address: "02:42:ac:11:00:03", link_local_ips: [169.254.8.8], driver_opts: {a: 1}, aliases: [x, 1]}}',
    {
      networks: {
        front: {
          aliases: ['1', 'x'],
          priority: 5,
          gw_priority: 1,
          interface_name: 'eth7',
          mac_address: '02:42:ac:11:00:03',
          link_local_ips: ['169.254.8.8'],
          driver_opts: { a: '1' },
        },
      },
    },
  ],
  [
    'deploy: {resources: {limits: {pids: 100}, reservations: {memory: 20M}}}',
    { pids_limit: 100, mem_reservation: 20 * MIB },
  ],
  ['pids_limit: 100\ndeploy: {resources: {limits: {pids: "100"}}}', { pids_limit: 100 }],
  ['deploy: {restart_policy: {condition: on-failure, max_attempts: 3}}', { restart: 'on-failure:3' }],
  ['deploy: {restart_policy: {condition: none}}', { restart: 'no' }],
  ['deploy: {restart_policy: {}}', { restart: 'always' }],
];

describe('more keys of a service', () => {
  it.each(READ)('%s', (lines, expected) => {
    const resolution = read(lines);
    expect(saidOf(resolution)).toEqual([]);
    expect(serviceOf(resolution)).toMatchObject(expected);
  });

  it('publish the first port of a range for one container port', () => {
    expect(serviceOf(read('ports: ["8000-8005:80"]')).ports).toEqual([
      { target: 80, protocol: 'tcp', published: 8000 },
    ]);
    expect(serviceOf(read('ports: [{target: 80, published: "8000-8005", protocol: TCP}]')).ports).toEqual([
      { target: 80, protocol: 'tcp', published: 8000 },
    ]);
  });

  it('leave out what a variable that is not set makes empty', () => {
    const service = serviceOf(
      read(
        ['hostname', 'user', 'platform', 'restart', 'network_mode', 'container_name']
          .map((key) => `${key}: \${NOPE:-}`)
          .join('\n'),
      ),
    );
    expect(service).toEqual(serviceOf(read('')));
  });
});

const REFUSED: [string, string][] = [
  ['image: ""', 'services.web: image is missing | add image: NAME:TAG'],
  [
    'provider: {type: x}',
    'services.web.provider: valid Compose, but Holdfast does not support it yet | run what the provider stands for as a service with an image',
  ],
  ['cgroup: mine', 'services.web.cgroup: has to be host or private'],
  [
    'ipc: hots',
    'services.web.ipc: has to be private, host, shareable, none, service:NAME, container:NAME | did you mean "host"?',
  ],
  ['pid: "service:"', 'services.web.pid: has to be host, service:NAME, container:NAME'],
  ['uts: service:db', 'services.web.uts: has to be host'],
  ['network_mode: "service:"', 'services.web.network_mode: "service:" names nothing | write service:NAME'],
  ['mac_address: x', 'services.web.mac_address: "x" is not a MAC address | write it like 02:42:ac:11:00:02'],
  ['blkio_config: {weight: 2000}', 'services.web.blkio_config.weight: has to be a whole number from 0 to 1000'],
  [
    'blkio_config: {device_read_bps: [{path: /dev/sda}]}',
    'services.web.blkio_config.device_read_bps[0]: rate is missing | write {path: …, rate: …}',
  ],
  ['cpu_period: soon', 'services.web.cpu_period: has to be microseconds | write it like 50000 or 50ms'],
  ['cpu_shares: many', 'services.web.cpu_shares: has to be a number'],
  ['memswap_limit: -2', 'services.web.memswap_limit: has to be a size | write it like 64m, 1.5g or a number of bytes'],
  ['mem_swappiness: 101', 'services.web.mem_swappiness: has to be a whole number from -1 to 100'],
  ['oom_score_adj: 1001', 'services.web.oom_score_adj: has to be a whole number from -1000 to 1000'],
  ['ulimits: {nofile: {soft: 1}}', 'services.web.ulimits.nofile: hard is missing | write {soft: N, hard: N}'],
  ['ulimits: {nofile: lots}', 'services.web.ulimits.nofile: has to be a whole number of at least -1'],
  [
    'devices: [ttyUSB0]',
    'services.web.devices[0]: "ttyUSB0" is not a device | write "/dev/ttyUSB0:/dev/ttyUSB0", or vendor.com/class=name for a CDI device',
  ],
  [
    'devices: ["/dev/a:/dev/b:x"]',
    'services.web.devices[0]: "x" has to be letters of rwm | write "/dev/ttyUSB0:/dev/ttyUSB0", or vendor.com/class=name for a CDI device',
  ],
  [
    'devices: [{target: /dev/a}]',
    'services.web.devices[0]: source is missing | write "/dev/ttyUSB0:/dev/ttyUSB0", or vendor.com/class=name for a CDI device',
  ],
  ['gpus: some', 'services.web.gpus: has to be all or a list, not text | write gpus: all'],
  [
    'gpus: [{count: 1, device_ids: ["0"]}]',
    'services.web.gpus[0]: count and device_ids contradict each other | keep one of them',
  ],
  [
    'deploy: {resources: {reservations: {devices: [{count: 1}]}}}',
    'services.web.deploy.resources.reservations.devices[0]: capabilities is missing | write capabilities: [gpu]',
  ],
  [
    'extra_hosts: [a]',
    'services.web.extra_hosts[0]: "a" names no address | write "name:10.0.0.1", "name=::1" or "name:host-gateway"',
  ],
  [
    'extra_hosts: {a: b}',
    'services.web.extra_hosts.a: "b" is not an address | write "name:10.0.0.1", "name=::1" or "name:host-gateway"',
  ],
  ['expose: [http]', 'services.web.expose[0]: "http" is not a port | write "3000", "3000-3005" or "53/udp"'],
  ['expose: ["1-65535", "1-9"]', 'services.web.expose: exposes more than 65536 ports'],
  ['post_start: [{user: root}]', 'services.web.post_start[0]: command is missing | add command: [program, argument]'],
  [
    'security_opt: ["seccomp=./broken.json"]',
    'services.web.security_opt: ./broken.json is not JSON | name a seccomp profile',
  ],
  [
    'mem_limit: 1g\ndeploy: {resources: {limits: {memory: 2g}}}',
    'services.web.mem_limit: differs from deploy.resources.limits.memory | keep one of them',
  ],
  [
    'pids_limit: 1\ndeploy: {resources: {limits: {pids: 2}}}',
    'services.web.pids_limit: differs from deploy.resources.limits.pids | keep one of them',
  ],
  [
    'deploy: {restart_policy: {condition: often}}',
    'services.web.deploy.restart_policy.condition: "often" is not a condition | write none, on-failure or any',
  ],
  [
    'volumes: [{type: image, target: /a}]',
    'services.web.volumes[0]: source is missing | an image mount needs an image',
  ],
];

/** What Compose takes, and what becomes of it here. */
const LEFT_OUT = [
  [
    'security_opt: ["seccomp=./nope.json"]',
    "services.web.security_opt: ./nope.json is not a profile in Git: the Engine's own is used | commit it, or correct the path",
  ],
  [
    'security_opt: ["seccomp=./secomp.json"]',
    'services.web.security_opt: ./secomp.json is not a profile in Git: the Engine\'s own is used | did you mean "seccomp.json"?',
  ],
  [
    'security_opt: ["seccomp=/etc/s.json"]',
    "services.web.security_opt: the profile /etc/s.json would have to be read on the host: the Engine's own is used | commit it beside the Compose file and name it with a relative path",
  ],
  [
    'volumes: [{type: cluster, source: a, target: /a}]',
    'services.web.volumes[0].type: cluster volumes need a cluster: nothing is mounted | write one of volume, bind, tmpfs, image',
  ],
  [
    'devices: [":/dev/ttyUSB0"]',
    'services.web.devices[0]: no device of the host is named, as if a variable were not set: nothing is passed on | set the variable in .env or under env: in device.yaml',
  ],
];

it.each(LEFT_OUT)('%s is left out, with a warning', (lines, said) => {
  const resolution = resolveCompose(`${web(lines)}${REST}`, FILES);
  expect(saidOf(resolution)).toEqual([`warning: ${said}`]);
  const { security_opt = [], mounts, devices = [] } = serviceOf(resolution);
  expect([...security_opt, ...mounts, ...devices]).toEqual([]);
});

describe('what more keys cannot say', () => {
  it.each(REFUSED)('%s', (lines, said) => {
    const image = lines.startsWith('image:')
      ? web('').replace('    image: nginx:1.27\n', `    ${lines}\n`)
      : web(lines);
    const resolution = resolveCompose(`${image}  db: {image: postgres:17}\n${REST}`, FILES);
    expect(resolution.kind).toBe('invalid');
    expect(saidOf(resolution)).toEqual([said]);
  });
});

const CLUSTER = 'only concerns a cluster, and a device is one Engine';
const WARNED: [string, string][] = [
  [
    'expose: ["8080:80"]',
    'expose[0]: "8080:80" is a mapping, which only ports can have: 80 is exposed | write "80", or put it under ports',
  ],
  ['attach: false', 'attach: only concerns the terminal of "docker compose up" | remove it'],
  ['develop: {watch: []}', "develop: only concerns a developer's machine | remove it"],
  ['cpu_count: 2', 'cpu_count: only concerns Windows | use cpus'],
  ['cpu_percent: 50', 'cpu_percent: only concerns Windows | use cpus'],
  ['credential_spec: {file: a.json}', 'credential_spec: only concerns Windows | remove it'],
  ['isolation: hyperv', 'isolation: only concerns Windows | remove it'],
  ['models: [llm]', 'models: devices run no models beside containers | run the model in a service of its own'],
  [
    'pull_refresh_after: 1d',
    'pull_refresh_after: images are pulled when Git names another one | name a tag or a digest with image:',
  ],
  [
    'pull_policy: every_12h',
    'pull_policy: "every_12h" is read as missing: images are pulled when Git names another one | write one of always, missing, if_not_present, never',
  ],
  ['build: .', 'build: is not carried out on devices | the image that is named with image: is run; remove build'],
  ['deploy: {placement: {}}', `deploy.placement: ${CLUSTER} | give the app only to the devices that are to run it`],
  ['deploy: {update_config: {order: start-first}}', `deploy.update_config: ${CLUSTER} | remove it`],
  ['deploy: {rollback_config: {}}', `deploy.rollback_config: ${CLUSTER} | remove it`],
  ['deploy: {endpoint_mode: vip}', `deploy.endpoint_mode: ${CLUSTER} | remove it`],
  [
    'deploy: {labels: {a: b}}',
    'deploy.labels: are labels of a cluster, not of the container | use the labels of the service',
  ],
  [
    'deploy: {mode: global}',
    'deploy.mode: global has no meaning on one Engine | remove it: one container is run, or as many as replicas says',
  ],
  [
    'deploy: {mode: replicated-job}',
    'deploy.mode: replicated-job has no meaning on one Engine | write restart: "no" for what runs once',
  ],
  [
    'deploy: {resources: {reservations: {cpus: 1}}}',
    'deploy.resources.reservations.cpus: an Engine reserves no CPUs | use cpu_shares or limits',
  ],
  [
    'deploy: {resources: {reservations: {generic_resources: []}}}',
    `deploy.resources.reservations.generic_resources: ${CLUSTER} | use devices`,
  ],
  [
    'deploy: {restart_policy: {delay: 5s}}',
    'deploy.restart_policy.delay: the Engine has delays of its own | remove it',
  ],
  ['deploy: {restart_policy: {window: 5s}}', 'deploy.restart_policy.window: the Engine has no such window | remove it'],
  [
    'deploy: {restart_policy: {condition: any, max_attempts: 3}}',
    'deploy.restart_policy.max_attempts: counts only with condition: on-failure | remove it',
  ],
  [
    'restart: always\ndeploy: {restart_policy: {condition: none}}',
    'restart: differs from deploy.restart_policy, and counts | keep one of them',
  ],
  [
    'volumes: [{type: volume, target: /a, volume: {labels: {a: b}}}]',
    'volumes[0].volume.labels: an anonymous volume gets no labels | declare the volume at the top level and label it there',
  ],
  ["volumes: ['C:\\data:/data']", 'volumes: C:\\data is a path of Windows | write a path of the device'],
  ["volumes: ['.\\data:/data']", 'volumes: .\\data is read as ./data | write paths with "/"'],
  [
    'volumes: ["./data:/data:Z"]',
    'volumes: "Z" is not applied to what the agent keeps itself | remove it, or mount an absolute path of the host',
  ],
  [
    'use_api_socket: true',
    "use_api_socket: gives the Engine's socket only: credentials for registries stay with the agent | mount what the service needs as secrets",
  ],
  ['uts: host\nhostname: x', 'hostname: has no effect with uts: host | remove it'],
  ['environment: [A=1, ""]', 'environment: an empty item is left out | remove it, or write KEY=value'],
];

describe('valid Compose that changes nothing here', () => {
  it.each(WARNED)('%s is named and does not stop the file', (lines, said) => {
    const resolution = read(lines);
    expect(resolution.kind).toBe('resolved');
    expect(saidOf(resolution)).toEqual([`warning: services.web.${said}`]);
  });

  it('names the image of what is only built as Compose does', () => {
    const resolution = resolveCompose('services: {web: {build: {context: ., dockerfile: D}}}');
    expect(serviceOf(resolution).image).toBe('edge-01-web');
    expect(saidOf(resolution)).toEqual([
      'warning: services.web.build: is not carried out on devices: the image "edge-01-web" has to be on the device or in a registry already | build it in CI, push it to a registry and name it with image:',
    ]);
  });
});
