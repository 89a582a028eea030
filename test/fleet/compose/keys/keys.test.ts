import { describe, expect, it } from 'vitest';
import { HOME } from '../../../../fleet/compose/variables/variables.ts';
import type { Service } from '../../../../fleet/model/service.ts';
import { resolveCompose, saidOf, serviceOf, web } from '../../repo/resolving.ts';

/** Lines below `services.web`, and what of the service they make. */
const READ: [string, Partial<Service>][] = [
  ['image: registry.example.com:5000/team/app:1.0', { image: 'registry.example.com:5000/team/app:1.0' }],
  [`image: app@sha256:${'a'.repeat(64)}`, { image: `app@sha256:${'a'.repeat(64)}` }],
  ['command: run --name "a b"', { command: ['run', '--name', 'a b'] }],
  ['command: [a, 1, "b c"]', { command: ['a', '1', 'b c'] }],
  ['command: []', { command: [] }],
  ['entrypoint: ""', { entrypoint: [] }],
  ['entrypoint: [sh, -c]', { entrypoint: ['sh', '-c'] }],
  [
    'environment: {B: x, A: 1, C: true, D: "", E: 1.5}',
    { environment: { A: '1', B: 'x', C: 'true', D: '', E: '1.5' } },
  ],
  ['environment: [A=1, B=x=y, C=, SET]', { environment: { A: '1', B: 'x=y', C: '', SET: 'set' } }],
  ['environment: {SET: , UNSET: }', { environment: { SET: 'set' } }],
  ['environment: [UNSET]', { environment: {} }],
  ['ports: ["80"]', { ports: [{ target: 80, protocol: 'tcp' }] }],
  ['ports: [80]', { ports: [{ target: 80, protocol: 'tcp' }] }],
  ['ports: ["8080:80/udp"]', { ports: [{ target: 80, protocol: 'udp', published: 8080 }] }],
  ['ports: ["127.0.0.1:8080:80"]', { ports: [{ target: 80, protocol: 'tcp', published: 8080, host_ip: '127.0.0.1' }] }],
  ['ports: ["127.0.0.1::80"]', { ports: [{ target: 80, protocol: 'tcp', host_ip: '127.0.0.1' }] }],
  ['ports: ["[::1]:8080:80"]', { ports: [{ target: 80, protocol: 'tcp', published: 8080, host_ip: '::1' }] }],
  [
    'ports: ["8000-8001:90-91"]',
    {
      ports: [
        { target: 90, protocol: 'tcp', published: 8000 },
        { target: 91, protocol: 'tcp', published: 8001 },
      ],
    },
  ],
  [
    'ports: ["90-91"]',
    {
      ports: [
        { target: 90, protocol: 'tcp' },
        { target: 91, protocol: 'tcp' },
      ],
    },
  ],
  [
    'ports: [{target: 80, published: "8080", host_ip: 10.0.0.1, protocol: udp, mode: host, name: x, app_protocol: http}]',
    { ports: [{ target: 80, protocol: 'udp', published: 8080, host_ip: '10.0.0.1' }] },
  ],
  ['ports: ["80:80", {target: 80, published: 80}]', { ports: [{ target: 80, protocol: 'tcp', published: 80 }] }],
  ['ports: ["${PORT}:80"]', { ports: [{ target: 80, protocol: 'tcp', published: 8088 }] }],
  [
    'volumes: [/cache]',
    { mounts: [{ type: 'volume', target: '/cache', read_only: false, source: null, nocopy: false }] },
  ],
  [
    'volumes: ["data:/data/:ro,nocopy"]',
    { mounts: [{ type: 'volume', target: '/data', read_only: true, source: 'data', nocopy: true }] },
  ],
  [
    'volumes: [/etc/../srv:/srv]',
    { mounts: [{ type: 'bind', target: '/srv', read_only: false, source: '/srv', create_host_path: true }] },
  ],
  [
    'volumes: [{type: bind, source: /srv, target: /srv, read_only: true, bind: {create_host_path: false}}]',
    { mounts: [{ type: 'bind', target: '/srv', read_only: true, source: '/srv', create_host_path: false }] },
  ],
  [
    'volumes: [{type: volume, source: data, target: /d, volume: {nocopy: true}}]',
    { mounts: [{ type: 'volume', target: '/d', read_only: false, source: 'data', nocopy: true }] },
  ],
  [
    'volumes: [{type: tmpfs, target: /t, tmpfs: {size: 1m, mode: 0700}}]',
    { mounts: [{ type: 'tmpfs', target: '/t', size: 1024 ** 2, mode: 0o700 }] },
  ],
  ['tmpfs: /run', { mounts: [{ type: 'tmpfs', target: '/run' }] }],
  [
    'tmpfs: [/run, "/tmp:size=64k,mode=1777"]',
    {
      mounts: [
        { type: 'tmpfs', target: '/run' },
        { type: 'tmpfs', target: '/tmp', size: 65_536, mode: 0o1777 },
      ],
    },
  ],
  ['networks: [front]', { networks: { front: { aliases: [] } } }],
  [
    'networks: {front: {aliases: [b, a, b], ipv4_address: 10.1.0.5}, default: }',
    { networks: { default: { aliases: [] }, front: { aliases: ['a', 'b'], ipv4_address: '10.1.0.5' } } },
  ],
  ['networks: {front: {ipv6_address: "fd00::5"}}', { networks: { front: { aliases: [], ipv6_address: 'fd00::5' } } }],
  ['networks: []', { networks: { default: { aliases: [] } } }],
  ['depends_on: [db]', { depends_on: { db: { condition: 'service_started', restart: false, required: true } } }],
  [
    'depends_on: {db: {condition: service_healthy, restart: true}}',
    { depends_on: { db: { condition: 'service_healthy', restart: true, required: true } } },
  ],
  ['depends_on: {gone: {condition: service_started, required: false}}', { depends_on: {} }],
  ['restart: no', { restart: 'no' }],
  ['restart: unless-stopped', { restart: 'unless-stopped' }],
  ['restart: on-failure:3', { restart: 'on-failure:3' }],
  ['labels: {b: 1, a: x}', { labels: { a: 'x', b: '1' } }],
  ['labels: [a=x, b]', { labels: { a: 'x', b: '' } }],
  ['user: 1000', { user: '1000' }],
  ['user: "1000:1000"', { user: '1000:1000' }],
  ['working_dir: /app', { working_dir: '/app' }],
  ['hostname: box', { hostname: 'box' }],
  ['container_name: my_web', { container_name: 'my_web' }],
  ['healthcheck: {test: curl -f x}', { healthcheck: { test: ['CMD-SHELL', 'curl -f x'] } }],
  [
    'healthcheck: {test: [CMD, curl], interval: 1m30s, timeout: 5s, start_period: 0, retries: 3}',
    { healthcheck: { test: ['CMD', 'curl'], interval: 90e9, timeout: 5e9, start_period: 0, retries: 3 } },
  ],
  ['healthcheck: {disable: true}', { healthcheck: { test: ['NONE'] } }],
  ['healthcheck: {interval: 10s, disable: false}', { healthcheck: { interval: 10e9 } }],
  ['read_only: true', { read_only: true }],
  ['read_only: "true"', { read_only: true }],
  ['cap_drop: [ALL]', { cap_drop: ['ALL'] }],
  ['cap_add: [NET_ADMIN, CHOWN, CHOWN]', { cap_add: ['CHOWN', 'NET_ADMIN'] }],
  ['cap_drop: [ALL]', { cap_drop: ['ALL'] }],
  ['mem_limit: 64m', { mem_limit: 64 * 1024 ** 2 }],
  ['mem_limit: 1048576', { mem_limit: 1024 ** 2 }],
  ['cpus: 0.5', { cpus: 0.5 }],
  ['cpus: "1.5"', { cpus: 1.5 }],
  ['deploy: {replicas: 1, resources: {limits: {memory: 1g, cpus: "2"}}}', { mem_limit: 1024 ** 3, cpus: 2 }],
  ['stop_grace_period: 1m', { stop_grace_period: 60e9 }],
  ['stop_signal: SIGINT', { stop_signal: 'SIGINT' }],
  ['init: true', { init: true }],
  ['pull_policy: always', { pull_policy: 'always' }],
  ['pull_policy: if_not_present', { pull_policy: 'missing' }],
  ['x-anything: {at: all}', {}],
  ['x-holdfast-reload: SIGHUP', { reload: 'SIGHUP' }],
  ['x-holdfast-reload: usr1', { reload: 'SIGUSR1' }],
  ['x-holdfast-reload: SIGRTMIN+3', { reload: 'SIGRTMIN+3' }],
  ['x-holdfast-reload: restart', { reload: 'restart' }],
  ['x-holdfast-reload: none', { reload: 'none' }],
  ['hostname:', {}],
];

const REST = 'volumes: {data: }\nnetworks: {front: }\n';
const ENV = { '.env': 'SET=set\nPORT=8088\n' };

function read(lines: string) {
  const image = lines.startsWith('image:') ? web('').replace('    image: nginx:1.27\n', `    ${lines}\n`) : web(lines);
  return resolveCompose(`${image}  db: {image: postgres:17}\n${REST}`, ENV);
}

describe('keys of a service', () => {
  it.each(READ)('%s', (lines, expected) => {
    const resolution = read(lines);
    expect(saidOf(resolution)).toEqual([]);
    expect(serviceOf(resolution)).toMatchObject(expected);
  });

  it('leaves out what the file does not set', () => {
    expect(serviceOf(read(''))).toEqual({
      name: 'web',
      number: 1,
      container_name: 'edge-01-web-1',
      image: 'nginx:1.27',
      pull_policy: 'missing',
      environment: {},
      ports: [],
      mounts: [],
      networks: { default: { aliases: [] } },
      depends_on: {},
      labels: {},
    });
  });
});

/** Lines below `services.web`, and what is said of them. */
const REFUSED: [string, string][] = [
  ['prots: ["80:80"]', 'services.web.prots: unknown key | did you mean "ports"?'],
  ['Command: x', 'services.web.Command: unknown key | did you mean "command"?'],
  ['qwertyuiop: x', 'services.web.qwertyuiop: unknown key | remove it; keys of your own begin with "x-"'],
  ['image: Nginx', 'services.web.image: "Nginx" is not an image reference | names of images are lower-case'],
  ['image: 1', 'services.web.image: has to be text, not a number | write it in quotes: "1"'],
  ['command: {a: b}', 'services.web.command: has to be text or a list, not a map'],
  [
    'environment: [{A: 1}]',
    'services.web.environment[0]: has to be KEY=value, not a map | write KEY=value, or leave the dash away',
  ],
  ['environment: {A: [1]}', 'services.web.environment.A: has to be text, not a list'],
  ['environment: text', 'services.web.environment: has to be a map or a list, not text'],
  [
    'env_file: nope.env',
    'services.web.env_file[0]: devices/edge-01/nope.env is not in Git | commit the file, or write {path: …, required: false}',
  ],
  ['env_file: [{required: true}]', 'services.web.env_file[0]: path is missing | add path: the file'],
  ['ports: "80"', 'services.web.ports: has to be a list, not text | write it as a list: ["80"]'],
  [
    'ports: [web]',
    'services.web.ports[0]: "web" is not a port mapping | write "8080:80", "127.0.0.1:8080:80" or "53:53/udp"',
  ],
  [
    'ports: ["70000:80"]',
    'services.web.ports[0]: "70000:80" is not a port mapping | write "8080:80", "127.0.0.1:8080:80" or "53:53/udp"',
  ],
  ['ports: ["80/tpc"]', 'services.web.ports[0]: "80/tpc": the protocol has to be tcp, udp or sctp'],
  [
    'ports: ["300.0.0.1:80:80"]',
    'services.web.ports[0]: "300.0.0.1" is not an IP address | write "8080:80", "127.0.0.1:8080:80" or "53:53/udp"',
  ],
  ['ports: ["80-82:90-91"]', 'services.web.ports[0]: both ranges have to be of the same length'],
  ['ports: [{published: 80}]', 'services.web.ports[0]: target is missing | add target: the container port'],
  ['ports: [{target: 80, hostip: 1.1.1.1}]', 'services.web.ports[0].hostip: unknown key | did you mean "host_ip"?'],
  [
    'volumes: [data]',
    'services.web.volumes[0]: "data" is not an absolute path in the container | write SOURCE:TARGET with an absolute path in the container',
  ],
  ['volumes: ["dta:/d"]', 'services.web.volumes: the volume "dta" is not declared | did you mean "data"?'],
  ['volumes: ["a/b:/d"]', 'services.web.volumes: the volume "a/b" is not declared | write "./a/b" for a path'],
  ['volumes: ["data:/"]', 'services.web.volumes[0]: the root of the container cannot be a mount point'],
  [
    'volumes: [{type: npipe, source: a, target: /b}]',
    'warning: services.web.volumes[0].type: npipe only exists on Windows: nothing is mounted | write one of volume, bind, tmpfs, image',
  ],
  [
    'volumes: [{type: bind, target: /b}]',
    'services.web.volumes[0]: source is missing | a bind needs a path of the host',
  ],
  ['volumes: ["~/x:/x"]', `warning: services.web.volumes: ~/x is read as ${HOME}/x | write the absolute path`],
  ['volumes: ["~web/x:/x"]', 'services.web.volumes: an agent has no home folder | write the absolute path'],
  [
    'volumes: ["../../../x:/x"]',
    'warning: services.web.volumes: "../../../x" leaves the repository: an empty data folder is mounted | name a folder or a file of the repository, or an absolute path of the host',
  ],
  [
    'volumes: ["../..:/x"]',
    'warning: services.web.volumes: "../.." is the whole repository: an empty data folder is mounted | name a folder or a file of the repository, or an absolute path of the host',
  ],
  ['volumes: ["./.git/config:/x"]', 'services.web.volumes: ".git" is refused'],
  ['networks: [frnt]', 'services.web.networks: the network "frnt" is not declared | did you mean "front"?'],
  [
    'networks: {front: {ipv4_address: x}}',
    'services.web.networks.front.ipv4_address: "x" is not an address of this kind',
  ],
  ['depends_on: [dbb]', 'services.web.depends_on: the service "dbb" is not declared | did you mean "db"?'],
  [
    'depends_on: {db: {condition: service_healty}}',
    'services.web.depends_on.db.condition: has to be service_started or service_healthy or service_completed_successfully | did you mean "service_healthy"?',
  ],
  ['depends_on: [web]', 'services.web.depends_on: services wait for each other: web → web | remove one of these'],
  ['restart: false', 'services.web.restart: has to be text | write restart: "no"'],
  [
    'restart: alway',
    'services.web.restart: has to be no, always, unless-stopped, on-failure or on-failure:N | did you mean "always"?',
  ],
  ['healthcheck: {interval: 30}', 'services.web.healthcheck.interval: has to be a duration | write the unit: 30s'],
  ['healthcheck: {retries: -1}', 'services.web.healthcheck.retries: has to be a whole number from 0 to 1000000'],
  ['read_only: maybe', 'services.web.read_only: has to be true or false, not text'],
  ['cap_add: NET_ADMIN', 'services.web.cap_add: has to be a list, not text | write it as a list: ["NET_ADMIN"]'],
  ['mem_limit: lots', 'services.web.mem_limit: has to be a size | write it like 64m, 1.5g or a number of bytes'],
  ['cpus: two', 'services.web.cpus: has to be a number of CPUs | write it like 0.5 or 2'],
  [
    'stop_grace_period: 1 minute',
    'services.web.stop_grace_period: has to be a duration | write it like 30s, 1m30s or 500ms',
  ],
  ['init: 1', 'services.web.init: has to be true or false, not a number'],
  [
    'pull_policy: allways',
    'services.web.pull_policy: has to be always, missing, if_not_present, never | did you mean "always"?',
  ],
  [
    'configs: [nope]',
    'services.web.configs: the config "nope" is not declared | declare it under "configs" at the top level',
  ],
];

describe('what a service cannot say', () => {
  it.each(REFUSED)('%s', (lines, said) => {
    expect(saidOf(read(lines))).toEqual([said]);
  });

  it('does not write out more ports than it takes', () => {
    const ranges = Array.from({ length: 100 }, (_, index) => `"127.0.0.${index + 1}:1-1000:1-1000"`);
    expect(saidOf(read(`ports: [${ranges.join(', ')}]`))).toEqual([
      'services.web.ports: publishes more than 65536 ports',
    ]);
  });

  it('wants an image', () => {
    expect(saidOf(resolveCompose('services: {web: {init: true}}'))).toEqual([
      'services.web: image is missing | add image: NAME:TAG',
    ]);
  });

  it('reports everything at once', () => {
    const said = saidOf(read('prots: [1]\nrestart: x\nuser: [a]\nvolumes: ["nope:/x"]'));
    expect(said).toHaveLength(4);
  });
});

describe('what is only warned of', () => {
  it.each([
    ['read_only: yes', 'warning: services.web.read_only: "yes" is text, and read as true | write true'],
    ['tty: "1"', 'warning: services.web.tty: "1" is text, and read as true | write true'],
    [
      'environment: {V: 1.10}',
      'warning: services.web.environment.V: 1.10 is the number 1.1 | to keep it as written, write "1.10"',
    ],
    [
      'command: a && b',
      'warning: services.web.command: "&" has no meaning without a shell: the command ends before it, as in Compose | put it in quotes, or write [sh, -c, "…"] to run it in a shell',
    ],
    [
      'volumes: ["data:/d:rr"]',
      'warning: services.web.volumes[0]: "rr" is not a mount option and changes nothing | options are ro, rw, nocopy, z, Z and rshared, rslave, rprivate',
    ],
    [
      'labels: {io.holdfast.device: x}',
      'warning: services.web.labels.io.holdfast.device: is left out: labels that begin with "io.holdfast." are the agent\'s own | remove it',
    ],
    [
      'labels: [com.docker.compose.project=x]',
      'warning: services.web.labels.com.docker.compose.project: is left out: labels that begin with "com.docker.compose." are the agent\'s own | remove it',
    ],
    [
      'healthcheck: {test: [curl, x]}',
      'warning: services.web.healthcheck.test: begins with "curl", not with CMD, CMD-SHELL or NONE: the Engine never runs it | write ["CMD", …] to run a program, or ["CMD-SHELL", "…"] to run a line in a shell',
    ],
    [
      'pull_policy: build',
      'warning: services.web.pull_policy: "build" is read as missing: nothing is built on devices | write one of always, missing, if_not_present, never',
    ],
    [
      'container_name: ${NOPE:-}_x',
      'warning: services.web.container_name: "_x" is not a name that the Engine takes: the service\'s usual name is used | use letters, digits, "_", "." and "-", two to 128 characters, a letter or digit first',
    ],
    [
      'extra_hosts: ["a:${NOPE:-}"]',
      'warning: services.web.extra_hosts[0]: "a" has no address and is left out | write "name:10.0.0.1", "name=::1" or "name:host-gateway"',
    ],
    ...['app:', '/app', 'registry.example.com/:1', 'app@', 'app:-alpine'].map((image) => [
      `image: "${image}"`,
      `warning: services.web.image: "${image}" lacks a part, as if a variable were not set: it cannot be pulled | set the variable in .env or under env: in device.yaml`,
    ]),
    ['volumes: ["data:/d:cached"]', 'warning: services.web.volumes[0]: "cached" has no meaning on Linux | remove it'],
    [
      'ports: [{target: 80, mode: ingress}]',
      'warning: services.web.ports[0].mode: has no meaning on one Engine: the port is published on the host',
    ],
    [
      'hostname: a$NOPE',
      'warning: services.web.hostname: variable NOPE is not set: it is empty | set it in .env or under env: in device.yaml, or write ${NOPE:-default}',
    ],
  ])('%s', (lines, said) => {
    const resolution = read(lines);
    expect(resolution.kind).toBe('resolved');
    expect(saidOf(resolution)).toEqual([said]);
  });
});
