// Privileges, devices, and what is shared with the host and with other containers.
import { type Row, recreates } from './row.ts';

/** `outsider`: a container that Holdfast did not make. */
export function sharing(outsider: string): readonly Row[] {
  return [
    recreates('read_only', { read_only: true }, { read_only: false }, 'read_only: true → false'),
    recreates(
      'cap_add',
      { cap_add: ['net_admin', 'CAP_SYS_TIME'] },
      { cap_add: ['SYS_TIME'] },
      'cap_add: [NET_ADMIN, SYS_TIME] → [SYS_TIME]',
    ),
    recreates('cap_drop', { cap_drop: ['ALL'] }, {}, 'cap_drop: [ALL] → []'),
    recreates(
      'security_opt',
      { security_opt: ['seccomp:unconfined', 'no-new-privileges'] },
      { security_opt: ['no-new-privileges:true'] },
      'security_opt: [no-new-privileges=true, seccomp=unconfined] → [no-new-privileges=true]',
    ),
    recreates(
      'devices',
      { devices: ['/dev/null:/dev/xnull'] },
      { devices: ['/dev/null:/dev/xnull:r'] },
      'devices: [/dev/null:/dev/xnull:rwm] → [/dev/null:/dev/xnull:r]',
    ),
    recreates(
      'device_cgroup_rules',
      { device_cgroup_rules: ['c 1:3 mr'] },
      { device_cgroup_rules: ['a 7:* rmw'] },
      'device_cgroup_rules: [c 1:3 mr] → [a 7:* rmw]',
    ),
    recreates(
      'sysctls',
      { sysctls: { 'net.core.somaxconn': 1024 } },
      { sysctls: ['net.core.somaxconn=512'] },
      'sysctls.net.core.somaxconn: 1024 → 512',
    ),
    recreates('ipc', { ipc: 'shareable' }, {}, 'ipc: shareable → private'),
    recreates('ipc-host', { ipc: 'host' }, {}, 'ipc: host → private'),
    recreates('ipc-service', { ipc: 'service:base' }, { ipc: 'private' }, 'ipc: service:base → private'),
    recreates('pid', { pid: 'host' }, {}, 'pid: host → ""'),
    recreates('pid-service', { pid: 'service:base' }, {}, 'pid: service:base → ""'),
    recreates('pid-container', { pid: `container:${outsider}` }, {}, `pid: container:${outsider} → ""`),
    recreates('uts', { uts: 'host' }, {}, 'uts: host → ""'),
    recreates('userns_mode', { userns_mode: 'host' }, {}, 'userns_mode: host → ""'),
    recreates('cgroup', { cgroup: 'private' }, { cgroup: 'host' }, 'cgroup: private → host'),
    recreates('cgroup_parent', { cgroup_parent: '/hf-keys' }, {}, 'cgroup_parent: /hf-keys → ""'),
    recreates(
      'volumes_from',
      { volumes_from: ['base:ro'] },
      { volumes_from: ['base'] },
      'volumes_from: [base:ro] → [base:rw]',
    ),
  ];
}
