// What a container may do: privileges, capabilities, security options, groups, kernel settings. All of it recreates.
import { createHash } from 'node:crypto';
import type { Attribute, Live } from '../attribute.ts';
import { keyed, plain, sortedList } from './builders.ts';

/** Not an option to the Engine: no path of /proc and /sys is masked or read-only. */
const OPEN_PATHS = 'systempaths=unconfined';

export const SECURITY: readonly Attribute[] = [
  plain({
    name: 'privileged',
    of: (service) => service.privileged,
    live: ({ HostConfig }) => HostConfig.Privileged ?? false,
    unset: false,
    set: ({ HostConfig }, privileged) => {
      HostConfig.Privileged = privileged;
    },
  }),
  plain({
    name: 'read_only',
    of: (service) => service.read_only,
    live: ({ HostConfig }) => HostConfig.ReadonlyRootfs ?? false,
    unset: false,
    set: ({ HostConfig }, readOnly) => {
      HostConfig.ReadonlyRootfs = readOnly;
    },
  }),
  capabilities('cap_add', 'CapAdd'),
  capabilities('cap_drop', 'CapDrop'),
  plain({
    name: 'security_opt',
    of: (service) => service.security_opt,
    shown: (options) => sortedList(options.map(normalOption)),
    live: (_container, live) => liveOptions(live),
    unset: [],
    set: ({ HostConfig }, options) => {
      HostConfig.SecurityOpt = options.filter((option) => normalOption(option) !== OPEN_PATHS);
      if (HostConfig.SecurityOpt.length === options.length) return;
      HostConfig.MaskedPaths = [];
      HostConfig.ReadonlyPaths = [];
    },
  }),
  plain({
    name: 'group_add',
    of: (service) => service.group_add,
    shown: (list) => sortedList(list),
    live: ({ HostConfig }) => sortedList(HostConfig.GroupAdd),
    unset: [],
    set: ({ HostConfig }, groups) => {
      HostConfig.GroupAdd = groups;
    },
  }),
  keyed({
    name: 'sysctls',
    of: (service) => service.sysctls,
    entries: (settings) => settings,
    live: ({ Sysctls }) => Sysctls ?? {},
    set: (host, settings) => {
      host.Sysctls = settings;
    },
  }),
  keyed({
    name: 'storage_opt',
    of: (service) => service.storage_opt,
    entries: (options) => options,
    live: ({ StorageOpt }) => StorageOpt ?? {},
    set: (host, options) => {
      host.StorageOpt = options;
    },
  }),
  keyed({
    name: 'annotations',
    of: (service) => service.annotations,
    entries: (annotations) => annotations,
    live: ({ Annotations }) => Annotations ?? {},
    set: (host, annotations) => {
      host.Annotations = annotations;
    },
  }),
];

/** Capabilities come back as typed: compared without case and the `CAP_` prefix, as sets. */
function capabilities(name: 'cap_add' | 'cap_drop', key: 'CapAdd' | 'CapDrop'): Attribute {
  const normal = (list: readonly string[]) => sortedList(list.map((cap) => cap.toUpperCase().replace(/^CAP_/, '')));
  return plain({
    name,
    of: (service) => service[name],
    shown: normal,
    live: ({ HostConfig }) => normal(HostConfig[key] ?? []),
    unset: [],
    set: ({ HostConfig }, list) => {
      HostConfig[key] = list;
    },
  });
}

/**
 * The Engine takes `:` for `=` and shows what was typed. A seccomp profile is a whole JSON document: it is compared by its
 * hash.
 */
function normalOption(option: string): string {
  const [, key = option, value = 'true'] = /^([^=:]+)[=:]?(.*)$/s.exec(option) ?? [];
  if (key !== 'seccomp' || !value.trimStart().startsWith('{')) return `${key}=${value === '' ? 'true' : value}`;
  return `seccomp=profile ${createHash('sha256').update(value).digest('hex').slice(0, 12)}`;
}

/** The Engine turns labelling off by itself for who is privileged or shares the host's processes or memory. */
function liveOptions({ container: { HostConfig }, service }: Live): readonly string[] {
  const open = HostConfig.MaskedPaths?.length === 0 && HostConfig.ReadonlyPaths?.length === 0 ? [OPEN_PATHS] : [];
  const options = sortedList([...(HostConfig.SecurityOpt ?? []).map(normalOption), ...open]);
  const declared = service.security_opt?.some((option) => option.startsWith('label')) === true;
  const shared = [HostConfig.IpcMode, HostConfig.PidMode].some((mode) => /^(host|container:)/.test(mode ?? ''));
  if (declared || !(HostConfig.Privileged === true || shared)) return options;
  return options.filter((option) => !option.startsWith('label='));
}
