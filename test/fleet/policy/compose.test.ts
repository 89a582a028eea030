// From the text of a Compose file to what its device says to it: every key that asks for more than an ordinary container has.
import { describe, expect, it } from 'vitest';
import { policyFaults } from '../../../fleet/policy/judge.ts';
import { resolveCompose, textOf } from '../repo/resolving.ts';
import { ownerOf } from './support.ts';

function faults(service: string, top = '', policy: object = {}): string[] {
  const resolution = resolveCompose(`services:\n  web:\n    image: nginx:1\n    ${service}\n${top}`);
  if (resolution.kind !== 'resolved') throw new Error(textOf(resolution));
  return policyFaults(resolution.asks, ownerOf(policy)).map(
    ({ line, message }) => `${line} ${message.replace(', which this device does not allow', '')}`,
  );
}

const DENIED: readonly (readonly [string, string, object])[] = [
  ['privileged: true', 'services.web.privileged', { privileged: true }],
  ['network_mode: host', 'services.web.network_mode', { host_network: true }],
  ['network_mode: "container:vpn"', 'services.web.network_mode', { containers: ['vpn'] }],
  ['pid: host', 'services.web.pid', { host_pid: true }],
  ['pid: "container:x"', 'services.web.pid', { containers: ['x'] }],
  ['ipc: host', 'services.web.ipc', { host_ipc: true }],
  ['ipc: "container:x"', 'services.web.ipc', { containers: ['x'] }],
  ['uts: host', 'services.web.uts', { host_uts: true }],
  ['userns_mode: host', 'services.web.userns_mode', { host_userns: true }],
  ['cgroup: host', 'services.web.cgroup', { host_cgroup: true }],
  ['cap_add: [SYS_ADMIN]', 'services.web.cap_add', { capabilities: ['SYS_ADMIN'] }],
  ['cap_add: [CAP_ALL]', 'services.web.cap_add', { capabilities: ['ALL'] }],
  ['devices: ["/dev/ttyUSB0:/dev/tty"]', 'services.web.devices', { devices: ['/dev/ttyUSB*'] }],
  ['devices: ["vendor.com/class=one"]', 'services.web.devices', { devices: ['vendor.com/class=*'] }],
  ['device_cgroup_rules: ["c 1:3 mr"]', 'services.web.device_cgroup_rules', { device_rules: ['c 1:* rwm'] }],
  ['gpus: all', 'services.web.gpus', { gpus: true }],
  [
    'deploy: { resources: { reservations: { devices: [{ capabilities: [gpu] }] } } }',
    'services.web.deploy.resources.reservations.devices',
    { gpus: true },
  ],
  ['volumes: ["/srv:/srv"]', 'services.web.volumes', { binds: ['/srv'] }],
  ['volumes: ["/srv:/srv:ro"]', 'services.web.volumes', { binds: ['/srv:ro'] }],
  ['volumes: ["/var/run/docker.sock:/s"]', 'services.web.volumes', { docker_socket: true }],
  ['security_opt: ["seccomp:unconfined"]', 'services.web.security_opt', { security_opts: ['seccomp=unconfined'] }],
  ['security_opt: ["apparmor=unconfined"]', 'services.web.security_opt', { security_opts: ['apparmor=*'] }],
  ['security_opt: ["label:disable"]', 'services.web.security_opt', { security_opts: ['label=disable'] }],
  ['sysctls: { net.core.somaxconn: 1024 }', 'services.web.sysctls', { sysctls: ['net.core.*'] }],
  ['sysctls: ["kernel.shmmax=1"]', 'services.web.sysctls', { sysctls: ['kernel.shmmax'] }],
  ['cgroup_parent: kiosk.slice', 'services.web.cgroup_parent', { cgroup_parents: ['kiosk.slice'] }],
  ['runtime: nvidia', 'services.web.runtime', { runtimes: ['nvidia'] }],
  ['logging: { driver: loki }', 'services.web.logging.driver', { drivers: ['loki'] }],
  ['volumes_from: ["container:db:ro"]', 'services.web.volumes_from', { containers: ['db'] }],
  [
    'annotations: { org.systemd.property.Wants: "[\'debug-shell.service\']" }',
    'services.web.annotations',
    { annotations: ['org.systemd.property.*'] },
  ],
  ['gpus: [{ driver: cdi, device_ids: ["a.com/b=c"] }]', 'services.web.gpus', { devices: ['a.com/b=*'] }],
  [
    'networks: { default: { driver_opts: { com.docker.network.endpoint.sysctls: net.ipv4.conf.IFNAME.log_martians=1 } } }',
    'services.web.networks',
    { sysctls: ['net.ipv4.conf.*'] },
  ],
  [
    'logging: { driver: syslog, options: { syslog-address: "unixgram:///run/x.sock" } }',
    'services.web.logging.options.syslog-address',
    { binds: ['/run/x.sock'] },
  ],
  [
    'logging: { driver: fluentd, options: { fluentd-address: "unix:///var/run/docker.sock" } }',
    'services.web.logging.options.fluentd-address',
    { docker_socket: true },
  ],
  [
    'logging: { driver: syslog, options: { syslog-tls-key: /etc/ssl/key.pem, syslog-address: "tcp+tls://logs.example:6514" } }',
    'services.web.logging.options.syslog-tls-key',
    { binds: ['/etc/ssl:ro'] },
  ],
  [
    'logging: { options: { syslog-address: "tcp://127.1:6379" } }',
    'services.web.logging.options.syslog-address',
    { host_network: true },
  ],
  [
    'logging: { options: { fluentd-address: "[::1]:6379" } }',
    'services.web.logging.options.fluentd-address',
    { host_network: true },
  ],
  ['network_mode: bridge\n    external_links: ["db:x"]', 'services.web.external_links', { containers: ['db'] }],
  ['post_start: [{ command: id, privileged: true }]', 'services.web.post_start', { privileged: true }],
];

describe('a Compose file', () => {
  it.each([
    ['volumes: ["./d:/d", "./d/x/:/x"]', './d/x', {}],
    ['volumes: ["./d:/d", "./e/../d/x/y:/x:ro"]', 'd/x/y', {}],
    ['volumes: ["/srv/a:/d", "/srv/a/b:/x:ro"]', '/srv/a/b', { binds: ['/srv'] }],
    ['volumes: ["/run/a:/d", "/var/run//a/b:/x:ro"]', '/var/run/a/b', { binds: ['/run'] }],
  ])('may not mount what lies where a container can put a link in its place: %s', (service, _inner, policy) => {
    expect(faults(service, '', policy)).toEqual([
      expect.stringMatching(
        /^4 services.web.volumes: edge-01\/web mounts \S+, which lies in \S+, where a container can write/,
      ),
    ]);
    expect(faults(service, '', { ...policy, nested_mounts: true })).toEqual([]);
  });

  it('may not mount what lies in the folder of another service', () => {
    const other = '  other: { image: nginx:1, volumes: ["./d:/d"] }\n';
    expect(faults('volumes: ["./d/x:/x"]', other)).toEqual([expect.stringContaining('mounts d/x, which lies in d,')]);
  });

  it.each([
    'volumes: ["./d:/d:ro", "./d/x:/x"]',
    'volumes: ["./d:/d", "./dx:/x"]',
    'volumes: ["./d:/d", "./d/:/x"]',
    'volumes: ["./d/a:/d", "./d/b:/x"]',
  ])('may mount folders beside each other, and the same one twice: %s', (service) => {
    expect(faults(service)).toEqual([]);
  });

  it.each(DENIED)('may not ask for it until it is allowed: %s', (service, key, policy) => {
    expect(faults(service)).toEqual([expect.stringMatching(new RegExp(`^4 ${key}: edge-01/web `))]);
    expect(faults(service, '', policy)).toEqual([]);
  });

  it.each([
    ['volumes: { v: { driver: vieux/sshfs } }', 'volumes.v.driver', { drivers: ['vieux/sshfs'] }],
    [
      'volumes: { v: { driver_opts: { type: none, o: bind, device: /etc } } }',
      'volumes.v.driver_opts.device',
      { binds: ['/etc'] },
    ],
    [
      'volumes: { v: { driver_opts: { type: none, o: "bind,ro", device: /etc } } }',
      'volumes.v.driver_opts.device',
      { binds: ['/etc:ro'] },
    ],
    [
      'networks: { default: { driver: macvlan, driver_opts: { parent: eth0 } } }',
      'networks.default.driver_opts.parent',
      { interfaces: ['eth*'] },
    ],
    [
      'networks: { default: { driver_opts: { com.docker.network.bridge.name: br0 } } }',
      'networks.default.driver_opts.com.docker.network.bridge.name',
      { interfaces: ['br0'] },
    ],
    [
      'networks: { default: { ipam: { config: [{ subnet: 1.1.1.0/24 }] } } }',
      'networks.default.ipam.config',
      { subnets: ['1.1.1.0/24'] },
    ],
    ['networks: { default: { ipam: { driver: dhcp } } }', 'networks.default.ipam.driver', { drivers: ['dhcp'] }],
    ['networks: { default: { driver: weave } }', 'networks.default.driver', { drivers: ['weave'] }],
  ])('may not ask for it at its top, used or not: %s', (top, key, policy) => {
    expect(faults('', `${top}\n`)).toEqual([expect.stringMatching(new RegExp(`^5 ${key}: edge-01 `))]);
    expect(faults('', `${top}\n`, policy)).toEqual([]);
  });

  it('may not ask for namespaces in words of other engines', () => {
    const said = faults('network_mode: "ns:/proc/1/ns/net"', '', { host_network: true });
    expect(said).toEqual([expect.stringContaining('wants the network namespace of the host')]);
  });

  it.each([
    'network_mode: none',
    'network_mode: bridge',
    'ipc: shareable',
    'cgroup: private',
    'cap_add: [NET_BIND_SERVICE]',
    'cap_drop: [ALL]',
    'security_opt: ["no-new-privileges:true"]',
    'logging: { driver: journald }',
    'logging: { driver: fluentd, options: { fluentd-address: "localhost:24224" } }',
    'logging: { driver: gelf, options: { gelf-address: "udp://127.0.0.1:12201" } }',
    'logging: { driver: syslog, options: { syslog-address: "tcp://logs.example:514", tag: /x } }',
    'runtime: runc',
    'privileged: false',
    'volumes: [./data:/data]',
    'tmpfs: /tmp',
  ])('may have what every container may have: %s', (service) => {
    expect(faults(service)).toEqual([]);
  });
});
