// Memory, processors, processes.
import { inPlace, type Row, recreates } from './row.ts';

export const LIMITS: readonly Row[] = [
  inPlace('mem_limit', { mem_limit: '64m' }, { mem_limit: '96m' }, 'mem_limit: 67108864 → 100663296'),
  recreates('mem_reservation-lifted', { mem_reservation: '32m' }, {}, 'mem_reservation: 33554432 → 0'),
  inPlace(
    'mem_limit-below-reservation',
    { mem_limit: '64m', mem_reservation: '32m' },
    { mem_limit: '24m', mem_reservation: '16m' },
    'mem_limit: 67108864 → 25165824; mem_reservation: 33554432 → 16777216',
  ),
  inPlace(
    'mem_limit-above-swap',
    { mem_limit: '64m', memswap_limit: '96m' },
    { mem_limit: '128m', memswap_limit: '160m' },
    'mem_limit: 67108864 → 134217728; memswap_limit: 100663296 → 167772160',
  ),
  inPlace(
    'memswap_limit-lifted',
    { mem_limit: '64m', memswap_limit: -1 },
    { mem_limit: '64m' },
    'memswap_limit: -1 → 134217728',
  ),
  recreates('mem_limit-lifted', { mem_limit: '64m' }, {}, 'mem_limit: 67108864 → 0'),
  inPlace(
    'mem_reservation',
    { mem_reservation: '32m' },
    { mem_reservation: '16m' },
    'mem_reservation: 33554432 → 16777216',
  ),
  inPlace(
    'memswap_limit',
    { mem_limit: '64m', memswap_limit: -1 },
    { mem_limit: '64m', memswap_limit: '96m' },
    'memswap_limit: -1 → 100663296',
  ),
  inPlace(
    'memswap_limit-with-mem',
    { mem_limit: '64m', memswap_limit: '96m' },
    { mem_limit: '80m', memswap_limit: '96m' },
    'mem_limit: 67108864 → 83886080',
  ),
  recreates('mem_swappiness', { mem_swappiness: 10 }, {}, 'mem_swappiness: 10 → none'),
  recreates('shm_size', { shm_size: '32m' }, {}, 'shm_size: 33554432 → 67108864'),
  recreates(
    'oom_kill_disable',
    { oom_kill_disable: true, mem_limit: '64m' },
    { mem_limit: '64m' },
    'oom_kill_disable: true → false',
  ),
  recreates('oom_score_adj', { oom_score_adj: 100 }, {}, 'oom_score_adj: 100 → 0'),
  inPlace('pids_limit', { pids_limit: 50 }, {}, 'pids_limit: 50 → -1'),
  inPlace('pids_limit-none', { pids_limit: -1 }, { pids_limit: 60 }, 'pids_limit: -1 → 60'),
  recreates(
    'ulimits',
    { ulimits: { nproc: 100, nofile: { soft: 200, hard: 400 } } },
    { ulimits: { nproc: 100, nofile: { soft: 200, hard: 300 } } },
    'ulimits.nofile: 200:400 → 200:300',
  ),
  inPlace('cpus', { cpus: 0.5 }, { cpus: '0.75' }, 'cpus: 0.5 → 0.75'),
  recreates('cpus-lifted', { cpus: 0.5 }, {}, 'cpus: 0.5 → 0'),
  inPlace('cpu_shares', { cpu_shares: 512 }, { cpu_shares: 256 }, 'cpu_shares: 512 → 256'),
  recreates('cpu_shares-gone', { cpu_shares: 512 }, {}, 'cpu_shares: 512 → 0'),
  inPlace(
    'cpu_quota',
    { cpu_quota: 20_000, cpu_period: 50_000 },
    { cpu_quota: 30_000, cpu_period: 50_000 },
    'cpu_quota: 20000 → 30000',
  ),
  recreates('cpu_quota-to-cpus', { cpu_quota: 20_000 }, { cpus: 0.5 }, 'cpu_quota: 20000 → 0; cpus: 0 → 0.5'),
  inPlace(
    'cpu_period',
    { cpu_quota: 20_000, cpu_period: 50_000 },
    { cpu_quota: 20_000, cpu_period: 60_000 },
    'cpu_period: 50000 → 60000',
  ),
  inPlace('cpuset', { cpuset: '0' }, { cpuset: '0-1' }, 'cpuset: 0 → 0-1'),
  recreates('cpuset-gone', { cpuset: '0' }, {}, 'cpuset: 0 → ""'),
  // Kernels without weights drop them, which is no drift.
  recreates(
    'blkio_config',
    { blkio_config: { weight: 300 } },
    { user: '1', blkio_config: { weight: 300 } },
    'user: "" → 1',
  ),
  inPlace(
    'deploy-limits',
    { deploy: { resources: { limits: { memory: '64m', pids: 50 }, reservations: { memory: '16m' } } } },
    { deploy: { resources: { limits: { memory: '64m', pids: 60 }, reservations: { memory: '16m' } } } },
    'pids_limit: 50 → 60',
  ),
  inPlace(
    'deploy-restart_policy',
    { deploy: { restart_policy: { condition: 'any' } } },
    { deploy: { restart_policy: { condition: 'on-failure', max_attempts: 3 } } },
    'restart: always → on-failure:3',
  ),
];
