// Which API version is spoken with an Engine: the lower of its newest and ours, never below the oldest that is supported. Pure.
import { HoldfastError } from '../../fleet/error.ts';
import type { EngineInfo } from '../../fleet/model/observed.ts';
import { asRecord, type JsonRecord, textField } from './answer.ts';

/** Engine 19.03. */
export const OLDEST_API = '1.40';
/** Engine 29. */
export const NEWEST_API = '1.52';

/** Reads the answer of `GET /version`. Throws `DockerRefused` when there is no common version. */
export function negotiate(body: unknown, socket: string): EngineInfo {
  const answer = asRecord(body, 'GET /version');
  const version = textField(answer, 'Version', 'GET /version');
  const theirs = textField(answer, 'ApiVersion', 'GET /version');
  const oldest = typeof answer.MinAPIVersion === 'string' ? answer.MinAPIVersion : OLDEST_API;
  if (compareVersions(theirs, OLDEST_API) < 0) {
    throw new HoldfastError(
      'DockerRefused',
      `The Engine at ${socket} is ${version} and speaks API ${theirs}; Holdfast needs API ${OLDEST_API} (Engine 19.03) or newer. Upgrade the Engine.`,
    );
  }
  if (compareVersions(oldest, NEWEST_API) > 0) {
    throw new HoldfastError(
      'DockerRefused',
      `The Engine at ${socket} is ${version} and needs API ${oldest}; this agent speaks at most ${NEWEST_API}. Upgrade the agent.`,
    );
  }
  return {
    version,
    apiVersion: compareVersions(theirs, NEWEST_API) < 0 ? theirs : NEWEST_API,
    os: textField(answer, 'Os', 'GET /version'),
    arch: textField(answer, 'Arch', 'GET /version'),
  };
}

/** What `GET /info` says of this host's defaults, and of what its kernel lacks; an answer out of shape says nothing. */
export function hostTraits(body: unknown): Pick<EngineInfo, 'defaults' | 'drops' | 'roots'> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return {};
  const answer = asRecord(body, 'GET /info');
  const text = (key: string, otherwise: string) => (typeof answer[key] === 'string' ? answer[key] : otherwise);
  return {
    defaults: {
      runtime: text('DefaultRuntime', '') || 'runc',
      logging: text('LoggingDriver', '') || 'json-file',
      cgroup: text('CgroupVersion', '1') === '2' ? 'private' : 'host',
    },
    roots: rootsOf(answer),
    drops: Object.entries(KERNEL).flatMap(([key, dropped]) => (answer[key] === false ? dropped : [])),
  };
}

/** With containerd's image store, images are containerd's, which has a folder of its own unless the Engine runs it. */
function rootsOf({ DockerRootDir: root, DriverStatus: status }: JsonRecord): readonly string[] {
  if (typeof root !== 'string' || !root.startsWith('/')) return [];
  return JSON.stringify(status ?? null).includes('io.containerd.snapshotter') ? [root, CONTAINERD_ROOT] : [root];
}

const CONTAINERD_ROOT = '/var/lib/containerd';

/** Keys that the Engine drops, with a warning, when it says `false` here. */
const KERNEL: Readonly<Record<string, readonly string[]>> = {
  MemoryLimit: ['mem_limit', 'mem_reservation', 'memswap_limit', 'mem_swappiness', 'oom_kill_disable'],
  SwapLimit: ['memswap_limit'],
  CPUShares: ['cpu_shares'],
  CpuCfsPeriod: ['cpu_period'],
  CpuCfsQuota: ['cpu_quota'],
  CPUSet: ['cpuset'],
  PidsLimit: ['pids_limit'],
  OomKillDisable: ['oom_kill_disable'],
};

/** Negative, zero or positive, as `1.9` < `1.41`. */
export function compareVersions(left: string, right: string): number {
  const [leftMajor = 0, leftMinor = 0] = left.split('.').map(Number);
  const [rightMajor = 0, rightMinor = 0] = right.split('.').map(Number);
  return leftMajor - rightMajor || leftMinor - rightMinor;
}
