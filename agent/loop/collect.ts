// Which content and images have to stay on the host: what is declared, what is in force, what may have to run again, and what any
// container mounts.
import type { Desired, DesiredApp } from '../../fleet/model/desired.ts';
import type { Observed } from '../../fleet/model/observed.ts';
import type { Rollout } from '../../fleet/model/rollout.ts';
import type { HostPaths } from '../../fleet/reconcile/attribute.ts';
import { lookFor } from '../../fleet/reconcile/look.ts';

type Apps = Pick<Desired, 'apps'>;

/**
 * What is declared, in quarantine or waiting for a window included; what is in force; and what may have to run again: the last known
 * good, what began while a window was open, and `proving`, what a version that passed just now would give way to.
 */
export function keptStates(
  { accepted, effective }: { readonly accepted: Apps; readonly effective: { readonly desired: Apps } },
  { goods, begun }: Pick<Rollout, 'goods' | 'begun'>,
  proving: readonly DesiredApp[],
): readonly Apps[] {
  return [accepted, effective.desired, { apps: [...[...goods, ...begun].map(({ app }) => app), ...proving] }];
}

/** References of the images that states name. */
export function imagesNamed(states: readonly Apps[]): readonly string[] {
  return [...new Set(states.flatMap((state) => lookFor(state, []).images))];
}

export function contentInUse(
  states: readonly Apps[],
  observed: Observed,
  { content, secrets }: Pick<HostPaths, 'content' | 'secrets'>,
): ReadonlySet<string> {
  const mounts = states
    .flatMap((state) => state.apps)
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
