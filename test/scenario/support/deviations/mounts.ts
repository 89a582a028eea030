// Volumes, binds, tmpfs, and content that Git declares.
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from '../by-hand.ts';
import { altered, type Deviation, deviation } from './deviation.ts';

const mounts = (...Mounts: object[]) => ({ HostConfig: { Mounts } });

export const MOUNTS: readonly Deviation[] = [
  altered('volumes-named', mounts({ Type: 'volume', Source: 'shop_other', Target: '/data' }), 'volumes./data', [
    'volume shop_stuff',
    'volume shop_other',
  ]),
  altered(
    'volumes-read-only',
    mounts({ Type: 'volume', Source: 'shop_stuff', Target: '/data', ReadOnly: true }),
    'volumes./data',
    ['volume shop_stuff', 'volume shop_stuff (ro)'],
    { volumes: ['stuff:/data'] },
  ),
  altered('volumes-nocopy', mounts({ Type: 'volume', Source: 'shop_stuff', Target: '/v' }), 'volumes./v', [
    'volume shop_stuff (nocopy)',
    'volume shop_stuff',
  ]),
  altered('volumes-gone', mounts(), 'volumes./data', ['volume shop_stuff', null], { volumes: ['stuff:/data'] }),
  altered(
    'volumes-more',
    mounts({ Type: 'volume', Source: 'shop_other', Target: '/mine' }),
    'volumes./mine',
    [null, 'volume shop_other'],
    {},
  ),
  altered('volumes-anonymous', mounts({ Type: 'volume', Source: 'shop_other', Target: '/cache' }), 'volumes./cache', [
    'volume anonymous',
    'volume shop_other',
  ]),
  altered('volumes-bind', { HostConfig: { Binds: ['/tmp:/host'] } }, 'volumes./host', ['bind /tmp (ro)', 'bind /tmp']),
  altered(
    'volumes-propagation',
    mounts({ Type: 'bind', Source: '/etc', Target: '/a', BindOptions: { Propagation: 'private' } }),
    'volumes./a',
    ['bind /etc (rprivate)', 'bind /etc (private)'],
    {
      volumes: [
        { type: 'bind', source: '/etc', target: '/a', bind: { propagation: 'rprivate', create_host_path: false } },
      ],
    },
  ),
  altered(
    'volumes-tmpfs',
    mounts({ Type: 'tmpfs', Target: '/scratch', TmpfsOptions: { SizeBytes: 2 << 20 } }),
    'volumes./scratch',
    ['tmpfs size=1048576', 'tmpfs size=2097152'],
  ),
  altered('tmpfs', { HostConfig: { Tmpfs: { '/t': 'size=2m' } } }, 'volumes./t', [
    'tmpfs size=1048576 mode=700 uid=1000 noexec',
    'tmpfs size=2m',
  ]),
  altered('volumes-data', mounts({ Type: 'bind', Source: '/tmp', Target: '/state' }), 'volumes./state', [
    'data shop/state',
    'bind /tmp',
  ]),
  edited('content', '/page.html', (source) => writeFile(source, 'mine\n'), 'edited', {
    volumes: ['./page.html:/page.html:ro'],
  }),
  edited('content-replaced', '/page.html', replaced, 'edited', { volumes: ['./page-2.html:/page.html:ro'] }),
  edited('content-folder', '/pages', (source) => writeFile(join(source, 'a.html'), 'mine'), 'edited (a.html)', {
    volumes: ['./pages:/pages:ro'],
  }),
  edited('content-folder-more', '/pages', (source) => writeFile(join(source, 'c.html'), 'mine'), 'edited (c.html)', {
    volumes: ['./more-pages:/pages:ro'],
  }),
  edited('content-removed', '/page.html', (source) => rm(source), 'missing', {
    volumes: ['./page-3.html:/page.html:ro'],
  }),
  edited('configs', '/site', (source) => writeFile(source, 'mine'), 'edited'),
  edited('secrets', '/run/secrets/key', (source) => writeFile(source, 'mine'), 'edited'),
];

async function replaced(source: string): Promise<void> {
  await rm(source);
  await writeFile(source, 'mine\n');
}

/** Content is changed on the host, where the container has it from. */
function edited(
  name: string,
  place: string,
  edit: (source: string) => Promise<unknown>,
  observed: string,
  declared?: object,
): Deviation {
  const act = async (container: string) => {
    const mount = (await inspect(container)).Mounts?.find(({ Destination }) => Destination === place);
    await edit(mount?.Source ?? '');
  };
  const words = observed.replace(/[().]/g, '\\$&');
  const values = [/^(content|secret) [0-9a-f]+$/, new RegExp(`^(content|secret) [0-9a-f]+ ${words}$`)] as const;
  const how = `the file on the host ${observed === 'missing' ? 'removed' : observed}`;
  return deviation(name, { how, act, field: `volumes.${place}`, values, declared }, [
    'write-content',
    'restart-container',
  ]);
}
