import { expect, it } from 'vitest';
import { createWindows } from '../../../agent/loop/windows.ts';
import type { NewEvent } from '../../../agent/mqtt/reporter.ts';
import type { Desired } from '../../../fleet/model/desired.ts';
import { NO_ROLLOUT } from '../../../fleet/model/rollout.ts';
import { effectiveState } from '../../../fleet/rollout/effective.ts';
import { appOf, desiredOf, serviceOf } from '../../fleet/reconcile/support/desired.ts';

const DAY = new Date('2026-11-27T12:00:00Z');

function state(image: string, commit: string): Desired {
  const windows = [{ cron: '0 2 * * *', durationMs: 7_200_000, timeZone: 'Europe/Berlin' }];
  return desiredOf([appOf('kiosk', { windows, services: [serviceOf('web', { image })] })], commit);
}

function windowsAt(clockSynced: boolean) {
  const events: NewEvent[] = [];
  const parts = { now: () => DAY, clockSynced: async () => clockSynced };
  return { events, windows: createWindows(parts, (event) => events.push(event)) };
}

const version = [...effectiveState(state('nginx:1', 'a'), [], NO_ROLLOUT).apps.values()].map((one) => one.version);
const WAITING = effectiveState(state('nginx:2', 'b'), [], { ...NO_ROLLOUT, begun: version }, new Set(['kiosk']));
const NOTHING = effectiveState(state('nginx:2', 'b'), [], NO_ROLLOUT);

it('what waits is told once for as long as it waits, with the time until its window opens', async () => {
  const { windows, events } = windowsAt(true);
  const now = await windows.now();
  const message = '1 change of kiosk waits for the window that opens 2026-11-28T02:00+01:00';
  for (let look = 0; look < 3; look++)
    expect(windows.held(WAITING, now)).toEqual({ message, opensInMs: 13 * 3_600_000 });
  expect(windows.held(NOTHING, now)).toEqual({ message: null, opensInMs: null });
  expect(events.map((event) => event.message)).toEqual([message]);
  windows.held(WAITING, now);
  expect(events).toHaveLength(2);
});

it('no window opens by a clock that cannot be believed', async () => {
  const { windows } = windowsAt(false);
  expect(await windows.now()).toBeNull();
  expect(windows.held(WAITING, null)).toMatchObject({ opensInMs: null });
});
