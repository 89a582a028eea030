// Three-way comparison of one service: desired, last applied, observed, field by field. Only fields that the file sets,
// or that the last applied file set, are compared.
import type { ImageInspect } from '../engine/inspect.ts';
import type { Hide } from '../mask.ts';
import type { Content } from '../model/mount.ts';
import type { ContentState, ObservedContainer } from '../model/observed.ts';
import type { Difference, Fields, Value } from '../model/plan.ts';
import { containerKey, LABEL, resourceKey } from '../names.ts';
import { type Declaration, type Live, sameValue } from './attribute.ts';
import { type ContentMount, isLive, livePlace, mountedTurn } from './attributes/live.ts';
import { mountField, shownContent } from './attributes/mounts.ts';
import { attributeOf, declaredFields, liveFields, specOf } from './attributes.ts';
import { isBeingWritten, isSettled } from './inventory-item.ts';
import { hasStarted, isLost } from './match.ts';
import { redacted } from './redact.ts';

export interface ServiceSnapshot {
  readonly declaration: Declaration;
  /** null: this agent never applied the service. */
  readonly applied: Fields | null;
  readonly observed: ObservedContainer | undefined;
  readonly live: Live | undefined;
  /** The image that the service's reference names on this host; undefined: it is not here. */
  readonly image: ImageInspect | undefined;
  readonly content: ReadonlyMap<string, ContentState>;
  /** Hides what came out of secrets. */
  readonly hide: Hide;
}

export function compareService(snapshot: ServiceSnapshot): Difference[] {
  const { app, service } = snapshot.declaration;
  const base = { resource: resourceKey('service', app.name, containerKey(service)), app: app.name };
  const { observed, live } = snapshot;
  if (observed === undefined || live === undefined) {
    return [
      {
        ...base,
        kind: 'missing',
        field: null,
        desired: 'running',
        observed: null,
        origin: isAsApplied(snapshot) ? 'drift' : 'change',
      },
    ];
  }
  const found = [
    ...stateDifferences(observed, service.restart),
    ...fieldDifferences(snapshot, live),
    ...imageDifferences(snapshot, live),
    ...contentDifferences(snapshot, live),
  ];
  return found.map((difference) => redacted({ ...base, ...difference }, snapshot.hide));
}

/** Git has not moved since the service was applied to the end. */
function isAsApplied({ declaration, applied }: ServiceSnapshot): boolean {
  if (!isSettled(applied)) return false;
  const declared = declaredFields(declaration);
  const fields = Object.keys({ ...declared, ...applied }).filter((field) => attributeOf(field) !== undefined);
  return fields.every((field) => sameValue(declared[field] ?? null, applied[field] ?? null));
}

/** It ended well and by itself, and the file does not want it restarted. */
export function isCompleted(container: ObservedContainer, restart: string | undefined): boolean {
  const { Status, ExitCode } = container.inspect.State;
  const once = restart === undefined || restart === 'no' || restart.startsWith('on-failure');
  return Status === 'exited' && ExitCode === 0 && once && !container.stoppedByRequest;
}

type Found = Omit<Difference, 'resource' | 'app'>;

function stateDifferences(container: ObservedContainer, restart: string | undefined): Found[] {
  const { Status, ExitCode } = container.inspect.State;
  if (Status === 'running' || Status === 'restarting' || isCompleted(container, restart)) return [];
  const ended = Status === 'exited' ? `exited (${ExitCode ?? 0})` : Status;
  const observed = isLost(container) ? 'dead' : ended;
  return [
    { kind: 'field', field: 'state', desired: 'running', observed, origin: hasStarted(container) ? 'drift' : 'change' },
  ];
}

function fieldDifferences({ declaration, applied }: ServiceSnapshot, live: Live): Found[] {
  const desired = declaredFields(declaration);
  const observed = liveFields(live);
  const exclusive = Object.keys(observed).filter((field) => attributeOf(field)?.exclusive);
  const fields = new Set([...Object.keys(desired), ...Object.keys(applied ?? {}), ...exclusive]);
  const wasAskedFor = (field: string, want: Value) =>
    (isSettled(applied) && sameValue(applied[field] ?? null, want)) ||
    live.container.Config.Labels?.[LABEL.spec] === specOf(declaration);
  const found: Found[] = [];
  for (const field of fields) {
    const attribute = attributeOf(field);
    // Applied by a version that compared more, or shown by no container.
    if (attribute === undefined || attribute.recorded === true) continue;
    const unset = attribute.unset(field, live);
    const want = desired[field] ?? unset;
    const have = observed[field] ?? null;
    if (sameValue(want, have) || isDropped(attribute.name, live)) continue;
    if (!have && mayBeDropped(field) && wasAskedFor(field, want)) continue;
    const before: Value = applied?.[field] ?? unset;
    const drifted = isSettled(applied) && sameValue(before, want);
    const unexpected = want === null && drifted;
    found.push({
      kind: unexpected ? 'unexpected' : 'field',
      field,
      desired: want,
      observed: have,
      origin: drifted ? 'drift' : 'change',
    });
  }
  return found.sort((a, b) => ((a.field ?? '') < (b.field ?? '') ? -1 : 1));
}

/** The Engine takes it and drops it, since its kernel cannot keep it: no step would bring it about. */
function isDropped(attribute: string, { engine }: Live): boolean {
  return engine.drops?.includes(attribute) === true;
}

/**
 * Dropped as well on many kernels (all of cgroup v2), of which the Engine says nothing: what the container was made with, or what
 * was applied to it, and is not there was.
 */
function mayBeDropped(field: string): boolean {
  return field.startsWith('blkio_config.') || field === 'mem_swappiness';
}

/**
 * The reference is as declared, but names another image than the one that the container runs. Only where the file asks
 * for the newest (`pull_policy: always`) or for one exact image: elsewhere a tag that moved is no reason to interrupt.
 */
function imageDifferences({ declaration, applied, image }: ServiceSnapshot, { container }: Live): Found[] {
  const { image: reference, pull_policy } = declaration.service;
  if (pull_policy !== 'always' && !reference.includes('@')) return [];
  if (image === undefined || container.Config.Image !== reference || container.Image === image.Id) return [];
  const shown = (id: string) => `${reference} (${id.replace(/^sha256:/, '').slice(0, 12)})`;
  // What a tag names is changed by whoever publishes it, not on the host.
  const origin = isSettled(applied) && pull_policy !== 'always' ? 'drift' : 'change';
  return [{ kind: 'field', field: 'image', desired: shown(image.Id), observed: shown(container.Image), origin }];
}

/** Content that the container mounts as declared, but whose bytes on the host are not the declared ones. */
function contentDifferences(snapshot: ServiceSnapshot, live: Live): Found[] {
  const { declaration, content } = snapshot;
  const mounted = liveFields(live);
  return declaration.service.mounts.flatMap((mount): Found[] => {
    if (mount.type !== 'content') return [];
    const field = mountField(mount);
    if (isLive(declaration.service, mount)) return liveDifferences(snapshot, live, mount, mounted[field] ?? null);
    const state = content.get(mount.content.id);
    const declared = shownContent(mount.content);
    if (state === undefined || state.kind === 'intact' || !String(mounted[field]).startsWith(declared)) return [];
    return [
      {
        kind: 'field',
        field,
        desired: declared,
        observed: `${declared} ${shownEdit(mount.content, state)}`,
        origin: 'drift',
      },
    ];
  });
}

/** Content that changes under its container: what was applied, while the bytes are not the declared ones, or what became of those. */
function liveDifferences(
  { declaration, applied, content }: ServiceSnapshot,
  live: Live,
  mount: ContentMount,
  mounted: Value,
): Found[] {
  const { app, service } = declaration;
  const field = mountField(mount);
  const want = declaredFields(declaration)[field] ?? null;
  const turn = mountedTurn(live, mount);
  const state = turn === undefined ? undefined : content.get(livePlace(app, service, mount, turn));
  if (state === undefined || state.kind === 'intact' || !sameValue(mounted, want)) return [];
  const declared = shownContent(mount.content);
  const before = /^(?:content|secret) \S+/.exec(String(applied?.[field] ?? ''))?.[0] ?? declared;
  const moved = before !== declared;
  const observed = moved ? before : `${declared} ${shownEdit(mount.content, state)}`;
  const drifted = isSettled(applied) && !moved && !isBeingWritten(applied);
  return [{ kind: 'field', field, desired: declared, observed, origin: drifted ? 'drift' : 'change' }];
}

/** Content that is mounted as declared but was edited or lost on the host. */
export function isContentEdit({ field, desired, observed }: Difference): boolean {
  const edit = typeof observed === 'string' && observed.startsWith(`${String(desired)} `);
  return field?.startsWith('volumes.') === true && edit && /^(content|secret) \S+ (edited|missing)/.test(observed);
}

/** A mounted secret whose file is not there any more. */
export function isLostSecret(difference: Difference): boolean {
  return isContentEdit(difference) && /^secret \S+ missing$/.test(String(difference.observed));
}

function shownEdit(content: Content, state: ContentState): string {
  if (state.kind !== 'edited') return state.kind;
  return content.kind === 'folder' ? `edited (${state.paths.join(', ')})` : 'edited';
}
