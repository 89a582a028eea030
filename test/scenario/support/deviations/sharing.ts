// Privileges, devices, and what is shared with the host and with other containers.
import { altered, type Deviation } from './deviation.ts';

const host = (HostConfig: object) => ({ HostConfig });

/** `outsider`: a container that Holdfast did not make. */
export function sharing(outsider: string): readonly Deviation[] {
  return [
    altered('read_only', host({ ReadonlyRootfs: false }), 'read_only', [true, false]),
    altered('cap_add', host({ CapAdd: ['SYS_TIME'] }), 'cap_add', [['NET_ADMIN', 'SYS_TIME'], ['SYS_TIME']]),
    altered('cap_drop', host({ CapDrop: [] }), 'cap_drop', [['ALL'], []]),
    altered('security_opt', host({ SecurityOpt: ['no-new-privileges'] }), 'security_opt', [
      ['no-new-privileges=true', 'seccomp=unconfined'],
      ['no-new-privileges=true'],
    ]),
    altered('devices', host({ Devices: [] }), 'devices', [['/dev/null:/dev/xnull:rwm'], []]),
    altered(
      'devices-rights',
      host({ Devices: [{ PathOnHost: '/dev/null', PathInContainer: '/dev/xnull', CgroupPermissions: 'r' }] }),
      'devices',
      [['/dev/null:/dev/xnull:rwm'], ['/dev/null:/dev/xnull:r']],
      { devices: ['/dev/null:/dev/xnull'] },
    ),
    altered('device_cgroup_rules', host({ DeviceCgroupRules: ['c 1:5 r'] }), 'device_cgroup_rules', [
      ['c 1:3 mr'],
      ['c 1:5 r'],
    ]),
    altered('sysctls', host({ Sysctls: { 'net.core.somaxconn': '256' } }), 'sysctls.net.core.somaxconn', [
      '1024',
      '256',
    ]),
    altered('ipc', host({ IpcMode: 'private' }), 'ipc', ['shareable', 'private']),
    altered('ipc-host', host({ IpcMode: 'private', SecurityOpt: null }), 'ipc', ['host', 'private']),
    altered('ipc-service', host({ IpcMode: 'private', SecurityOpt: null }), 'ipc', ['service:base', 'private']),
    altered('pid', host({ PidMode: '', SecurityOpt: null }), 'pid', ['host', '']),
    altered('pid-service', host({ PidMode: `container:${outsider}` }), 'pid', [
      'service:base',
      `container:${outsider}`,
    ]),
    altered('uts', host({ UTSMode: '' }), 'uts', ['host', '']),
    altered('userns_mode', host({ UsernsMode: '' }), 'userns_mode', ['host', '']),
    altered('cgroup', host({ CgroupnsMode: 'host' }), 'cgroup', ['private', 'host']),
    altered('cgroup_parent', host({ CgroupParent: '' }), 'cgroup_parent', ['/hf-keys', '']),
    altered('volumes_from', host({ VolumesFrom: ['shop-base-1:rw'] }), 'volumes_from', [['base:ro'], ['base:rw']]),
  ];
}
