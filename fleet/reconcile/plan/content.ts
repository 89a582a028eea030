// Content of a container that stays: written again, over the old bytes where the service says what follows from that.
import type { ObservedContainer } from '../../model/observed.ts';
import type { Difference, StepOf } from '../../model/plan.ts';
import type { Declaration } from '../attribute.ts';
import { type ContentMount, isLive, livePlace, mountedTurn } from '../attributes/live.ts';
import { mountField } from '../attributes/mounts.ts';
import { isRewritten, isUntold } from '../inventory-item.ts';
import { isUp } from '../match.ts';
import { formatCause } from '../text.ts';
import { frameOf } from './frame.ts';
import type { Scope } from './scope.ts';

export interface Written {
  /** Steps that write. */
  readonly steps: readonly string[];
  /** The container sees the new bytes only once it starts again. */
  readonly stale: boolean;
  /** It sees them, and has to be told. */
  readonly untold: boolean;
}

export function writeContent(
  scope: Scope,
  declaration: Declaration,
  container: ObservedContainer,
  acted: readonly Difference[],
): Written {
  const { app, service } = declaration;
  const frame = frameOf(app, service);
  const edits = service.mounts.flatMap((mount) => {
    const found = acted.filter(({ field }) => field === mountField(mount));
    return mount.type === 'content' && found.length > 0 ? [{ mount, cause: formatCause(found) }] : [];
  });
  const actions = edits.map(({ mount, cause }) => ({ cause, ...actionOf(scope, declaration, container, mount) }));
  const listed = scope.inventory.filter(({ resource }) => resource === frame.resource);
  return {
    steps: actions.map(({ cause, detail, action }) => scope.draft.add(action, { ...frame, cause, detail })),
    stale:
      actions.some(({ action }) => action.kind === 'write-content' || action.way === 'anew') ||
      listed.some(isRewritten),
    untold:
      actions.some(({ action }) => action.kind === 'write-live' && action.way === 'over') || listed.some(isUntold),
  };
}

/** Lets a running container know that its content changed; returns the step, if it takes one. */
export function tell(
  scope: Scope,
  { app, service }: Declaration,
  container: ObservedContainer,
  after: readonly string[],
): string | undefined {
  const { reload } = service;
  if (reload === undefined || reload === 'restart' || reload === 'none' || !isUp(container)) return undefined;
  return scope.draft.add(
    { kind: 'signal-container', container: container.inspect.Id, signal: reload },
    { ...frameOf(app, service), cause: `its content was rewritten: ${reload}`, after },
  );
}

type Action =
  | Pick<StepOf<'write-content'>, 'kind' | 'content'>
  | Pick<StepOf<'write-live'>, 'kind' | 'content' | 'place' | 'way'>;

function actionOf(
  scope: Scope,
  { app, service }: Declaration,
  container: ObservedContainer,
  mount: ContentMount,
): { readonly detail: string; readonly action: Action } {
  const { content } = mount;
  const turn = isLive(service, mount) ? mountedTurn(scope.live(app, service, container), mount) : undefined;
  if (turn === undefined) return { detail: content.id, action: { kind: 'write-content', content } };
  const place = livePlace(app, service, mount, turn);
  const state = scope.observed.content.get(place);
  // What is not there, or not the file that it was, is no longer what the container sees.
  const way = state === undefined || state.kind === 'missing' || state.moved === true ? 'anew' : 'over';
  return { detail: place, action: { kind: 'write-live', content, place, way } };
}
