// An Engine from the little that a status says of it.
import type { EngineInfo } from '../../model/observed.ts';
import type { HostFacts } from '../../wire/messages.ts';

/** Engine releases and the API that each speaks, newest first. */
const APIS: readonly (readonly [release: readonly [number, number], api: string])[] = [
  [[29, 0], '1.52'],
  [[28, 3], '1.51'],
  [[28, 2], '1.50'],
  [[28, 1], '1.49'],
  [[28, 0], '1.48'],
  [[27, 2], '1.47'],
  [[27, 0], '1.46'],
  [[26, 0], '1.45'],
  [[25, 0], '1.44'],
  [[24, 0], '1.43'],
  [[23, 0], '1.42'],
];
const OLDEST = '1.41';
const NEWEST = APIS[0]?.[1] ?? OLDEST;

/** The names that Node has for what Engines call otherwise. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/** One that says nothing is taken for able to do everything: it decides in the end. */
export function engineOf(host: HostFacts | null): EngineInfo {
  const version = host?.engine ?? '';
  return {
    version,
    apiVersion: apiOf(version),
    os: 'linux',
    arch: ARCHITECTURES[host?.arch ?? ''] ?? host?.arch ?? '',
    defaults: { runtime: 'runc', logging: 'json-file', cgroup: 'private' },
  };
}

function apiOf(version: string): string {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined) return NEWEST;
  const at = Number(major) * 1000 + Number(minor);
  return APIS.find(([[wantedMajor, wantedMinor]]) => at >= wantedMajor * 1000 + wantedMinor)?.[1] ?? OLDEST;
}
