// Images that the model registry has.
import type { ImageInspect } from '../../../../fleet/engine/inspect.ts';

export function imageOf(reference: string, config: ImageInspect['Config'] = {}): ImageInspect {
  const hex = [...reference].map((character) => character.charCodeAt(0).toString(16)).join('');
  return { Id: `sha256:${hex.padEnd(64, '0').slice(0, 64)}`, RepoTags: [reference], Config: config };
}

/** An image that sets every default that a container can inherit. */
export const RICH = imageOf('rich:1', {
  Env: ['PATH=/usr/bin', 'TZ=UTC'],
  Cmd: ['serve'],
  Entrypoint: ['/entrypoint.sh'],
  User: 'app',
  WorkingDir: '/srv',
  Labels: { vendor: 'acme', tier: 'image' },
  StopSignal: 'SIGQUIT',
  Healthcheck: { Test: ['CMD', 'probe'], Interval: 5e9, Timeout: 2e9, StartPeriod: 1e9, Retries: 4 },
  Volumes: { '/var/lib/rich': {} },
});

export const REGISTRY: readonly ImageInspect[] = [
  imageOf('nginx:1', { Cmd: ['nginx'] }),
  imageOf('nginx:2', { Cmd: ['nginx'] }),
  imageOf('nginx:3', { Cmd: ['nginx'] }),
  RICH,
];
