import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Ask, AskWhat } from '../../../fleet/model/ask.ts';
import { deniedApps, formatFaults, MAX_FAULTS, policyFaults } from '../../../fleet/policy/judge.ts';
import { askOf, denied, ownerOf, refusals } from './support.ts';

interface Case {
  readonly ask: AskWhat;
  /** After `kiosk/web`. */
  readonly says: string;
  /** Besides what the hint says. */
  readonly allows?: readonly object[];
  readonly stillDenies?: readonly object[];
}

const namespace = (of: Extract<AskWhat, { kind: 'namespace' }>['namespace'], value = 'host') =>
  ({ kind: 'namespace', namespace: of, value }) as const;

const CASES: readonly Case[] = [
  { ask: { kind: 'privileged' }, says: 'wants to be privileged', stillDenies: [{ capabilities: ['ALL'] }] },
  { ask: namespace('network'), says: 'wants the network namespace of the host', stillDenies: [{ privileged: true }] },
  { ask: namespace('pid'), says: 'wants the pid namespace of the host', stillDenies: [{ host_network: true }] },
  { ask: namespace('ipc'), says: 'wants the ipc namespace of the host' },
  { ask: namespace('uts'), says: 'wants the uts namespace of the host' },
  { ask: namespace('userns'), says: 'wants the userns namespace of the host' },
  { ask: namespace('cgroup'), says: 'wants the cgroup namespace of the host' },
  {
    ask: namespace('network', 'container:vpn'),
    says: 'joins the network namespace of the container vpn',
    allows: [{ containers: ['vp*'] }],
    stillDenies: [{ host_network: true }, { containers: ['vpn2'] }],
  },
  {
    ask: { kind: 'volumes-from', container: 'db' },
    says: 'mounts the volumes of the container db',
    stillDenies: [{ containers: ['dbase'] }],
  },
  {
    ask: { kind: 'capability', capability: 'NET_ADMIN' },
    says: 'wants the capability NET_ADMIN',
    allows: [{ capabilities: ['ALL'] }, { capabilities: ['cap_net_admin'] }],
    stillDenies: [{ capabilities: ['SYS_ADMIN'] }, { privileged: true }],
  },
  {
    ask: { kind: 'capability', capability: 'ALL' },
    says: 'wants the capability ALL',
    stillDenies: [{ capabilities: ['NET_ADMIN', 'SYS_ADMIN'] }],
  },
  {
    ask: { kind: 'device', path: '/dev/ttyUSB0' },
    says: 'wants the device /dev/ttyUSB0',
    allows: [{ devices: ['/dev/ttyUSB*'] }, { devices: ['/dev/*'] }, { devices: ['/dev'] }],
    stillDenies: [{ devices: ['/dev/ttyUSB'] }, { devices: ['/dev/tty*/x'] }, { gpus: true }],
  },
  {
    ask: { kind: 'device', path: '/dev/snd/../mem' },
    says: 'wants the device /dev/mem',
    stillDenies: [{ devices: ['/dev/snd'] }, { devices: ['/dev/snd/*'] }],
  },
  {
    ask: { kind: 'device', path: '/dev/bus/usb/001' },
    says: 'wants the device /dev/bus/usb/001',
    allows: [{ devices: ['/dev/bus/usb'] }],
    stillDenies: [{ devices: ['/dev/bus*usb*'] }],
  },
  {
    ask: { kind: 'device', path: 'vendor.com/class=one' },
    says: 'wants the device vendor.com/class=one',
    allows: [{ devices: ['vendor.com/class=*'] }],
    stillDenies: [{ devices: ['vendor.com/other=*'] }, { devices: ['/dev/*'] }],
  },
  { ask: { kind: 'device-request', driver: 'nvidia' }, says: 'wants devices that a driver hands out (nvidia)' },
  { ask: { kind: 'device-request', driver: '' }, says: 'wants devices that a driver hands out (GPUs)' },
  {
    ask: { kind: 'device-rule', rule: 'c 188:0 rw' },
    says: 'wants the device rule "c 188:0 rw"',
    allows: [{ device_rules: ['c 188:* rwm'] }, { device_rules: ['a *:* rwm'] }],
    stillDenies: [{ device_rules: ['c 188:* r'] }, { device_rules: ['b 188:* rwm'] }, { device_rules: ['c 18:* rwm'] }],
  },
  {
    ask: { kind: 'device-rule', rule: 'a *:* rwm' },
    says: 'wants the device rule "a *:* rwm"',
    stillDenies: [{ device_rules: ['c *:* rwm', 'b *:* rwm'] }],
  },
  {
    ask: { kind: 'bind', source: '/srv/data' },
    says: 'mounts /srv/data of the host',
    allows: [{ binds: ['/srv'] }],
    stillDenies: [{ binds: ['/srv/data:ro'] }, { binds: ['/srv/dat'] }, { privileged: true }],
  },
  {
    ask: { kind: 'bind', source: '/srv/data', read_only: true },
    says: 'mounts /srv/data of the host',
    allows: [{ binds: ['/srv'] }, { binds: ['/srv:ro'] }],
  },
  {
    ask: { kind: 'bind', source: '/etc', via: '/srv/link' },
    says: 'mounts /etc of the host (through the link /srv/link)',
    stillDenies: [{ binds: ['/srv'] }],
  },
  {
    ask: { kind: 'bind', source: '/var/run/docker.sock' },
    says: 'mounts /var/run/docker.sock of the host',
    stillDenies: [{ binds: ['/'] }],
  },
  {
    ask: { kind: 'annotation', name: 'org.systemd.property.Wants' },
    says: 'tells the runtime org.systemd.property.Wants',
    allows: [{ annotations: ['org.systemd.*'] }],
    stillDenies: [{ runtimes: ['runc'] }],
  },
  {
    ask: { kind: 'interface', name: 'eth0.50' },
    says: 'puts a network on the interface eth0.50 of the host',
    allows: [{ interfaces: ['eth0*'] }],
    stillDenies: [{ interfaces: ['eth0'] }, { host_network: true }],
  },
  { ask: { kind: 'subnet', subnet: '1.1.1.0/24' }, says: 'takes the addresses 1.1.1.0/24' },
  { ask: { kind: 'subnet', subnet: '0.0.0.0/1' }, says: 'takes the addresses 0.0.0.0/1' },
  { ask: { kind: 'subnet', subnet: '172.16.0.0/11' }, says: 'takes the addresses 172.16.0.0/11' },
  { ask: { kind: 'subnet', subnet: '169.254.169.254/32' }, says: 'takes the addresses 169.254.169.254/32' },
  { ask: { kind: 'subnet', subnet: '2606:4700::/32' }, says: 'takes the addresses 2606:4700::/32' },
  { ask: { kind: 'subnet', subnet: 'fc00::/6' }, says: 'takes the addresses fc00::/6' },
  { ask: { kind: 'subnet', subnet: '::ffff:1.1.1.0/120' }, says: 'takes the addresses ::ffff:1.1.1.0/120' },
  {
    ask: { kind: 'log-address', address: 'tcp://127.0.0.1:6379' },
    says: 'sends its logs to tcp://127.0.0.1:6379 from the network of the host',
  },
  {
    ask: { kind: 'link', container: 'db' },
    says: 'links to the container db on the default bridge',
    allows: [{ containers: ['d*'] }],
  },
  {
    ask: { kind: 'nested', source: 'd/x', outer: 'd' },
    says: 'mounts d/x, which lies in d, where a container can write',
  },
  {
    ask: { kind: 'security-opt', option: 'seccomp:unconfined' },
    says: 'sets seccomp:unconfined',
    allows: [{ security_opts: ['seccomp=unconfined'] }, { security_opts: ['seccomp=*'] }],
    stillDenies: [{ security_opts: ['apparmor=unconfined'] }],
  },
  { ask: { kind: 'security-opt', option: 'label:disable' }, says: 'sets label:disable' },
  { ask: { kind: 'security-opt', option: 'label=type:spc_t' }, says: 'sets label=type:spc_t' },
  { ask: { kind: 'security-opt', option: 'apparmor=my-profile' }, says: 'sets apparmor=my-profile' },
  {
    ask: { kind: 'sysctl', name: 'net.ipv4.ip_forward' },
    says: 'sets the kernel parameter net.ipv4.ip_forward',
    allows: [{ sysctls: ['net.ipv4.*'] }, { sysctls: ['net/ipv4/ip_forward'] }],
    stillDenies: [{ sysctls: ['net.ipv6.*'] }],
  },
  { ask: { kind: 'cgroup-parent', value: 'kiosk.slice' }, says: 'wants to run in the control group kiosk.slice' },
  { ask: { kind: 'runtime', name: 'nvidia' }, says: 'wants the runtime nvidia' },
  { ask: { kind: 'driver', of: 'volume', name: 'vieux/sshfs' }, says: 'wants the volume driver vieux/sshfs' },
  { ask: { kind: 'driver', of: 'network', name: 'weave' }, says: 'wants the network driver weave' },
  { ask: { kind: 'driver', of: 'logging', name: 'loki' }, says: 'wants the logging driver loki' },
];

describe('the device’s policy', () => {
  it.each(CASES)('denies until it is told otherwise: $says', ({ ask, says, allows = [], stillDenies = [] }) => {
    const [refusal = ''] = refusals(ask);
    expect(refusal).toContain(`services.web.x: kiosk/web ${says}, which this device does not allow | `);
    for (const policy of stillDenies) expect(denied(ask, policy), JSON.stringify(policy)).toBe(true);
    for (const policy of allows) expect(denied(ask, policy), JSON.stringify(policy)).toBe(false);
  });

  it.each(CASES)('allows it by exactly the lines that the refusal names: $says', ({ ask }) => {
    const [refusal = ''] = refusals(ask);
    const [, key, yaml = ''] = /; to allow it set policy\.(\S+) in agent\.yaml: (.*)$/.exec(refusal) ?? [];
    const { policy } = parse(yaml) as { policy: object };
    expect(Object.keys(policy)).toEqual([key]);
    expect(denied(ask, policy)).toBe(false);
  });

  const FINE: readonly AskWhat[] = [
    ...['NET_BIND_SERVICE', 'CHOWN', 'CAP_KILL', 'net_raw'].map(
      (capability) => ({ kind: 'capability', capability }) as const,
    ),
    ...['no-new-privileges', 'no-new-privileges:true', 'no-new-privileges=false', 'seccomp=builtin'].map(
      (option) => ({ kind: 'security-opt', option }) as const,
    ),
    { kind: 'driver', of: 'volume', name: 'local' },
    { kind: 'driver', of: 'network', name: 'macvlan' },
    { kind: 'driver', of: 'logging', name: 'journald' },
    { kind: 'runtime', name: 'runc' },
    { kind: 'annotation', name: 'com.example.note' },
    ...['172.20.0.0/16', '10.0.0.0/8', '192.168.7.0/24', '100.64.1.0/24', 'fd12:3456::/64', 'FC00::/7'].map(
      (subnet) => ({ kind: 'subnet', subnet }) as const,
    ),
    { kind: 'image', reference: 'nginx' },
  ];
  it.each(FINE)('lets everybody have what every container may have: %j', (ask) => {
    expect(denied(ask)).toBe(false);
  });

  it('says all refusals at once, in the order of the file, with place, key, danger and remedy', () => {
    const asks: Ask[] = [
      { ...askOf({ kind: 'bind', source: '/etc' }, 'services.web.volumes') },
      {
        ...askOf({ kind: 'privileged' }, 'services.web.privileged'),
        place: {
          file: 'devices/edge-01/compose.yaml',
          line: 3,
          column: 5,
          source: { text: '    privileged: true', length: 10 },
        },
      },
    ];
    expect(formatFaults(policyFaults(asks, ownerOf()))).toBe(
      [
        'devices/edge-01/compose.yaml:3:5: services.web.privileged: kiosk/web wants to be privileged, which this device does not allow',
        '    privileged: true',
        '    ^^^^^^^^^^ a privileged container is root on this host; to allow it set policy.privileged in agent.yaml: policy: { privileged: true }',
        'devices/edge-01/compose.yaml:5:9: services.web.volumes: kiosk/web mounts /etc of the host, which this device does not allow',
        '    it could read and change /etc on this host; to allow it set policy.binds in agent.yaml: policy: { binds: [/etc] }',
      ].join('\n'),
    );
  });

  it('counts what is more than anybody reads', () => {
    const asks = Array.from({ length: MAX_FAULTS + 7 }, () => askOf({ kind: 'privileged' }));
    expect(formatFaults(policyFaults(asks, ownerOf()))).toMatch(/\nand 7 more$/);
  });

  it('knows which apps it concerns', () => {
    const asks = [askOf({ kind: 'privileged' }), { ...askOf({ kind: 'image', reference: 'nginx' }), app: 'fine' }];
    expect([...deniedApps(asks, ownerOf()).keys()]).toEqual(['kiosk']);
    expect(deniedApps(asks, ownerOf({ privileged: true })).size).toBe(0);
  });

  it('does not repeat a profile that stands in an option', () => {
    const [refusal = ''] = refusals({ kind: 'security-opt', option: `seccomp=${'{"a":1}'.repeat(100)}` });
    expect(refusal.length).toBeLessThan(400);
  });
});
