import { describe, expect, it } from 'vitest';
import type { Ask } from '../../../../fleet/model/ask.ts';
import { resolveCompose, textOf, web } from '../../repo/resolving.ts';

const REST = 'volumes: {data: }\nconfigs: {c: {file: /etc/c}}\n';

function asksOf(compose: string): readonly Ask[] {
  const resolution = resolveCompose(compose);
  if (resolution.kind !== 'resolved') throw new Error(textOf(resolution));
  return resolution.asks;
}

/** Without the image, which every service asks for. */
function ownAsks(lines: string, rest = REST): readonly Ask[] {
  return asksOf(`${web(lines)}  db: {image: postgres:17}\n${rest}`).filter(
    (ask) => ask.kind !== 'image' || !['nginx:1.27', 'postgres:17'].includes(ask.reference),
  );
}

/** Key below the service, what is asked, and the text that asks. */
const ASKED: [string, string, object, string][] = [
  ['privileged: true', 'privileged', { kind: 'privileged' }, 'true'],
  ['network_mode: host', 'network_mode', { kind: 'namespace', namespace: 'network', value: 'host' }, 'host'],
  [
    'network_mode: container:x',
    'network_mode',
    { kind: 'namespace', namespace: 'network', value: 'container:x' },
    'container:x',
  ],
  ['pid: host', 'pid', { kind: 'namespace', namespace: 'pid', value: 'host' }, 'host'],
  ['ipc: container:x', 'ipc', { kind: 'namespace', namespace: 'ipc', value: 'container:x' }, 'container:x'],
  ['uts: host', 'uts', { kind: 'namespace', namespace: 'uts', value: 'host' }, 'host'],
  ['userns_mode: host', 'userns_mode', { kind: 'namespace', namespace: 'userns', value: 'host' }, 'host'],
  ['cgroup: host', 'cgroup', { kind: 'namespace', namespace: 'cgroup', value: 'host' }, 'host'],
  ['cap_add: [cap_net_admin]', 'cap_add', { kind: 'capability', capability: 'NET_ADMIN' }, 'cap_net_admin'],
  ['devices: ["/dev/a:/dev/b"]', 'devices', { kind: 'device', path: '/dev/a' }, '"/dev/a:/dev/b"'],
  ['gpus: all', 'gpus', { kind: 'device-request', driver: 'gpu' }, 'all'],
  [
    'deploy: {resources: {reservations: {devices: [{driver: nvidia}]}}}',
    'deploy.resources.reservations.devices',
    { kind: 'device-request', driver: 'nvidia' },
    '{driver: nvidia}',
  ],
  ['device_cgroup_rules: ["c 1:3 r"]', 'device_cgroup_rules', { kind: 'device-rule', rule: 'c 1:3 r' }, '"c 1:3 r"'],
  ['volumes: [/etc/../srv:/a]', 'volumes', { kind: 'bind', source: '/srv' }, '/etc/../srv:/a'],
  ['configs: [c]', 'configs', { kind: 'bind', source: '/etc/c' }, 'c'],
  ['use_api_socket: true', 'use_api_socket', { kind: 'bind', source: '/var/run/docker.sock' }, 'true'],
  [
    'volumes: [{type: image, source: busybox, target: /a}]',
    'volumes',
    { kind: 'image', reference: 'busybox' },
    'busybox',
  ],
  [
    'security_opt: [apparmor=unconfined]',
    'security_opt',
    { kind: 'security-opt', option: 'apparmor=unconfined' },
    'apparmor=unconfined',
  ],
  ['sysctls: {net.core.somaxconn: 1}', 'sysctls', { kind: 'sysctl', name: 'net.core.somaxconn' }, 'net.core.somaxconn'],
  ['cgroup_parent: x', 'cgroup_parent', { kind: 'cgroup-parent', value: 'x' }, 'x'],
  ['runtime: runsc', 'runtime', { kind: 'runtime', name: 'runsc' }, 'runsc'],
  ['logging: {driver: loki}', 'logging.driver', { kind: 'driver', of: 'logging', name: 'loki' }, 'loki'],
  ['volumes_from: ["container:x:ro"]', 'volumes_from', { kind: 'volumes-from', container: 'x' }, '"container:x:ro"'],
  ['post_start: [{command: a, privileged: true}]', 'post_start', { kind: 'privileged' }, 'true'],
  ['pre_stop: [{command: a, privileged: true}]', 'pre_stop', { kind: 'privileged' }, 'true'],
];

describe('what a service asks of the host', () => {
  it.each(ASKED)('%s', (lines, key, what, text) => {
    const asks = ownAsks(lines);
    expect(asks).toHaveLength(1);
    expect(asks[0]).toMatchObject({ ...what, app: 'edge-01', service: 'web', key: `services.web.${key}` });
    const { place } = asks[0] ?? {};
    expect(place).toMatchObject({ file: 'devices/edge-01/compose.yaml', line: 4 });
    const { column = 0, source } = place ?? {};
    expect(source?.text.slice(column - 1, column - 1 + source.length)).toBe(text);
  });

  it.each([
    'privileged: false',
    'network_mode: bridge',
    'network_mode: service:db',
    'ipc: shareable',
    'pid: service:db',
    'cgroup: private',
    'cap_drop: [ALL]',
    'volumes: [data:/a]',
    'volumes_from: [db]',
    'logging: {driver: json-file}',
    'use_api_socket: false',
  ])('%s asks for nothing', (lines) => {
    expect(ownAsks(lines)).toEqual([]);
  });

  it('asks for every image once, however many containers run it', () => {
    const asks = asksOf('services: {a: {image: "i:1", scale: 3}, b: {build: .}}');
    expect(asks.map((ask) => [ask.kind, ask.service, ask.kind === 'image' && ask.reference])).toEqual([
      ['image', 'a', 'i:1'],
      ['image', 'b', 'edge-01-b'],
    ]);
  });

  it("asks for drivers that are not the Engine's own", () => {
    const rest =
      'networks: {n: {driver: weave}, m: {driver: macvlan}}\nvolumes: {v: {driver: rexray, driver_opts: {type: none, o: bind, device: /x}}, l: {driver: local}}\n';
    expect(ownAsks('networks: [n, m]', rest)).toMatchObject([
      { kind: 'driver', of: 'network', name: 'weave', service: null, key: 'networks.n.driver', place: { line: 6 } },
      { kind: 'driver', of: 'volume', name: 'rexray', service: null, key: 'volumes.v.driver', place: { line: 7 } },
    ]);
  });
});

describe('a local volume that binds a folder beside the file', () => {
  it('is that folder, without a volume', () => {
    const compose = web('volumes: [v:/v]', 'volumes: {v: {driver_opts: {type: none, o: bind, device: ./data}}}\n');
    const resolution = resolveCompose(compose);
    if (resolution.kind !== 'resolved') throw new Error(textOf(resolution));
    const [app] = resolution.desired.apps;
    expect(app?.volumes).toEqual([]);
    expect(app?.services[0]?.mounts).toEqual([{ type: 'data', target: '/v', read_only: false, source: 'data' }]);
  });
});
