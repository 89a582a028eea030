import { describe, expect, it } from 'vitest';
import { appOf, resolveCompose, saidOf, serviceOf, web } from '../../repo/resolving.ts';

const REST = 'networks: {front: , lan: {external: true, name: host}, bridge: {external: true}}\n';
const read = (lines: string) => resolveCompose(`${web(lines)}  db: {image: postgres:17}\n${REST}`);

describe('network_mode', () => {
  it.each([
    ['network_mode: host', 'host'],
    ['network_mode: none', 'none'],
    ['network_mode: bridge', 'bridge'],
    ['network_mode: default', 'bridge'],
    ['network_mode: service:db', 'service:db'],
    ['network_mode: container:other', 'container:other'],
    ['networks: [lan]', 'host'],
    ['networks: [bridge]', 'bridge'],
  ])('%s leaves the service without networks', (lines, mode) => {
    const resolution = read(lines);
    expect(saidOf(resolution)).toEqual([]);
    expect(serviceOf(resolution)).toMatchObject({ network_mode: mode, networks: {} });
  });

  it('makes no network for who has none', () => {
    expect(appOf(resolveCompose(web('network_mode: host'))).networks).toEqual([]);
  });

  it.each([
    ['network_mode: host\nnetworks: [front]', 'services.web.networks: contradicts network_mode | keep one of them'],
    [
      'networks: [front, lan]',
      'services.web.networks: the Engine\'s own network "host" cannot be combined with others | keep one of them',
    ],
    ['network_mode: service:dbb', 'services.web.network_mode: the service "dbb" is not declared | did you mean "db"?'],
    [
      'network_mode: service:web',
      'services.web.depends_on: services wait for each other: web → web | remove one of these',
    ],
  ])('%s is refused', (lines, said) => {
    expect(saidOf(read(lines))).toEqual([said]);
  });

  it.each([
    ['network_mode: host\nports: ["80:80"]', 'ports: has no effect with network_mode: host | remove it'],
    ['network_mode: host\nlinks: [db]', 'links: has no effect with network_mode: host | remove it'],
    ['network_mode: none\nports: ["80:80"]', 'ports: has no effect with network_mode: none | remove it'],
    ...[
      'ports: ["80:80"]',
      'expose: [80]',
      'hostname: x',
      'dns: 1.1.1.1',
      'extra_hosts: ["a:1.1.1.1"]',
      'mac_address: 02:42:ac:11:00:02',
    ].map((line) => [
      `network_mode: service:db\n${line}`,
      `${line.split(':')[0]}: has no effect with network_mode: service:db | set it on the service that has the network`,
    ]),
    [
      'network_mode: hosts',
      'network_mode: "hosts" is taken for the name of a network of this host | did you mean "host"?',
    ],
    [
      'network_mode: shared_net',
      'network_mode: "shared_net" is taken for the name of a network of this host | declare it under "networks" at the top level with external: true',
    ],
  ])('%s is only warned of', (lines, said) => {
    const resolution = read(lines);
    expect(saidOf(resolution)).toEqual([`warning: services.web.${said}`]);
    expect(serviceOf(resolution).ports).toEqual([]);
    expect(serviceOf(resolution)).not.toHaveProperty('hostname');
  });
});

describe('what is shared comes first', () => {
  const started = { condition: 'service_started', required: true };
  it.each([
    ['network_mode: service:db', true],
    ['ipc: service:db', true],
    ['pid: service:db', true],
    ['links: ["db:database"]', true],
    ['volumes_from: ["db:ro"]', false],
  ])('%s', (lines, restart) => {
    expect(serviceOf(read(lines)).depends_on).toEqual({ db: { ...started, restart } });
  });

  it('says less than depends_on itself', () => {
    const lines = 'links: [db]\ndepends_on: {db: {condition: service_healthy}}';
    expect(serviceOf(read(lines)).depends_on).toEqual({
      db: { condition: 'service_healthy', restart: false, required: true },
    });
  });

  it('keeps links and volumes as written', () => {
    expect(
      serviceOf(read('links: [db, "db:sql"]\nexternal_links: ["old:new"]\nvolumes_from: [db, "container:x:ro"]')),
    ).toMatchObject({
      links: ['db', 'db:sql'],
      external_links: ['old:new'],
      volumes_from: ['db', 'container:x:ro'],
    });
  });

  it.each(['links: [a]', 'volumes_from: [a]', 'ipc: service:a', 'network_mode: service:a'])(
    '%s closes a circle',
    (line) => {
      const file = `services:\n  a: {image: i, depends_on: [b]}\n  b:\n    image: i\n    ${line}\n`;
      expect(saidOf(resolveCompose(file))).toEqual([
        'services.a.depends_on: services wait for each other: a → b → a | remove one of these',
      ]);
    },
  );

  it.each([
    ['links: [dbb]', 'links'],
    ['volumes_from: [dbb]', 'volumes_from'],
    ['pid: service:dbb', 'pid'],
  ])('%s names a service that is not there', (lines, key) => {
    expect(saidOf(read(lines))).toEqual([
      `services.web.${key}: the service "dbb" is not declared | did you mean "db"?`,
    ]);
  });
});
