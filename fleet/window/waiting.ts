// Which apps have their windows closed, and what waits for them as people read it.
import type { Desired, DesiredApp } from '../model/desired.ts';
import type { Rollout } from '../model/rollout.ts';
import { containerKey } from '../names.ts';
import type { Waiting } from '../rollout/effective.ts';
import { formatOpening, isOpen, nextOpening } from './window.ts';

/** An instant; null: the clock cannot be believed, and every window counts as closed. */
export type Now = Date | null;

/** As many apps are named in a sentence. */
const SHOWN_APPS = 5;

/** Names of apps that have windows, all of them closed. Of an app that is no longer declared counts what Git said last. */
export function closedApps({ apps }: Desired, { begun }: Rollout, now: Now): ReadonlySet<string> {
  const declared = new Set(apps.map(({ name }) => name));
  const leaving = begun.map(({ app }) => app).filter(({ name }) => !declared.has(name));
  return new Set([...apps, ...leaving].filter(({ windows }) => isClosed(windows, now)).map(({ name }) => name));
}

function isClosed(windows: DesiredApp['windows'], now: Now): boolean {
  return windows.length > 0 && (now === null || !isOpen(windows, now));
}

/** `3 changes of kiosk wait for the window that opens 2026-11-28T02:00+01:00`; what opens first is named. */
export function formatWaiting(waiting: readonly Waiting[], now: Now): string {
  const changes = waiting.reduce((sum, { before, after }) => sum + changesOf(before, after), 0);
  const names = waiting.map(({ app }) => app.name);
  const more = names.length - SHOWN_APPS;
  const apps = `${names.slice(0, SHOWN_APPS).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  const what = changes === 1 ? `1 change of ${apps} waits` : `${changes} changes of ${apps} wait`;
  if (now === null)
    return `${what}: the clock of this host is not synchronised, so every window counts as closed; set it, or remove the windows`;
  const first = firstOpening(waiting, now);
  if (first === null) return `${what} for a window that never opens again`;
  return `${what} for the window that opens ${formatOpening(first.windows, first.opens)}`;
}

/** null: nothing waits, or no window opens ever again. */
export function firstOpening(
  waiting: readonly Waiting[],
  now: Now,
): { readonly opens: Date; readonly windows: DesiredApp['windows'] } | null {
  if (now === null) return null;
  const openings = waiting.flatMap(({ app: { windows } }) => {
    const opens = nextOpening(windows, now);
    return opens === null ? [] : [{ opens, windows }];
  });
  return openings.sort((a, b) => a.opens.getTime() - b.opens.getTime())[0] ?? null;
}

/** How many services, networks and volumes are not the same in both. What only steers the agent (drift, windows…) is no change. */
function changesOf(before: DesiredApp | null, after: DesiredApp | null): number {
  const [old, now] = [partsOf(before), partsOf(after)];
  return [...new Set([...old.keys(), ...now.keys()])].filter((key) => old.get(key) !== now.get(key)).length;
}

function partsOf(app: DesiredApp | null): ReadonlyMap<string, string> {
  return new Map([
    ...(app?.services ?? []).map((one) => [`service ${containerKey(one)}`, canonical(one)] as const),
    ...(app?.networks ?? []).map((one) => [`network ${one.key}`, canonical(one)] as const),
    ...(app?.volumes ?? []).map((one) => [`volume ${one.key}`, canonical(one)] as const),
  ]);
}

/** The same text for the same value, in whichever order its keys were written. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
