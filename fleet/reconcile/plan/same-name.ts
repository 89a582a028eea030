// Networks that share a name: Engines before 25 let a second one be made, and then start nothing that names it. One of them is
// meant and is addressed by its id; another of ours that connects nothing goes, and one of somebody else is reported.
import type { NetworkInspect } from '../../engine/inspect.ts';
import type { DesiredApp } from '../../model/desired.ts';
import type { Network } from '../../model/network.ts';
import type { Observed } from '../../model/observed.ts';
import { LABEL } from '../../names.ts';
import type { StepFrame } from './draft.ts';
import type { Scope } from './scope.ts';

export interface NamedNetworks {
  /** By name, the one that is meant. */
  readonly meant: ReadonlyMap<string, NetworkInspect>;
  readonly spare: readonly NetworkInspect[];
}

/** Meant is one of ours before others', then one that containers of ours are on, then the first by id. */
export function byName(networks: Observed['networks'], device: string, joined: ReadonlySet<string>): NamedNetworks {
  const rank = ({ Id, Labels }: NetworkInspect) =>
    (Labels?.[LABEL.device] === device ? 0 : 2) + (joined.has(Id) ? 0 : 1);
  const ordered = [...networks].sort((a, b) => rank(a) - rank(b) || (a.Id < b.Id ? -1 : 1));
  const meant = new Map<string, NetworkInspect>();
  for (const network of ordered) if (!meant.has(network.Name)) meant.set(network.Name, network);
  return { meant, spare: ordered.filter((network) => meant.get(network.Name) !== network) };
}

/** The ids of networks whose name alone says too little. */
export function ambiguousIds({ meant, spare }: NamedNetworks): ReadonlyMap<string, string> {
  return new Map(spare.flatMap(({ Name }) => [[Name, meant.get(Name)?.Id ?? Name] as const]));
}

/** True: the name is not this network's alone, and nothing else is planned for it now. */
export function planSpares(scope: Scope, app: DesiredApp, network: Network, frame: Omit<StepFrame, 'cause'>): boolean {
  const spares = scope.spareNetworks.filter(({ Name }) => Name === network.name);
  const { resource } = frame;
  for (const spare of spares) {
    const short = spare.Id.slice(0, 12);
    const observed = `network ${spare.Name} (${short})`;
    const base = { resource, app: app.name, field: null, desired: null } as const;
    scope.draft.differences.push({ ...base, kind: 'unexpected', observed, origin: 'drift' });
    const ours = spare.Labels?.[LABEL.device] === scope.desired.device && !network.external;
    if (!ours || othersOn(scope, spare) > 0) {
      const message = `two networks are named "${spare.Name}"; remove the one that nothing needs: docker network rm ${short}`;
      scope.draft.blocked.push({ resource, app: app.name, reason: 'NameConflict', message });
    } else if (app.drift !== 'warn' && attachedTo(scope, spare).length === 0) {
      const cause = `another network is named "${spare.Name}"`;
      scope.draft.add(
        { kind: 'remove-network', network: spare.Id, name: spare.Name },
        { ...frame, cause, detail: short },
      );
    }
  }
  return spares.length > 0;
}

/** Our containers on a network. One that has not started yet names it. */
export function attachedTo({ desired, observed }: Pick<Scope, 'desired' | 'observed'>, { Id, Name }: NetworkInspect) {
  return observed.containers
    .filter(({ inspect }) => inspect.Config.Labels?.[LABEL.device] === desired.device)
    .filter(({ inspect }) => {
      const endpoint = inspect.NetworkSettings.Networks?.[Name];
      return endpoint !== undefined && (!endpoint.NetworkID || endpoint.NetworkID === Id);
    })
    .map(({ inspect }) => inspect.Id);
}

/** The Engine removes no network that others are on: ours would be cut off in vain. */
export function othersOn({ desired, observed }: Pick<Scope, 'desired' | 'observed'>, { Containers }: NetworkInspect) {
  const ours = new Set(
    observed.containers
      .filter(({ inspect }) => inspect.Config.Labels?.[LABEL.device] === desired.device)
      .map(({ inspect }) => inspect.Id),
  );
  return Object.keys(Containers ?? {}).filter((id) => !ours.has(id)).length;
}
