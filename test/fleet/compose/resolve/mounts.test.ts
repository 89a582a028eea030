import { describe, expect, it } from 'vitest';
import { resolveCompose, resolveFiles, saidOf, serviceOf, textOf, web } from '../../repo/resolving.ts';
import { oidOf, treeOf } from '../../repo/tree.ts';

const bind = (source: string): string => web(`volumes: ["${source}:/t"]`);

describe('relative binds', () => {
  it('mount a file of Git as content, addressed by its blob', () => {
    expect(serviceOf(resolveCompose(bind('./a.conf'), { 'a.conf': 'x' })).mounts).toEqual([
      {
        type: 'content',
        target: '/t',
        read_only: false,
        content: { kind: 'file', id: oidOf('x'), path: 'devices/edge-01/a.conf', oid: oidOf('x'), mode: '100644' },
      },
    ]);
  });

  it('tell an executable file by its id', () => {
    const [mount] = serviceOf(resolveCompose(bind('./run.sh'), { 'run.sh': 'x' })).mounts;
    expect(mount).toMatchObject({ content: { id: `${oidOf('x')}-x`, mode: '100755' } });
  });

  it('mount a folder of Git as content, addressed by its tree', () => {
    const files = { 'devices/edge-01/html/b.html': 'b', 'devices/edge-01/html/a/a.sh': 'a' };
    const resolution = resolveCompose(bind('./html/'), files);
    const id = treeOf(files).trees.get('devices/edge-01/html');
    expect(serviceOf(resolution).mounts).toEqual([
      {
        type: 'content',
        target: '/t',
        read_only: false,
        content: {
          kind: 'folder',
          id,
          path: 'devices/edge-01/html',
          files: [
            { path: 'a/a.sh', oid: oidOf('a'), mode: '100755' },
            { path: 'b.html', oid: oidOf('b'), mode: '100644' },
          ],
        },
      },
    ]);
  });

  it.each([
    ['./data', 'data'],
    ['./data/../db/', 'db'],
    ['../shared/data', '_repo/devices/shared/data'],
    ['.hidden', '.hidden'],
    ['../../data', '_repo/data'],
  ])('%s is data of the app when Git has nothing there', (source, data) => {
    const resolution = resolveCompose(bind(source));
    expect(saidOf(resolution)).toEqual([]);
    expect(serviceOf(resolution).mounts).toEqual([{ type: 'data', target: '/t', read_only: false, source: data }]);
  });

  it.each([
    ['../..', '_repo'],
    ['../../..', '_repo/_up'],
    ['../../../data', '_repo/_up/data'],
  ])('%s is data of the app, with a warning', (source, data) => {
    const resolution = resolveCompose(bind(source));
    expect(saidOf(resolution)).toHaveLength(1);
    expect(serviceOf(resolution).mounts).toEqual([{ type: 'data', target: '/t', read_only: false, source: data }]);
  });

  it('warn when data looks like a file that was forgotten', () => {
    expect(saidOf(resolveCompose(bind('./nginx.conf')))).toEqual([
      'warning: services.web.volumes: devices/edge-01/nginx.conf is not in Git: an empty data folder is mounted | commit the file if it is meant',
    ]);
  });

  it('count from the folder of the first file', () => {
    const resolution = resolveFiles({
      'device.yaml': 'apps: [{name: k, compose: [../../apps/k/compose.yaml, over.yaml]}]',
      'apps/k/compose.yaml': bind('./a.txt'),
      'apps/k/a.txt': 'shared',
      'over.yaml': 'services: {web: {volumes: ["./b:/b"]}}',
      'a.txt': 'own',
    });
    expect(serviceOf(resolution).mounts).toMatchObject([
      { content: { path: 'apps/k/a.txt', oid: oidOf('shared') } },
      { type: 'data', source: 'b' },
    ]);
  });

  it('refuse what Git LFS keeps elsewhere', () => {
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n';
    const said =
      'services.web.volumes: devices/edge-01/html/big.bin is a Git LFS pointer, not the file | commit the file itself';
    expect(saidOf(resolveCompose(bind('./html'), { 'devices/edge-01/html/big.bin': pointer }))).toEqual([said]);
  });

  it('refuse two mounts at one place', () => {
    expect(saidOf(resolveCompose(web('volumes: ["/t"]\ntmpfs: /t/')))).toEqual([
      'services.web.tmpfs: something else is mounted at /t already',
    ]);
  });
});

describe('asks', () => {
  const bindsOf = (compose: string) => {
    const resolution = resolveCompose(compose);
    if (resolution.kind !== 'resolved') throw new Error(textOf(resolution));
    return resolution.asks.filter((ask) => ask.kind === 'bind');
  };

  it('name file and line of every absolute bind', () => {
    expect(bindsOf(web('volumes:\n  - ./data:/d\n  - /var/run/../run/docker.sock:/s'))).toEqual([
      {
        kind: 'bind',
        app: 'edge-01',
        service: 'web',
        key: 'services.web.volumes',
        source: '/var/run/docker.sock',
        read_only: false,
        place: {
          file: 'devices/edge-01/compose.yaml',
          line: 6,
          column: 9,
          source: { text: '      - /var/run/../run/docker.sock:/s', length: 30 },
        },
      },
    ]);
  });

  it.each([
    ['{type: none, o: bind, device: /etc}', ['/etc']],
    ['{type: nfs, o: "rw,bind", device: /etc/../root}', ['/']],
    ['{type: overlay, o: "lowerdir=/etc", device: overlay}', ['/']],
    ['{type: ext4, device: /dev/sda1}', ['/dev/sda1']],
    ['{type: nfs, o: "addr=10.0.0.1", device: ":/export"}', []],
    ['{type: tmpfs, device: tmpfs, o: size=1m}', []],
  ])('see through the options of a volume: %s', (options, sources) => {
    const asks = bindsOf(web('volumes: ["v:/v"]', `volumes: {v: {driver_opts: ${options}}}\n`));
    expect(asks.map(({ source }) => source)).toEqual(sources);
  });

  it('point at the device of a volume, once for each volume, mounted here or not: another app may name it', () => {
    const options = '{driver_opts: {type: none, o: bind, device: /etc}}';
    const asks = bindsOf(web('scale: 2\nvolumes: ["v:/v"]', `volumes:\n  v: ${options}\n  w: ${options}\n`));
    expect(asks).toMatchObject([
      { service: null, key: 'volumes.v.driver_opts.device', place: { line: 7, column: 42 } },
      { service: null, key: 'volumes.w.driver_opts.device', place: { line: 8, column: 42 } },
    ]);
  });
});
