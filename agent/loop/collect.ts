// Which content has to stay on the host: what is declared, what is the last known good, and what any container mounts.
import type { Desired } from '../../fleet/model/desired.ts';
import type { Observed } from '../../fleet/model/observed.ts';
import type { HostPaths } from '../../fleet/reconcile/attribute.ts';

export function contentInUse(
  states: readonly (Desired | null)[],
  observed: Observed,
  { content, secrets }: Pick<HostPaths, 'content' | 'secrets'>,
): ReadonlySet<string> {
  const mounts = states
    .flatMap((state) => state?.apps ?? [])
    .flatMap((app) => app.services.flatMap((service) => service.mounts));
  const declared = mounts.flatMap((mount) => (mount.type === 'content' ? [mount.content.id] : []));
  const mounted = observed.containers
    .flatMap(({ inspect }) => inspect.Mounts ?? [])
    .flatMap(({ Source = '' }) =>
      [content, secrets].flatMap((folder) =>
        Source.startsWith(`${folder}/`) ? [Source.slice(folder.length + 1).split('/')[0] ?? ''] : [],
      ),
    );
  return new Set([...declared, ...mounted]);
}
