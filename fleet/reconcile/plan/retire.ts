// Takes a container out of service while another serves under the same names: no name leads to it any more, what was
// under way gets its time, then it is told, stopped and removed.
//
// The order is measured (Engine 20.10, two containers behind one alias, 100 to 200 probes a second, each resolving anew and
// trying the first address only, with 3 s of patience). Stopped while its names still led to it: 13 of 1157 probes lost.
// Disconnected and then stopped: 22 of 5322. Disconnected, connected again without names, stopped at once: 3 of 1186. The
// same with a pause before the stop: 0 of 5305. The Engine takes the interface away some 10 ms before the name (100 ms on a
// busy board), and adds a name that much before its interface: who asks just then has a connection request lost, which TCP
// repeats after 1 s and after 3 s. By then the container has its address back (the lowest free one) and answers.
import type { ObservedContainer } from '../../model/observed.ts';
import type { Service } from '../../model/service.ts';
import { answers, isUp, nameOf } from '../match.ts';
import type { Replacing } from './candidate.ts';
import type { StepFrame } from './draft.ts';
import type { Scope } from './scope.ts';
import { beforeStop, stopTimeoutS } from './steps.ts';

/** What was asked just before a name moved has been answered by then; see above. */
export const DRAIN_MS = 3500;

export interface Successor {
  /** Container name. */
  readonly name: string;
  readonly timeoutMs: number;
}

/** Returns the removal. */
export function retire(
  scope: Scope,
  service: Service,
  old: ObservedContainer,
  successor: Successor,
  frame: StepFrame,
  /** Networks on which it is given its names back before, and those that it was taken off when the agent ended. */
  { regained, rejoined }: Pick<Replacing, 'regained' | 'rejoined'> = { regained: [], rejoined: [] },
): string {
  const { draft } = scope;
  const { Id, State } = old.inspect;
  const name = nameOf(old);
  const detail = name;
  let last: readonly (string | undefined)[] = frame.after ?? [];
  if (isUp(old)) {
    if (State.Status === 'running') last = takeNames(scope, old, { ...frame, after: last }, { regained, rejoined });
    const drained = draft.add(
      {
        kind: 'await-service',
        container: successor.name,
        condition: 'service_ready',
        timeoutMs: successor.timeoutMs,
        steadyMs: DRAIN_MS,
      },
      { ...frame, cause: `it has taken over, and ${name} ends what it has begun`, after: last, detail: `over ${name}` },
    );
    const hooked = beforeStop(scope, old, service, { ...frame, after: [drained], detail });
    last = [
      draft.add(
        { kind: 'stop-container', container: Id, timeoutS: stopTimeoutS(old) },
        { ...frame, after: [drained, hooked], detail },
      ),
    ];
  }
  return draft.add({ kind: 'remove-container', container: Id, name }, { ...frame, after: last, detail });
}

/** It stays on its networks, to reach what it needs until it has stopped. */
function takeNames(
  scope: Scope,
  old: ObservedContainer,
  frame: StepFrame,
  { regained, rejoined }: Pick<Replacing, 'regained' | 'rejoined'>,
): readonly (string | undefined)[] {
  const { draft, networkIds } = scope;
  const container = old.inspect.Id;
  let last = frame.after ?? [];
  const endpoints = old.inspect.NetworkSettings.Networks ?? {};
  const named = Object.entries(endpoints)
    .filter(([name, one]) => answers(old.inspect, one) && networkIds.get(name) === one.NetworkID)
    .map(([name]) => name);
  const leaving = new Set([...named, ...regained]);
  for (const network of new Set([...leaving, ...rejoined])) {
    const detail = `${network} ${nameOf(old)}`;
    const cause = `the service’s names no longer lead to ${nameOf(old)}`;
    const left = leaving.has(network)
      ? draft.add({ kind: 'disconnect-network', container, network }, { ...frame, cause, after: last, detail })
      : undefined;
    const Links = endpoints[network]?.Links ?? [];
    const joined = draft.add(
      { kind: 'connect-network', container, network, endpoint: Links.length > 0 ? { Links: [...Links] } : {} },
      { ...frame, cause, after: left === undefined ? last : [left], detail },
    );
    last = [joined];
  }
  return last;
}
