// What Compose's own `config` makes of small files, in the words of the model: one line each of what people write, and
// what it means. Where Compose and YAML leave room (numbers, quoting, ranges), this is where it is settled.
import { describe, expect, it } from 'vitest';
import { HOME } from '../../../fleet/compose/variables/variables.ts';
import { appOf, resolveCompose, saidOf, serviceOf, web } from '../repo/resolving.ts';
import type { Files } from '../repo/tree.ts';

interface Case {
  readonly yaml: string;
  readonly is: Readonly<Record<string, unknown>>;
  readonly files?: Files;
}

/** Lines of the service `web`, and what has to be in it. */
const SERVICE: Readonly<Record<string, Case>> = {
  'a command is split as a shell would': {
    yaml: `command: a "b c" d\\ e 'f g'`,
    is: { command: ['a', 'b c', 'd e', 'f g'] },
  },
  'a folded command is one line': { yaml: 'command: >\n  a\n  b', is: { command: ['a', 'b'] } },
  'a literal command is split at its line breaks': { yaml: 'command: |\n  a b\n  c', is: { command: ['a', 'b', 'c'] } },
  'a command in a list is left alone': { yaml: 'command: ["a b", "$$HOME"]', is: { command: ['a b', '$HOME'] } },
  'an empty entrypoint clears it': { yaml: 'entrypoint: ""\ncommand: a', is: { command: ['a'] } },
  'variables of a list': {
    yaml: 'environment: [A=1, B=, "C=a=b", D]',
    is: { environment: { A: '1', B: '', C: 'a=b' } },
  },
  'numbers as YAML reads them': {
    yaml: 'environment: {A: 1, B: 1.10, C: 0755, D: 0x1F, E: 1e3, F: "0755"}',
    is: { environment: { A: '1', B: '1.1', C: '493', D: '31', E: '1000', F: '0755' } },
  },
  'words that YAML 1.1 took for booleans': {
    yaml: 'environment: {A: true, B: yes, C: off, D: null, E: "null"}',
    is: { environment: { A: 'true', B: 'yes', C: 'off', E: 'null' } },
  },
  'times and dates are text': {
    yaml: 'environment: {A: 12:30, B: 2024-01-02}',
    is: { environment: { A: '12:30', B: '2024-01-02' } },
  },
  'env_file below environment': {
    yaml: 'env_file: [a.env, b.env]\nenvironment: {C: own}',
    files: { 'a.env': 'A=a\nB=a\nC=a\n', 'b.env': 'B="b\\n"\nD=\'$A\'\nE=$A # x\n' },
    is: { environment: { A: 'a', B: 'b\n', C: 'own', D: '$A', E: 'a' } },
  },
  'a port': { yaml: 'ports: ["8080:80"]', is: { ports: [{ target: 80, published: 8080, protocol: 'tcp' }] } },
  'a port that the Engine publishes where it likes': {
    yaml: 'ports: [80]',
    is: { ports: [{ target: 80, protocol: 'tcp' }] },
  },
  'a port of one address': {
    yaml: 'ports: ["127.0.0.1:53:53/udp"]',
    is: { ports: [{ target: 53, published: 53, protocol: 'udp', host_ip: '127.0.0.1' }] },
  },
  'a port of an IPv6 address': {
    yaml: 'ports: ["[::1]:80:80"]',
    is: { ports: [{ target: 80, published: 80, protocol: 'tcp', host_ip: '::1' }] },
  },
  'a range of ports': {
    yaml: 'ports: ["8000-8001:90-91"]',
    is: {
      ports: [
        { target: 90, published: 8000, protocol: 'tcp' },
        { target: 91, published: 8001, protocol: 'tcp' },
      ],
    },
  },
  'an empty address of a port': {
    yaml: 'ports: [":8080:80"]',
    is: { ports: [{ target: 80, published: 8080, protocol: 'tcp' }] },
  },
  'a port in full': {
    yaml: 'ports: [{target: 80, published: "8080", protocol: tcp, mode: host, name: web, app_protocol: http}]',
    is: { ports: [{ target: 80, published: 8080, protocol: 'tcp' }] },
  },
  'a volume and its options': {
    yaml: 'volumes: ["data:/d:ro"]',
    is: { mounts: [{ type: 'volume', source: 'data', target: '/d', read_only: true, nocopy: false }] },
  },
  'an anonymous volume': {
    yaml: 'volumes: [/d]',
    is: { mounts: [{ type: 'volume', source: null, target: '/d', read_only: false, nocopy: false }] },
  },
  'a path of the host is made when it is not there': {
    yaml: 'volumes: ["/srv:/srv:rw,cached"]',
    is: { mounts: [{ type: 'bind', source: '/srv', target: '/srv', read_only: false, create_host_path: true }] },
  },
  'a tmpfs of 1024-based size and octal mode': {
    yaml: 'volumes: [{type: tmpfs, target: /t, tmpfs: {size: 10mb, mode: 01777}}]',
    is: { mounts: [{ type: 'tmpfs', target: '/t', size: 10 * 1024 * 1024, mode: 0o1777 }] },
  },
  'a test in a shell': {
    yaml: 'healthcheck: {test: curl -f x || exit 1}',
    is: { healthcheck: { test: ['CMD-SHELL', 'curl -f x || exit 1'] } },
  },
  'durations of a test': {
    yaml: 'healthcheck: {test: [CMD, a], interval: 1m30s, timeout: 500ms, start_period: 1h, retries: 3}',
    is: { healthcheck: { test: ['CMD', 'a'], interval: 90e9, timeout: 0.5e9, start_period: 3600e9, retries: 3 } },
  },
  'no test': { yaml: 'healthcheck: {disable: true}', is: { healthcheck: { test: ['NONE'] } } },
  'labels of a list and of any scalar': { yaml: 'labels: [a=1, b]', is: { labels: { a: '1', b: '' } } },
  'a label with a dollar sign': { yaml: 'labels: ["r=^/(.*)$", "s=$$1"]', is: { labels: { r: '^/(.*)$', s: '$1' } } },
  'the restart policy of deploy': {
    yaml: 'deploy: {restart_policy: {condition: on-failure, max_attempts: 3}}',
    is: { restart: 'on-failure:3' },
  },
  'limits of deploy': {
    yaml: 'deploy: {resources: {limits: {cpus: "0.5", memory: 64M}}}',
    is: { cpus: 0.5, mem_limit: 64 * 1024 * 1024 },
  },
  'sizes without and with a unit': {
    yaml: 'mem_limit: 1073741824\nshm_size: 1gb',
    is: { mem_limit: 1024 ** 3, shm_size: 1024 ** 3 },
  },
  'one number for both limits': {
    yaml: 'ulimits: {nproc: 10, nofile: {soft: 1, hard: 2}}',
    is: { ulimits: { nofile: { soft: 1, hard: 2 }, nproc: { soft: 10, hard: 10 } } },
  },
  'sysctls of a list': {
    yaml: 'sysctls: [net.core.somaxconn=1024]',
    is: { sysctls: { 'net.core.somaxconn': '1024' } },
  },
  'a device under its own name': {
    yaml: 'devices: [/dev/a, "/dev/b:/dev/c:r"]',
    is: {
      devices: [
        { source: '/dev/a', target: '/dev/a', permissions: 'rwm' },
        { source: '/dev/b', target: '/dev/c', permissions: 'r' },
      ],
    },
  },
  'all GPUs': { yaml: 'gpus: all', is: { device_requests: [{ count: -1, capabilities: ['gpu'] }] } },
  'hosts in both spellings': {
    yaml: 'extra_hosts: ["a:1.2.3.4", "b=::1"]',
    is: { extra_hosts: ['a:1.2.3.4', 'b:::1'] },
  },
  'one name server': { yaml: 'dns: 1.1.1.1', is: { dns: ['1.1.1.1'] } },
  'the network that nobody names': { yaml: 'tty: true', is: { networks: { default: { aliases: [] } }, tty: true } },
  'who waits for whom': {
    yaml: 'depends_on: [db]',
    is: { depends_on: { db: { condition: 'service_started', restart: false, required: true } } },
  },
  'a link is a wait': {
    yaml: 'links: ["db:alias"]',
    is: { links: ['db:alias'], depends_on: { db: { condition: 'service_started', restart: true, required: true } } },
  },
  "another service's network is a wait": {
    yaml: 'network_mode: service:db',
    is: {
      network_mode: 'service:db',
      networks: {},
      depends_on: { db: { condition: 'service_started', restart: true, required: true } },
    },
  },
  'the folder and the home of a shell': {
    yaml: 'volumes: ["${PWD}/d:/d", "$HOME/e:/e", "~/f:/f"]',
    is: {
      mounts: [
        { type: 'data', source: 'd', target: '/d' },
        { type: 'bind', source: `${HOME}/e`, target: '/e' },
        { type: 'bind', source: `${HOME}/f`, target: '/f' },
      ],
    },
  },
  'an unset variable is empty': {
    yaml: 'environment: ["A=${NONE}b", "B=${NONE:-c}", "C=${NONE:+d}"]',
    is: { environment: { A: 'b', B: 'c', C: '' } },
  },
  'text where a boolean belongs': {
    yaml: 'privileged: "true"\nread_only: yes',
    is: { privileged: true, read_only: true },
  },
  'a user by number': { yaml: 'user: 1000', is: { user: '1000' } },
};

const REST = '  db:\n    image: postgres:17\nvolumes:\n  data:\n';

describe('one service', () => {
  it.each(Object.entries(SERVICE))('%s', (_, { yaml, is, files = {} }) => {
    expect(serviceOf(resolveCompose(web(yaml, REST), files))).toMatchObject(is);
  });
});

describe('a project', () => {
  it('takes an image of unset variables as it is, and warns of it', () => {
    const resolution = resolveCompose('services: {web: {image: "${NONE}/app:${NONE}"}}\n');
    expect(serviceOf(resolution)).toMatchObject({ image: '/app:' });
    expect(saidOf(resolution)).toEqual([
      'warning: services.web.image: variable NONE is not set: it is empty | set it in .env or under env: in device.yaml, or write ${NONE:-default}',
    ]);
  });

  it('names networks and volumes after itself', () => {
    const { networks, volumes } = appOf(
      resolveCompose(
        'services: {a: {image: a, networks: [n, m], volumes: ["v:/v"]}}\nnetworks: {n: , m: {external: true}}\nvolumes: {v: {name: mine}}\n',
      ),
    );
    expect(networks.map(({ key, name, external }) => ({ key, name, external }))).toEqual([
      { key: 'm', name: 'm', external: true },
      { key: 'n', name: 'edge-01_n', external: false },
    ]);
    expect(volumes).toMatchObject([{ key: 'v', name: 'mine', external: false }]);
  });

  it('merges its documents in their order', () => {
    const app = appOf(
      resolveCompose(
        '---\nservices: {a: {image: a, environment: {A: 1, B: 1}}}\n---\nservices: {a: {environment: [B=2]}, b: {image: b}}\n---\n',
      ),
    );
    expect(app.services).toMatchObject([{ name: 'a', environment: { A: '1', B: '2' } }, { name: 'b' }]);
  });

  it('leaves out what only a profile starts', () => {
    const app = appOf(resolveCompose('services: {a: {image: a}, b: {image: b, profiles: [debug]}}\n'));
    expect(app.services.map(({ name }) => name)).toEqual(['a']);
  });

  it('extends a service by the rules of merging, and not by what it waits for', () => {
    const { services } = appOf(
      resolveCompose(
        'services:\n  base: {image: base, command: [a], environment: {A: 1, B: 1}, ports: [80], labels: [x=1]}\n  web: {extends: base, command: [b], environment: [B=2], ports: ["81:81"], labels: {y: 2}}\n',
      ),
    );
    expect(services.find(({ name }) => name === 'web')).toMatchObject({
      image: 'base',
      command: ['b'],
      environment: { A: '1', B: '2' },
      labels: { x: '1', y: '2' },
      ports: [{ target: 80 }, { published: 81 }],
    });
  });

  it('takes what is merged in with << under what is written', () => {
    const app = appOf(
      resolveCompose(
        'x-a: &a {restart: always, environment: &e {A: 1, B: 1}}\nservices: {web: {<<: *a, image: a, environment: {<<: *e, B: 2}}}\n',
      ),
    );
    expect(app.services).toMatchObject([{ restart: 'always', environment: { A: '1', B: '2' } }]);
  });

  it('includes other files from their own folders', () => {
    const { services } = appOf(
      resolveCompose('include: [sub/compose.yaml]\nservices: {web: {image: a}}\n', {
        'devices/edge-01/sub/compose.yaml': 'services: {db: {image: "db:${TAG}", env_file: db.env}}\n',
        'devices/edge-01/sub/.env': 'TAG=17\n',
        'devices/edge-01/sub/db.env': 'A=1\n',
      }),
    );
    expect(services).toMatchObject([{ name: 'db', image: 'db:17', environment: { A: '1' } }, { name: 'web' }]);
  });
});
