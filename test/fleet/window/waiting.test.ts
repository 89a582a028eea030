// Which version of an app is in force while its maintenance windows are closed: the one that began before.
import { describe, expect, test } from 'vitest';
import type { Desired, DesiredApp } from '../../../fleet/model/desired.ts';
import { NO_ROLLOUT, type Rollout } from '../../../fleet/model/rollout.ts';
import { type Effective, effectiveState } from '../../../fleet/rollout/effective.ts';
import { forAccepted, withBegun, withGoods, withQuarantined } from '../../../fleet/rollout/record.ts';
import { appSpec } from '../../../fleet/rollout/spec.ts';
import { closedApps, formatWaiting, type Now } from '../../../fleet/window/waiting.ts';
import { appOf, desiredOf, networkOf, serviceOf } from '../reconcile/support/desired.ts';

const NIGHTLY = [{ cron: '0 2 * * *', durationMs: 7_200_000, timeZone: 'Europe/Berlin' }];
const DAY = new Date('2026-11-27T12:00:00Z');
const NIGHT = new Date('2026-11-28T01:30:00Z');

function app(image: string, parts: Partial<DesiredApp> = {}): DesiredApp {
  return appOf('kiosk', { windows: NIGHTLY, services: [serviceOf('web', { image })], ...parts });
}

const state = (apps: readonly DesiredApp[], commit: string): Desired => desiredOf(apps, commit);
const shop = (image: string) => appOf('shop', { services: [serviceOf('till', { image })] });
const OLD = state([app('nginx:1')], 'a');
const NEW = state([app('nginx:2')], 'b');

function inForce(declared: Desired, rollout: Rollout, now: Now): Effective {
  return effectiveState(declared, [], rollout, closedApps(declared, rollout, now));
}

/** What is remembered once steps for it have begun, at an hour when every window is open. */
function begun(declared: Desired, rollout = NO_ROLLOUT, now: Now = NIGHT): Rollout {
  return withBegun(rollout, inForce(declared, rollout, now));
}

function good(declared: Desired, rollout = NO_ROLLOUT): Rollout {
  return withGoods(
    rollout,
    [...effectiveState(declared, [], rollout).apps.values()].map(({ version }) => version),
  );
}

/** `app image` of each app in force. */
function images({ desired }: Effective): string[] {
  return desired.apps.map(({ name, services }) => `${name} ${services.map(({ image }) => image).join(' ')}`.trim());
}

describe('while its windows are closed', () => {
  test('a changed app stays as it last began to be applied', () => {
    const effective = inForce(NEW, begun(OLD), DAY);
    expect(images(effective)).toEqual(['kiosk nginx:1']);
    expect(effective.apps.get('kiosk')).toMatchObject({ revision: OLD.revision, waits: true });
    expect(formatWaiting(effective.waiting, DAY)).toBe(
      '1 change of kiosk waits for the window that opens 2026-11-28T02:00+01:00',
    );
  });

  test('without a note of what began, it is what was good', () => {
    expect(images(inForce(NEW, good(OLD), DAY))).toEqual(['kiosk nginx:1']);
  });

  test('a new app waits, and one that Git takes away stays', () => {
    const till = appOf('shop', { windows: NIGHTLY, services: [serviceOf('till')] });
    const effective = inForce(state([till], 'b'), begun(OLD), DAY);
    expect(images(effective)).toEqual(['kiosk nginx:1']);
    expect(formatWaiting(effective.waiting, DAY)).toMatch(/^2 changes of shop, kiosk wait /);
  });

  test('one that Git takes away is still known after the commit is accepted', () => {
    const gone = state([shop('nginx:1')], 'b');
    const record = forAccepted(good(OLD, begun(OLD)), gone);
    expect(images(inForce(gone, record, DAY))).toEqual(['shop nginx:1', 'kiosk nginx:1']);
    expect(images(inForce(gone, record, NIGHT))).toEqual(['shop nginx:1']);
    expect(begun(gone, record).begun.map(({ app: { name } }) => name)).toEqual(['shop']);
  });

  test('one that had none before, and never proved good, runs on as it is', () => {
    const record = good(
      state([shop('nginx:1')], 'a'),
      begun(state([app('nginx:1', { windows: [] }), shop('nginx:1')], 'a')),
    );
    expect(images(inForce(state([app('nginx:2'), shop('nginx:1')], 'b'), record, DAY))).toEqual([
      'kiosk nginx:1',
      'shop nginx:1',
    ]);
  });

  test('the first revision of a device waits for nothing', () => {
    expect(inForce(NEW, NO_ROLLOUT, DAY)).toMatchObject({ desired: NEW, waiting: [] });
  });

  test('a revision that changes nothing of the app, or only how the agent treats it, waits for nothing', () => {
    const more = state([app('nginx:1', { drift: 'warn', healthTimeoutMs: 1 })], 'b');
    expect(inForce(more, begun(OLD), DAY)).toMatchObject({ desired: more, waiting: [] });
  });

  test('what steers the agent holds at once', () => {
    const { desired } = inForce(state([app('nginx:2', { drift: 'warn' })], 'b'), begun(OLD), DAY);
    expect(desired.apps[0]).toMatchObject({ drift: 'warn', services: [{ image: 'nginx:1' }] });
  });

  test('apps without windows change', () => {
    const record = begun(state([app('nginx:1'), shop('nginx:1')], 'a'));
    expect(images(inForce(state([app('nginx:2'), shop('nginx:2')], 'b'), record, DAY))).toEqual([
      'kiosk nginx:1',
      'shop nginx:2',
    ]);
  });

  test('a commit that takes the windows away is applied', () => {
    expect(inForce(state([app('nginx:2', { windows: [] })], 'b'), begun(OLD), DAY).waiting).toEqual([]);
  });

  test('services, networks and volumes are counted one by one', () => {
    const services = [serviceOf('web', { image: 'nginx:2' }), serviceOf('db')];
    const { waiting } = inForce(state([app('', { services, networks: [networkOf('lan')] })], 'b'), begun(OLD), DAY);
    expect(formatWaiting(waiting, DAY)).toMatch(/^3 changes of kiosk wait /);
  });

  test('secrets of what stays are still hidden', () => {
    const secret = (desired: Desired, value: string) => ({ ...desired, secretValues: [value] });
    const { desired } = inForce(secret(NEW, 'new'), begun(secret(OLD, 'old')), DAY);
    expect(desired.secretValues).toEqual(['new', 'old']);
  });

  test('a version that went to quarantine is not tried again before the window opens', () => {
    const bad = state([app('bad:1')], 'b');
    const failed = {
      ...{ app: 'kiosk', spec: appSpec(app('bad:1')), revision: bad.revision, since: '2026-11-27T02:00:00Z' },
      ...{ reason: 'HealthCheckFailed' as const, message: 'kiosk/web: unhealthy' },
    };
    const record = forAccepted(withQuarantined(begun(bad, good(OLD)), failed), NEW);
    const effective = inForce(NEW, record, DAY);
    expect(images(effective)).toEqual(['kiosk nginx:1']);
    expect(effective.apps.get('kiosk')?.quarantined?.revision).toBe(bad.revision);
    expect(images(inForce(NEW, record, NIGHT))).toEqual(['kiosk nginx:2']);
  });
});

test('when a window opens, what is declared is in force', () => {
  expect(inForce(NEW, begun(OLD), NIGHT)).toMatchObject({ desired: NEW, waiting: [] });
});

test('what began in a window is finished after it has closed', () => {
  expect(inForce(NEW, begun(NEW, begun(OLD)), DAY)).toMatchObject({ desired: NEW, waiting: [] });
});

test('what was looked at in a window, and did not begin there, still waits', () => {
  const record = begun(OLD);
  expect(images(inForce(NEW, record, NIGHT))).toEqual(['kiosk nginx:2']);
  expect(images(inForce(NEW, record, DAY))).toEqual(['kiosk nginx:1']);
});

test('what waited while another app changed is still what it was', () => {
  const before = begun(state([app('nginx:1'), shop('nginx:1')], 'a'));
  const mixed = begun(state([app('nginx:2'), shop('nginx:2')], 'b'), before, DAY);
  const later = inForce(state([app('nginx:3'), shop('nginx:2')], 'c'), mixed, DAY);
  expect(images(later)).toEqual(['kiosk nginx:1', 'shop nginx:2']);
});

test('that nothing new began changes no record', () => {
  const record = begun(OLD);
  expect(begun(OLD, record)).toBe(record);
  expect(begun(NEW, record, DAY)).toBe(record);
});

test('a suspended app has not begun', () => {
  const suspended = state([app('nginx:2', { suspend: true })], 'b');
  expect(begun(suspended).begun).toEqual([]);
  expect(begun(suspended, begun(OLD)).begun.map(({ revision }) => revision)).toEqual([OLD.revision]);
});

test('while the clock cannot be believed every window is closed, which is said', () => {
  const effective = inForce(NEW, begun(OLD), null);
  expect(images(effective)).toEqual(['kiosk nginx:1']);
  expect(formatWaiting(effective.waiting, null)).toContain(
    '1 change of kiosk waits: the clock of this host is not synchronised',
  );
});

test('a sentence names few apps', () => {
  const apps = Array.from({ length: 8 }, (_, index) =>
    appOf(`a${index}`, { windows: NIGHTLY, services: [serviceOf('x')] }),
  );
  const { waiting } = inForce(state(apps, 'b'), good(state([shop('nginx:1')], 'a')), DAY);
  expect(formatWaiting(waiting, DAY)).toBe(
    '8 changes of a0, a1, a2, a3, a4 and 3 more wait for the window that opens 2026-11-28T02:00+01:00',
  );
});
