// Volumes, binds, tmpfs, configs, secrets.
import { type Row, recreates } from './row.ts';

const bind = (options: object, more: object = {}) => ({
  volumes: [{ type: 'bind', source: '/etc', target: '/a', ...more, bind: options }],
});

export const MOUNTS: readonly Row[] = [
  recreates(
    'volumes-named',
    { volumes: ['stuff:/data/'] },
    { volumes: ['stuff:/data:ro'] },
    'volumes./data: volume store_stuff → volume store_stuff (ro)',
  ),
  recreates(
    'volumes-long',
    { volumes: [{ type: 'volume', source: 'stuff', target: '/data' }] },
    { volumes: [{ type: 'volume', source: 'other', target: '/data' }] },
    'volumes./data: volume store_stuff → volume store_other',
  ),
  recreates(
    'volumes-nocopy',
    { volumes: ['stuff:/v:nocopy'] },
    { volumes: [{ type: 'volume', source: 'stuff', target: '/v' }] },
    'volumes./v: volume store_stuff (nocopy) → volume store_stuff',
  ),
  recreates('volumes-anonymous', { volumes: ['/cache'] }, { volumes: ['/cache'], user: '1000' }, 'user: "" → 1000'),
  recreates(
    'volumes-bind',
    { volumes: ['/tmp:/host:ro'] },
    { volumes: ['/tmp/:/host'] },
    'volumes./host: bind /tmp (ro) → bind /tmp',
  ),
  recreates(
    'volumes-bind-options',
    bind({ propagation: 'rprivate', selinux: 'z' }, { read_only: true }),
    bind({ propagation: 'private' }, { read_only: true }),
    'volumes./a: bind /etc (ro, rprivate, z) → bind /etc (ro, private)',
  ),
  recreates(
    'volumes-bind-recursive',
    bind({ create_host_path: false, recursive: 'disabled' }),
    bind({ create_host_path: false }),
    'volumes./a: bind /etc (recursive=disabled) → bind /etc',
  ),
  recreates(
    'volumes-tmpfs',
    { volumes: [{ type: 'tmpfs', target: '/scratch', tmpfs: { size: '1m' } }] },
    { volumes: [{ type: 'tmpfs', target: '/scratch', tmpfs: { size: '2m' } }] },
    'volumes./scratch: tmpfs size=1048576 → tmpfs size=2097152',
  ),
  recreates(
    'volumes-data',
    { volumes: ['./state:/state'] },
    { volumes: ['./state2:/state'] },
    'volumes./state: data store/state → data store/state2',
  ),
  recreates(
    'tmpfs',
    { tmpfs: '/t:size=1m,mode=700,uid=1000,noexec' },
    { tmpfs: ['/t:size=1m,mode=700'] },
    'volumes./t: tmpfs size=1048576 mode=700 uid=1000 noexec → tmpfs size=1048576 mode=700',
  ),
  recreates(
    'configs',
    { configs: ['site'] },
    { configs: [{ source: 'site', mode: '0440', uid: '1000' }] },
    /^volumes\.\/site: content \S+ \(ro\) → content \S+ \(ro\)$/,
  ),
  recreates(
    'secrets',
    { secrets: ['key'] },
    { secrets: [{ source: 'key', mode: '0440' }] },
    /^volumes\.\/run\/secrets\/key: secret \S+ \(ro\) → secret \S+ \(ro\)$/,
  ),
];
