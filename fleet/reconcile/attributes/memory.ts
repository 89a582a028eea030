// Memory, processes and their limits. Most change in place.
import type { Attribute } from '../attribute.ts';
import { keyed, plain } from './builders.ts';

const MIB = 1024 * 1024;

export const MEMORY: readonly Attribute[] = [
  plain({
    name: 'mem_limit',
    of: (service) => service.mem_limit,
    live: ({ HostConfig }) => HostConfig.Memory ?? 0,
    unset: 0,
    set: ({ HostConfig }, bytes) => {
      HostConfig.Memory = bytes;
    },
    // Without a limit of its own the swap is the Engine's default, said explicitly: a memory limit above the old swap
    // limit would be refused.
    update: (bytes, service) => ({ Memory: Number(bytes), MemorySwap: service.memswap_limit || Number(bytes) * 2 }),
  }),
  plain({
    name: 'mem_reservation',
    of: (service) => service.mem_reservation,
    live: ({ HostConfig }) => HostConfig.MemoryReservation ?? 0,
    unset: 0,
    set: ({ HostConfig }, bytes) => {
      HostConfig.MemoryReservation = bytes;
    },
    update: (bytes) => ({ MemoryReservation: Number(bytes) }),
  }),
  plain({
    name: 'memswap_limit',
    // 0 leaves it to the Engine, as if it were not there.
    of: (service) => service.memswap_limit || undefined,
    live: ({ HostConfig }) => HostConfig.MemorySwap ?? 0,
    unset: ({ container: { HostConfig } }) => (HostConfig.Memory ?? 0) * 2,
    set: ({ HostConfig }, bytes) => {
      HostConfig.MemorySwap = bytes;
    },
    update: (bytes) => ({ MemorySwap: Number(bytes) }),
  }),
  plain({
    name: 'mem_swappiness',
    of: (service) => (service.mem_swappiness === -1 ? undefined : service.mem_swappiness),
    live: ({ HostConfig: { MemorySwappiness = null } }) => (MemorySwappiness === -1 ? null : MemorySwappiness),
    unset: null,
    set: ({ HostConfig }, percent) => {
      HostConfig.MemorySwappiness = percent;
    },
  }),
  plain({
    name: 'shm_size',
    of: (service) => service.shm_size || undefined,
    live: ({ HostConfig }) => HostConfig.ShmSize || 64 * MIB,
    unset: 64 * MIB,
    set: ({ HostConfig }, bytes) => {
      HostConfig.ShmSize = bytes;
    },
  }),
  plain({
    name: 'oom_kill_disable',
    of: (service) => service.oom_kill_disable,
    live: ({ HostConfig }) => HostConfig.OomKillDisable ?? false,
    unset: false,
    set: ({ HostConfig }, disabled) => {
      HostConfig.OomKillDisable = disabled;
    },
  }),
  plain({
    name: 'oom_score_adj',
    of: (service) => service.oom_score_adj,
    live: ({ HostConfig }) => HostConfig.OomScoreAdj ?? 0,
    unset: 0,
    set: ({ HostConfig }, score) => {
      HostConfig.OomScoreAdj = score;
    },
  }),
  plain({
    name: 'pids_limit',
    of: (service) => service.pids_limit,
    shown: limitOrNone,
    live: ({ HostConfig }) => limitOrNone(HostConfig.PidsLimit ?? 0),
    unset: -1,
    set: ({ HostConfig }, limit) => {
      HostConfig.PidsLimit = limitOrNone(limit);
    },
    update: (limit) => ({ PidsLimit: Number(limit) }),
  }),
  keyed({
    name: 'ulimits',
    of: (service) => service.ulimits,
    entries: (limits) =>
      Object.fromEntries(Object.entries(limits).map(([name, { soft, hard }]) => [name, `${soft}:${hard}`])),
    live: ({ Ulimits }) => Object.fromEntries((Ulimits ?? []).map(({ Name, Soft, Hard }) => [Name, `${Soft}:${Hard}`])),
    set: (host, limits) => {
      host.Ulimits = Object.entries(limits).map(([Name, { soft, hard }]) => ({ Name, Soft: soft, Hard: hard }));
    },
  }),
];

/** 0 and -1 are both "no limit". */
function limitOrNone(limit: number): number {
  return limit > 0 ? limit : -1;
}
