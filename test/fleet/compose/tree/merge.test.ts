import { describe, expect, it } from 'vitest';
import { resolveFiles, saidOf, serviceOf, textOf } from '../../repo/resolving.ts';

function merge(base: string, over: string) {
  const service = (lines: string): string =>
    `services:\n  web:\n${lines
      .split('\n')
      .map((line) => `    ${line}`)
      .join('\n')}\n`;
  return resolveFiles({
    'device.yaml': 'apps: [{name: kiosk, compose: [base.yaml, over.yaml]}]',
    'base.yaml': `${service(`image: nginx:1.27\n${base}`)}volumes: {data: , other: }\nnetworks: {front: , back: }\n  `,
    'over.yaml': `${service(over)}  db: {image: postgres:17}\n`,
  });
}

describe('several files', () => {
  it.each([
    ['user: a', 'user: b', { user: 'b' }],
    ['user: a', 'init: true', { user: 'a', init: true }],
    ['user: a', 'user:', { user: 'a' }],
    ['command: [a, b]', 'command: c d', { command: ['c', 'd'] }],
    ['entrypoint: [a, b]', 'entrypoint: [c]', { entrypoint: ['c'] }],
    [
      'healthcheck: {test: [CMD, a], interval: 1s}',
      'healthcheck: {test: [CMD, b]}',
      { healthcheck: { test: ['CMD', 'b'], interval: 1e9 } },
    ],
    ['environment: {A: 1, B: 1}', 'environment: [B=2, C=2]', { environment: { A: '1', B: '2', C: '2' } }],
    ['labels: [a=1]', 'labels: {b: 2}', { labels: { a: '1', b: '2' } }],
    ['cap_add: [A]', 'cap_add: [B, A]', { cap_add: ['A', 'B'] }],
    [
      'ports: ["80:80", "81:81"]',
      'ports: ["0.0.0.0:80:80", {target: 82, published: 82}]',
      {
        ports: [
          { target: 80, protocol: 'tcp', published: 80, host_ip: '0.0.0.0' },
          { target: 81, protocol: 'tcp', published: 81 },
          { target: 82, protocol: 'tcp', published: 82 },
        ],
      },
    ],
    [
      'volumes: ["data:/a", "data:/b"]',
      'volumes: [{type: volume, source: other, target: /a}]',
      {
        mounts: [
          { type: 'volume', target: '/a', read_only: false, source: 'other', nocopy: false },
          { type: 'volume', target: '/b', read_only: false, source: 'data', nocopy: false },
        ],
      },
    ],
    [
      'networks: [front]',
      'networks: {back: {aliases: [x]}}',
      { networks: { back: { aliases: ['x'] }, front: { aliases: [] } } },
    ],
    [
      'depends_on: [db]',
      'depends_on: {db: {condition: service_healthy}}',
      { depends_on: { db: { condition: 'service_healthy', restart: false, required: true } } },
    ],
    [
      'tmpfs: /a',
      'tmpfs: [/b]',
      {
        mounts: [
          { type: 'tmpfs', target: '/a' },
          { type: 'tmpfs', target: '/b' },
        ],
      },
    ],
    ['ports: ["80:80"]', 'ports: !override ["81:81"]', { ports: [{ target: 81, protocol: 'tcp', published: 81 }] }],
    ['ports: ["80:80"]', 'ports: !reset null', { ports: [] }],
    ['environment: {A: 1, B: 1}', 'environment: {A: !reset null}', { environment: { B: '1' } }],
  ])('%s and then %s', (base, over, expected) => {
    const resolution = merge(base, over);
    expect(saidOf(resolution)).toEqual([]);
    expect(serviceOf(resolution)).toMatchObject(expected);
  });

  it('points into the file that is wrong', () => {
    expect(textOf(merge('prots: [1]', 'restart: x'))).toBe(
      [
        'devices/edge-01/base.yaml:4:5: services.web.prots: unknown key',
        '    prots: [1]',
        '    ^^^^^ did you mean "ports"?',
        'devices/edge-01/over.yaml:3:14: services.web.restart: has to be no, always, unless-stopped, on-failure or on-failure:N',
        '    restart: x',
        '             ^',
      ].join('\n'),
    );
  });

  it('refuses forms that do not merge', () => {
    expect(saidOf(merge('ports: ["80:80"]', 'ports: {a: b}'))).toEqual([
      'services.web.ports: a map cannot be merged over a list | use the same form as the file before, or the tag !override to replace it',
    ]);
  });
});
