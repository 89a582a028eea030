// Memory, processors, processes.
import { lookAlike } from '../by-hand.ts';
import { altered, type Deviation, deviation, updated } from './deviation.ts';

const MIB = 1 << 20;

export const LIMITS: readonly Deviation[] = [
  updated('mem_limit', { Memory: 32 * MIB, MemorySwap: 64 * MIB }, 'mem_limit', [64 * MIB, 32 * MIB]),
  deviation(
    'mem_limit-lifted',
    {
      how: 'look-alike with Memory 0',
      act: (container) => lookAlike(container, { HostConfig: { Memory: 0, MemorySwap: 0 } }),
      field: 'mem_limit',
      values: [64 * MIB, 0],
    },
    ['update-container'],
  ),
  updated('mem_reservation', { MemoryReservation: 16 * MIB }, 'mem_reservation', [32 * MIB, 16 * MIB]),
  updated('memswap_limit', { Memory: 64 * MIB, MemorySwap: 128 * MIB }, 'memswap_limit', [-1, 128 * MIB]),
  altered('mem_swappiness', { HostConfig: { MemorySwappiness: 20 } }, 'mem_swappiness', [10, 20]),
  altered('shm_size', { HostConfig: { ShmSize: 16 * MIB } }, 'shm_size', [32 * MIB, 16 * MIB]),
  altered('oom_kill_disable', { HostConfig: { OomKillDisable: false } }, 'oom_kill_disable', [true, false]),
  altered('oom_score_adj', { HostConfig: { OomScoreAdj: 50 } }, 'oom_score_adj', [100, 50]),
  updated('pids_limit', { PidsLimit: 40 }, 'pids_limit', [50, 40]),
  updated('pids_limit-lifted', { PidsLimit: -1 }, 'pids_limit', [50, -1], { pids_limit: 50 }),
  updated('pids_limit-none', { PidsLimit: 40 }, 'pids_limit', [-1, 40]),
  altered(
    'ulimits',
    {
      HostConfig: {
        Ulimits: [
          { Name: 'nproc', Soft: 100, Hard: 100 },
          { Name: 'nofile', Soft: 100, Hard: 400 },
        ],
      },
    },
    'ulimits.nofile',
    ['200:400', '100:400'],
  ),
  altered('ulimits-gone', { HostConfig: { Ulimits: [] } }, 'ulimits.nofile', ['200:200', null], {
    ulimits: { nofile: 200 },
  }),
  updated('cpus', { NanoCpus: 250_000_000 }, 'cpus', [0.5, 0.25]),
  updated('cpu_shares', { CpuShares: 128 }, 'cpu_shares', [512, 128]),
  updated('cpu_quota', { CpuQuota: 10_000 }, 'cpu_quota', [20_000, 10_000]),
  updated('cpu_period', { CpuPeriod: 40_000 }, 'cpu_period', [50_000, 40_000]),
  updated('cpuset', { CpusetCpus: '1' }, 'cpuset', ['0', '1']),
  updated('restart', { RestartPolicy: { Name: 'always' } }, 'restart', ['unless-stopped', 'always']),
  updated('restart-no', { RestartPolicy: { Name: 'always' } }, 'restart', ['no', 'always']),
  updated(
    'restart-retries',
    { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 5 } },
    'restart',
    ['on-failure:3', 'on-failure:5'],
    { restart: 'on-failure:3' },
  ),
];
