import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { load } from '../trees.ts';

/** `web` of two files, one over the other. */
function merged(base: string, over: string, section = 'services'): unknown {
  const { data, said } = load(
    { 'a.yaml': `${section}: {web: {${base}}}`, 'b.yaml': `${section}: {web: {${over}}}` },
    { main: ['a.yaml', 'b.yaml'] },
  );
  expect(said).toEqual([]);
  return (data as Record<string, Record<string, unknown>>)[section]?.web;
}

const dependency = (condition: string) => ({ condition, required: true });

describe('one file over another', () => {
  it.each([
    ['user: a', 'user: b', { user: 'b' }],
    ['user: a', 'user: ', { user: 'a' }],
    ['command: [a]', 'command: b', { command: 'b' }],
    ['command: [a]', 'command: ', { command: null }],
    [
      'healthcheck: {test: [a], interval: 1s}',
      'healthcheck: {test: b}',
      { healthcheck: { test: 'b', interval: '1s' } },
    ],
    ['environment: {A: 1, B: 1}', 'environment: [B=2, C]', { environment: { A: 1, B: '2', C: null } }],
    ['labels: [a=1]', 'labels: {a: 2}', { labels: { a: 2 } }],
    ['annotations: [a=1]', 'annotations: {b: 2}', { annotations: { a: '1', b: 2 } }],
    ['sysctls: [a=1]', 'sysctls: {a: 2}', { sysctls: { a: 2 } }],
    ['deploy: {labels: [a=1]}', 'deploy: {labels: {b: 2}}', { deploy: { labels: { a: '1', b: 2 } } }],
    ['build: .', 'build: {args: [A=1]}', { build: { context: '.', args: ['A=1'] } }],
    ['build: {args: {A: 1}}', 'build: {args: [B=2]}', { build: { args: { A: 1, B: '2' } } }],
    [
      'extra_hosts: {a: 1.1.1.1}',
      'extra_hosts: ["a=1.1.1.1", "b:2.2.2.2"]',
      { extra_hosts: ['a=1.1.1.1', 'b:2.2.2.2'] },
    ],
    ['extra_hosts: {a: [::1, ::2]}', 'extra_hosts: {a: ::3}', { extra_hosts: ['a=::1', 'a=::2', 'a=::3'] }],
    ['env_file: a.env', 'env_file: [{path: b.env}, a.env]', { env_file: ['a.env', { path: 'b.env' }] }],
    ['label_file: a', 'label_file: [b]', { label_file: ['a', 'b'] }],
    ['tmpfs: /a', 'tmpfs: ["/b", "/a"]', { tmpfs: ['/a', '/b'] }],
    ['dns: 1.1.1.1', 'dns: [8.8.8.8, 1.1.1.1]', { dns: ['1.1.1.1', '8.8.8.8'] }],
    ['dns_search: a', 'dns_search: b', { dns_search: ['a', 'b'] }],
    ['cap_add: [A, B]', 'cap_add: [B, C]', { cap_add: ['A', 'B', 'C'] }],
    ['security_opt: [a]', 'security_opt: [b]', { security_opt: ['a', 'b'] }],
    ['expose: [80, 81]', 'expose: ["81"]', { expose: [80, '81'] }],
    ['ports: ["80:80"]', 'ports: ["80:80", "81:81"]', { ports: ['80:80', '81:81'] }],
    [
      'volumes: ["a:/x/", "b:/y"]',
      'volumes: [{type: bind, source: /c, target: /x}]',
      {
        volumes: [{ type: 'bind', source: '/c', target: '/x' }, 'b:/y'],
      },
    ],
    ['configs: [a, b]', 'configs: [{source: c, target: /a}]', { configs: [{ source: 'c', target: '/a' }, 'b'] }],
    ['secrets: [a]', 'secrets: [{source: b, target: a}, c]', { secrets: [{ source: 'b', target: 'a' }, 'c'] }],
    [
      'devices: ["/dev/a:/dev/x"]',
      'devices: [{source: /dev/b, target: /dev/x}]',
      {
        devices: [{ source: '/dev/b', target: '/dev/x' }],
      },
    ],
    ['networks: [front]', 'networks: {back: {aliases: [x]}}', { networks: { front: null, back: { aliases: ['x'] } } }],
    ['networks: {a: {aliases: [x]}}', 'networks: {a: {aliases: [y, x]}}', { networks: { a: { aliases: ['x', 'y'] } } }],
    [
      'depends_on: [db]',
      'depends_on: {db: {condition: service_healthy}}',
      {
        depends_on: { db: dependency('service_healthy') },
      },
    ],
    [
      'depends_on: {db: {condition: service_healthy}}',
      'depends_on: [db]',
      {
        depends_on: { db: dependency('service_started') },
      },
    ],
    [
      'logging: {driver: local, options: {a: 1}}',
      'logging: {driver: local, options: {b: 2}}',
      {
        logging: { driver: 'local', options: { a: 1, b: 2 } },
      },
    ],
    [
      'logging: {driver: local, options: {a: 1}}',
      'logging: {options: {b: 2}}',
      {
        logging: { driver: 'local', options: { a: 1, b: 2 } },
      },
    ],
    ['logging: {driver: local, options: {a: 1}}', 'logging: {driver: syslog}', { logging: { driver: 'syslog' } }],
    ['ulimits: {nofile: {soft: 1, hard: 2}}', 'ulimits: {nofile: 3, nproc: 4}', { ulimits: { nofile: 3, nproc: 4 } }],
    ['cpus: 1', 'cpus: [2]', { cpus: [2] }],
    ['x-a: {b: [1]}', 'x-a: {c: 1}', { 'x-a': { c: 1 } }],
  ])('%s and then %s', (base, over, expected) => {
    expect(merged(base, over)).toEqual(expected);
  });

  it('leaves out DNS servers that are empty', () => {
    const text = 'services: {a: {dns: "${X-}"}, b: {dns: ["${X-}", 1.1.1.1]}}';
    expect(load({ 'a.yaml': text }).data).toEqual({ services: { a: {}, b: { dns: ['1.1.1.1'] } } });
  });

  it('merges subnets by what they are', () => {
    const base = 'ipam: {config: [{subnet: 10.0.0.0/24, gateway: 10.0.0.1}, {subnet: 10.1.0.0/24}]}';
    const over = 'ipam: {config: [{subnet: 10.0.0.0/24, ip_range: 10.0.0.0/28}]}';
    expect(merged(base, over, 'networks')).toEqual({
      ipam: { config: [{ subnet: '10.0.0.0/24', gateway: '10.0.0.1', ip_range: '10.0.0.0/28' }] },
    });
  });

  it.each([
    ['ports: ["80:80"]', 'ports: !reset []', {}],
    ['ports: ["80:80"]', 'ports: !override ["81:81"]', { ports: ['81:81'] }],
    ['environment: {A: 1, B: 2}', 'environment: {A: !reset null}', { environment: { B: 2 } }],
    ['environment: {A: 1, B: 2}', 'environment: !override [C=3]', { environment: ['C=3'] }],
    ['deploy: {a: {b: {c: 1, d: 2}}}', 'deploy: {a: {b: {c: !reset 0}}}', { deploy: { a: { b: { d: 2 } } } }],
    ['deploy: {a: {b: {c: 1}}}', 'deploy: {a: {b: !override {d: 2}}}', { deploy: { a: { b: { d: 2 } } } }],
    ['security_opt: [a]', 'security_opt: [!reset b, c]', { security_opt: ['a', 'c'] }],
    ['user: a', 'user: !override b', { user: 'b' }],
    ['user: !override b', 'init: true', { user: 'b', init: true }],
  ])('%s and then the tags of %s', (base, over, expected) => {
    expect(merged(base, over)).toEqual(expected);
  });

  it('takes whole services away, or replaces them', () => {
    const files = {
      'a.yaml': 'services: {a: {image: a}, b: {image: b, init: true}, c: {image: c}}',
      'b.yaml': 'services: {a: !reset null, b: !override {image: x}}',
    };
    expect(load(files, { main: ['a.yaml', 'b.yaml'] }).data).toEqual({
      services: { b: { image: 'x' }, c: { image: 'c' } },
    });
  });

  it('follows tags through anchors and merge keys', () => {
    const files = {
      'a.yaml': 'services: {web: {ports: [a], dns: [b]}}',
      'b.yaml': 'x-a: &a {ports: !reset []}\nx-b: &b !override [c]\nservices: {web: {<<: *a, dns: *b}}',
    };
    expect(load(files, { main: ['a.yaml', 'b.yaml'] }).data).toMatchObject({ services: { web: { dns: ['c'] } } });
    expect(load(files, { main: ['a.yaml', 'b.yaml'] }).data).not.toHaveProperty('services.web.ports');
  });

  it('merges the documents of one file in order', () => {
    const text = 'services: {web: {user: a, dns: [x]}}\n---\n# nothing\n---\nservices: {web: {user: b, dns: [y]}}\n';
    expect(load({ 'a.yaml': text }).data).toEqual({ services: { web: { user: 'b', dns: ['x', 'y'] } } });
  });

  it('says where forms do not fit together', () => {
    const files = { 'a.yaml': 'services:\n  web:\n    ports: [a]\n', 'b.yaml': 'services:\n  web:\n    ports: b\n' };
    expect(load(files, { main: ['a.yaml', 'b.yaml'] }).text).toBe(
      [
        'b.yaml:3:12: services.web.ports: text cannot be merged over a list',
        '    ports: b',
        '           ^ use the same form as the file before, or the tag !override to replace it',
      ].join('\n'),
    );
  });
});

const KEYS = ['image', 'ports', 'environment', 'depends_on', 'networks', 'labels', 'logging', 'command', 'x-a', 'user'];
const VALUE: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('a', 'b=c', '80:80', null, true, 7),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'driver', 'test'), tie('value'), { maxKeys: 3 }),
  ),
})).value;
const SERVICES = fc.dictionary(
  fc.constantFrom('web', 'db'),
  fc.dictionary(fc.constantFrom(...KEYS), VALUE, { maxKeys: 4 }),
  { maxKeys: 2 },
);

describe('merging', () => {
  it('with an empty file changes nothing, before or after', () => {
    fc.assert(
      fc.property(SERVICES, (services) => {
        const files = { 'a.yaml': JSON.stringify({ services }), 'empty.yaml': 'services: {}' };
        const alone = load(files, { main: ['a.yaml'] }).data;
        expect(load(files, { main: ['a.yaml', 'empty.yaml'] }).data).toEqual(alone);
        expect(load(files, { main: ['empty.yaml', 'a.yaml'] }).data).toEqual(alone);
      }),
      { numRuns: 100 },
    );
  });

  it('never throws, and ends in the same tree when it is done again', () => {
    fc.assert(
      fc.property(SERVICES, SERVICES, (one, other) => {
        const files = { 'a.yaml': JSON.stringify({ services: one }), 'b.yaml': JSON.stringify({ services: other }) };
        const first = load(files, { main: ['a.yaml', 'b.yaml'] });
        expect(load(files, { main: ['a.yaml', 'b.yaml'] })).toEqual(first);
      }),
      { numRuns: 100 },
    );
  });

  it('lets the later file have the last word on text', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{1,8}$/), fc.stringMatching(/^[a-z]{1,8}$/), (one, other) => {
        expect(merged(`user: "${one}"`, `user: "${other}"`)).toEqual({ user: other });
      }),
    );
  });
});
