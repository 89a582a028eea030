// What `holdfast render` shows of a service against what Compose's own `config --format json` prints of the same text, as its
// types and its normalization say.
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { Desired } from '../../../fleet/model/desired.ts';
import { renderDesired } from '../../../fleet/repo/render/desired.ts';
import { resolveCompose, textOf, web } from './resolving.ts';

type Data = Record<string, unknown>;
interface App extends Data {
  readonly services: Readonly<Record<string, Data>>;
}

const REST = `volumes: {data: , here: {driver: local, driver_opts: {type: none, o: bind, device: ./here}}}
networks: {host: {external: true}}
configs: {site: {file: ./site.conf}, motd: {content: "5 $$"}, spare: {file: ./x}}
secrets: {pin: {file: ./pin.txt}, token: {environment: TOKEN}, old: {external: true, name: older}}
`;

function appOf(compose: string): App {
  const resolution = resolveCompose(compose);
  if (resolution.kind !== 'resolved') throw new Error(textOf(resolution));
  return (renderDesired(resolution.desired, resolution.declared).apps as App[])[0] ?? { services: {} };
}

const BIND = { type: 'bind', bind: { create_host_path: true }, 'x-holdfast': { kind: 'data' } };
const PORT = { mode: 'ingress', target: 80, protocol: 'tcp' };

it.each<[string, Data]>([
  ['tty: true', { command: null, entrypoint: null, networks: { default: null } }],
  ['command: []', { command: [] }],
  ['command: echo $$HOME', { command: ['echo', '$$HOME'] }],
  ['environment: [A, B=, "C=$$x", HOME]', { environment: { A: null, B: '', C: '$$x', HOME: '/root' } }],
  ['ports: ["8000-8002:80"]', { ports: [{ ...PORT, published: '8000-8002' }] }],
  [
    'ports: [{target: 80, published: 8080, mode: host, name: web, app_protocol: http}]',
    { ports: [{ ...PORT, published: '8080', mode: 'host', name: 'web', app_protocol: 'http' }] },
  ],
  [
    'ports: ["9-10:9-10"]',
    {
      ports: [
        { ...PORT, target: 10, published: '10' },
        { ...PORT, target: 9, published: '9' },
      ],
    },
  ],
  ['ports: ["80:80", "80:80/tcp", 80]', { ports: [{ ...PORT, published: '80' }, PORT] }],
  ['network_mode: host\nports: ["80:80"]', { network_mode: 'host', ports: [{ ...PORT, published: '80' }] }],
  ['networks: [host]', { networks: { host: null }, network_mode: undefined }],
  ['expose: [3000, "80"]\nports: [80]', { expose: ['3000', '80'] }],
  ['cap_add: [SYS_TIME, NET_ADMIN]\ncap_drop: [B, A]', { cap_add: ['SYS_TIME', 'NET_ADMIN'], cap_drop: ['B', 'A'] }],
  ['security_opt: ["seccomp:./p.json", "a:b"]', { security_opt: ['seccomp:./p.json', 'a:b'] }],
  ['volumes: ["./db:/db"]', { volumes: [{ ...BIND, source: './db', target: '/db' }] }],
  ['volumes: ["../db:/db"]', { volumes: [{ ...BIND, source: '../db', target: '/db' }] }],
  ['volumes: ["../../../db:/db"]', { volumes: [{ ...BIND, source: '../../../db', target: '/db' }] }],
  [
    'volumes: ["./db:/db:ro,z"]',
    {
      volumes: [
        { ...BIND, source: './db', target: '/db', read_only: true, bind: { create_host_path: true, selinux: 'z' } },
      ],
    },
  ],
  [
    'volumes: [/srv/a/:/a/]',
    { volumes: [{ type: 'bind', source: '/srv/a/', target: '/a', bind: { create_host_path: true } }] },
  ],
  ['volumes: [{type: bind, source: /a, target: /b}]', { volumes: [{ type: 'bind', source: '/a', target: '/b' }] }],
  ['networks: {default: {aliases: [b, a]}}', { networks: { default: { aliases: ['b', 'a'] } } }],
  [
    'volumes: ["data:/d:ro,z"]',
    {
      volumes: [{ type: 'volume', source: 'data', target: '/d', read_only: true, bind: { selinux: 'z' }, volume: {} }],
    },
  ],
  ['volumes: ["here:/here"]', { volumes: [{ type: 'volume', source: 'here', target: '/here', volume: {} }] }],
  [
    'volumes: [{type: volume, source: data, target: /d}, {type: tmpfs, target: /t, tmpfs: {size: 1k}}]\ntmpfs: /run:mode=700',
    {
      volumes: [
        { type: 'volume', source: 'data', target: '/d' },
        { type: 'tmpfs', target: '/t', tmpfs: { size: '1024' } },
      ],
      tmpfs: ['/run:mode=700'],
    },
  ],
  [
    'configs: [site, {source: motd, target: /m, mode: 0440, uid: "3"}]',
    { configs: [{ source: 'site' }, { source: 'motd', target: '/m', mode: '0440', uid: '3' }], volumes: undefined },
  ],
  [
    'secrets: [pin, {source: token, target: t}]',
    {
      secrets: [
        { source: 'pin', target: '/run/secrets/pin' },
        { source: 'token', target: 't' },
      ],
      volumes: undefined,
    },
  ],
  [
    'deploy: {resources: {limits: {cpus: "0.5", memory: 50M}}}',
    {
      deploy: { resources: { limits: { cpus: 0.5, memory: '52428800' } }, placement: {} },
      cpus: undefined,
      mem_limit: undefined,
    },
  ],
  [
    'deploy: {replicas: 2, labels: [a=b], restart_policy: {delay: 90s, max_attempts: "3"}}',
    {
      deploy: {
        replicas: 2,
        labels: { a: 'b' },
        restart_policy: { delay: '1m30s', max_attempts: 3 },
        resources: {},
        placement: {},
      },
      scale: undefined,
      restart: undefined,
    },
  ],
  [
    'deploy: {resources: {reservations: {devices: [{driver: nvidia, count: all, capabilities: [gpu]}]}}}',
    {
      deploy: {
        resources: { reservations: { devices: [{ capabilities: ['gpu'], driver: 'nvidia', count: -1 }] } },
        placement: {},
      },
    },
  ],
  ['gpus: all', { gpus: [{ count: -1 }], deploy: undefined }],
  ['scale: 2', { scale: 2, deploy: undefined }],
  ['mem_limit: 1g\nrestart: always', { mem_limit: '1073741824', restart: 'always' }],
  ['healthcheck: {disable: true}', { healthcheck: { disable: true } }],
  ['healthcheck: {test: [NONE]}', { healthcheck: { test: ['NONE'] } }],
  ['ulimits: {a: {soft: 5, hard: 5}, b: 5}', { ulimits: { a: { soft: 5, hard: 5 }, b: 5 } }],
  ['pull_policy: if_not_present', { pull_policy: 'missing' }],
  ['container_name: edge-01-web-1', { container_name: 'edge-01-web-1' }],
  [
    'build: {context: ., args: [A=1, B]}',
    { build: { context: '.', dockerfile: 'Dockerfile', args: { A: '1', B: null } } },
  ],
  ['build: ./web', { build: { context: './web', dockerfile: 'Dockerfile' }, image: 'nginx:1.27' }],
  ['attach: false', { attach: false }],
])('%s', (lines, expected) => {
  const { web: shown = {} } = appOf(web(lines, REST)).services;
  expect(Object.fromEntries(Object.keys(expected).map((key) => [key, shown[key]]))).toEqual(expected);
});

it('a service that is only built has no image but the one that is run', () => {
  const { web: shown = {} } = appOf('services: {web: {build: .}}\n').services;
  expect(shown).toMatchObject({ build: { context: '.' }, 'x-holdfast': { image: 'edge-01-web' } });
  expect(shown).not.toHaveProperty('image');
});

it('a service without a container is shown, and so is what depends on it', () => {
  const { db, web: shown } = appOf(
    web('depends_on: [db]').replace(/\n$/, '\n  db: {image: d, deploy: {replicas: 0}}\n'),
  ).services;
  expect(db).toMatchObject({ image: 'd', deploy: { replicas: 0 } });
  expect(shown?.depends_on).toEqual({ db: { condition: 'service_started', required: true } });
});

it('configs, secrets and volumes of the app say where they come from, as far as they are used', () => {
  const app = appOf(web('configs: [site, motd]\nsecrets: [pin, token, old]\nvolumes: ["here:/h"]', REST));
  expect(app.configs).toMatchObject({
    motd: { name: 'edge-01_motd', content: '5 $$' },
    site: { name: 'edge-01_site', file: './site.conf' },
  });
  expect(app.configs).not.toHaveProperty('spare');
  expect(app.secrets).toEqual({
    old: { name: 'older', external: true },
    pin: { name: 'edge-01_pin', file: './pin.txt' },
    token: { name: 'edge-01_token', environment: 'TOKEN' },
  });
  expect(app.volumes).toMatchObject({ here: { name: 'edge-01_here', driver_opts: { device: './here' } } });
});

it('resolves again to the same', () => {
  const lines = `command: echo $$HOME
ports: ["8000-8002:80", "53:53/udp"]
volumes: ["./db:/db", "../../../x:/x", "here:/here", {type: tmpfs, target: /t, tmpfs: {size: 1k}}]
configs: [{source: motd, mode: 0440}, site]
secrets: [pin, old]
deploy: {replicas: 2, resources: {limits: {memory: 50M}}, restart_policy: {delay: 5s}}
healthcheck: {test: [NONE]}
security_opt: ["a:b"]`;
  const compose = web(lines, REST);
  const { services, networks, volumes, configs, secrets } = appOf(compose);
  const again = stringify({ services, networks, volumes, configs, secrets });
  const appsOf = (text: string): Desired['apps'] => {
    const resolution = resolveCompose(text);
    if (resolution.kind !== 'resolved') throw new Error(textOf(resolution));
    return resolution.desired.apps;
  };
  expect(appsOf(again)).toEqual(appsOf(compose));
});
