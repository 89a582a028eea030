// Content that changes under its container, of services with `x-holdfast-reload`: it lies at a place of its own for each mount,
// which stays when the bytes change. Knows the places and who mounts them; must not decide what follows from a change.
import { createHash } from 'node:crypto';
import type { ContainerInspect } from '../../engine/inspect.ts';
import type { DesiredApp } from '../../model/desired.ts';
import type { Content, Mount } from '../../model/mount.ts';
import type { Service } from '../../model/service.ts';
import { containerKey } from '../../names.ts';
import type { Declaration, HostPaths, Live } from '../attribute.ts';

/** How such a mount is told from one whose source changes with its bytes. */
export const LIVE = 'live';

/** Below its place, what is mounted. */
const MOUNTED = 'content';

/** Each mount has two places: a container and its replacement never see each other's bytes. */
export type Turn = 0 | 1;
export const TURNS: readonly Turn[] = [0, 1];

export type ContentMount = Mount & { readonly type: 'content' };

export function isLive(service: Service, mount: Mount): boolean {
  return service.reload !== undefined && mount.type === 'content';
}

/** The mounts of a service whose content changes under its container. */
export function liveMounts({ reload, mounts }: Service): readonly ContentMount[] {
  return reload === undefined ? [] : mounts.flatMap((mount) => (mount.type === 'content' ? [mount] : []));
}

/** A folder's name below `<state>/content`, of secrets below `<runtime>/secrets`. */
export function livePlace(app: DesiredApp, service: Service, { target }: Mount, turn: Turn): string {
  const name = JSON.stringify([app.name, containerKey(service), target]);
  return `live-${createHash('sha256').update(name).digest('hex').slice(0, 32)}-${turn}`;
}

/** The host path that a container made now mounts. */
export function livePath({ app, service, paths, turn = 0 }: Declaration, mount: ContentMount): string {
  return pathOf(paths, mount.content, livePlace(app, service, mount, turn));
}

/** Which of the two places a container has this mount from; undefined: neither. */
export function mountedTurn({ app, service, paths, container }: Live, mount: ContentMount): Turn | undefined {
  const source = sourceOf(container, mount.target);
  return TURNS.find((turn) => source === pathOf(paths, mount.content, livePlace(app, service, mount, turn)));
}

/** Where a replacement of the container has its content. */
export function nextTurn(live: Live): Turn {
  return liveMounts(live.service).some((mount) => mountedTurn(live, mount) === 0) ? 1 : 0;
}

function pathOf(paths: HostPaths, content: Content, place: string): string {
  return `${content.kind === 'secret' ? paths.secrets : paths.content}/${place}/${MOUNTED}`;
}

function sourceOf({ Mounts }: ContainerInspect, target: string): string | undefined {
  return (Mounts ?? []).find(({ Destination }) => Destination === target)?.Source;
}
