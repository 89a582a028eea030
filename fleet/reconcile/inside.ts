// What was done inside containers: files changed in their own file systems, and commands that run beside their own. Reported
// where an app asks for it (`drift.inside`), and never acted on: many a service writes into its container with good reason.
import type { DesiredApp } from '../model/desired.ts';
import type { ObservedContainer } from '../model/observed.ts';
import type { Difference } from '../model/plan.ts';
import type { Service } from '../model/service.ts';
import { containerKey, resourceKey } from '../names.ts';
import { ownerOf } from './ownership.ts';

export interface Inside {
  /** `GET /containers/{id}/changes`: A added, C changed, D deleted. */
  readonly files: readonly { readonly kind: 'A' | 'C' | 'D'; readonly path: string }[];
  /** Programs of the exec sessions that run. */
  readonly execs: readonly string[];
}

/** Paths that are told one by one; the rest is a count. */
export const SHOWN_PATHS = 10;
const PATH_CHARACTERS = 200;

/** Made to be written to, or the Engine's own. */
const PASSING =
  /^\/(tmp|run|var\/run|var\/tmp|var\/lock|dev|proc|sys)(\/|$)|^\/(\.dockerenv|sbin\/docker-init|etc\/(hosts|hostname|resolv\.conf|mtab))$/;

export function insideDifferences(
  app: DesiredApp,
  service: Service,
  { inspect }: ObservedContainer,
  { files, execs }: Inside,
): Difference[] {
  const resource = resourceKey('service', app.name, containerKey(service));
  const isIgnored = (field: string) => ownerOf(app, `services.${service.name}.${field}`) === 'ignore';
  const mounts = (inspect.Mounts ?? []).map(({ Destination }) => Destination);
  const changed = files.filter(
    ({ path }) => !PASSING.test(path) && !mounts.some((mount) => isWithin(path, mount)) && !isIgnored(`files.${path}`),
  );
  const inner = new Set([...files.map(({ path }) => path), ...mounts].flatMap(ancestors));
  // A folder changes with what is in it.
  const told = changed.filter(({ kind, path }) => kind === 'D' || !inner.has(path));
  const found: [string, readonly string[]][] = [
    ['files', told.map(({ kind, path }) => `${kind} ${path.slice(0, PATH_CHARACTERS)}`)],
    ['exec', execs],
  ];
  return found
    .filter(([field, values]) => values.length > 0 && !isIgnored(field))
    .map(([field, values]) => ({
      resource,
      app: app.name,
      kind: 'unexpected',
      field,
      desired: null,
      observed: capped(values),
      origin: 'drift',
      left: 'warn',
    }));
}

/** Containers of apps that are to be looked into now. `lookedMs`: when each app was, by name. */
export function dueInside(
  apps: readonly DesiredApp[],
  lookedMs: ReadonlyMap<string, number>,
  nowMs: number,
): DesiredApp[] {
  return apps.filter(
    ({ name, insideMs }) => insideMs !== null && nowMs - (lookedMs.get(name) ?? Number.NEGATIVE_INFINITY) >= insideMs,
  );
}

/** Running: the others show nothing new. */
export function isLookedInto({ inspect }: ObservedContainer): boolean {
  return inspect.State.Status === 'running';
}

function capped(values: readonly string[]): string[] {
  const shown = values.slice(0, SHOWN_PATHS);
  return values.length > shown.length ? [...shown, `and ${values.length - shown.length} more`] : shown;
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

function ancestors(path: string): string[] {
  const parts = path.split('/').slice(1, -1);
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`);
}
