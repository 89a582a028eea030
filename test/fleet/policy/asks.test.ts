import { describe, expect, it } from 'vitest';
import type { Ask } from '../../../fleet/model/ask.ts';
import { resolveCompose, textOf } from '../repo/resolving.ts';

function asksOf(compose: string): readonly Ask[] {
  const resolution = resolveCompose(compose);
  if (resolution.kind !== 'resolved') throw new Error(textOf(resolution));
  return resolution.asks;
}

describe('what a file asks of the host', () => {
  it('names every image, at its place', () => {
    expect(asksOf('services:\n  web: { image: nginx:1 }\n  db:\n    image: mariadb:11\n')).toEqual([
      expect.objectContaining({ kind: 'image', service: 'db', key: 'services.db.image', reference: 'mariadb:11' }),
      expect.objectContaining({
        kind: 'image',
        service: 'web',
        reference: 'nginx:1',
        place: expect.objectContaining({ line: 2, column: 17 }),
      }),
    ]);
  });

  it.each([
    ['/a:/a', false],
    ['/a:/a:ro', true],
  ])('tells whether a bind can be written: %s', (volume, read_only) => {
    const asks = asksOf(`services: { web: { image: nginx, volumes: ["${volume}"] } }\n`);
    expect(asks).toContainEqual(expect.objectContaining({ kind: 'bind', source: '/a', read_only }));
  });

  it('names data folders, which ask for nothing by themselves', () => {
    const asks = asksOf('services: { web: { image: nginx, volumes: ["./x/:/b:ro"] } }\n');
    expect(asks).toContainEqual(expect.objectContaining({ kind: 'data', source: 'x', read_only: true }));
  });

  it('takes a bind for one that can be written when what is mounted below it can be', () => {
    const bind = '{ type: bind, source: /a, target: /a, read_only: true, bind: { recursive: writable } }';
    const asks = asksOf(`services: { web: { image: nginx, volumes: [${bind}] } }\n`);
    expect(asks).toContainEqual(expect.objectContaining({ kind: 'bind', source: '/a', read_only: false }));
  });

  it.each([
    ['type: overlay, o: "lowerdir=/etc:/srv", device: /srv/allowed', '/'],
    ['type: none, o: "lowerdir=/", device: /srv/allowed', '/'],
    ['type: none, o: bind, device: /srv/allowed/link/../x', '/'],
    ['type: ext4, device: /dev/sdb1', '/dev/sdb1'],
    ['type: "", o: bind, device: /srv//allowed', '/srv/allowed'],
  ])('takes the device of a volume for what is mounted only where it is: %s', (options, source) => {
    const asks = asksOf(`services: { web: { image: nginx } }\nvolumes: { v: { driver_opts: { ${options} } } }\n`);
    expect(asks).toContainEqual(expect.objectContaining({ kind: 'bind', source, read_only: false }));
  });

  it.each([
    ['o: bind', false],
    ['o: "bind,ro"', true],
    ['o: "bind,ro,rw"', false],
    ['o: "bind,rw,ro"', true],
    ['o: "rbind,ro"', false],
  ])('sees a volume that binds, used or not: whoever names it as external mounts it: %s', (o, read_only) => {
    const volume = `{ driver_opts: { type: none, ${o}, device: /etc } }`;
    const asks = asksOf(`services: { web: { image: nginx } }\nvolumes: { v: ${volume} }\n`);
    expect(asks).toContainEqual(
      expect.objectContaining({
        kind: 'bind',
        service: null,
        key: 'volumes.v.driver_opts.device',
        source: '/etc',
        read_only,
      }),
    );
  });
});
