// Alerts, what was told of them, and silences, on whichever engine: run against SQLite and PostgreSQL.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { memoryKey } from '../../../hub/alerts/facts.ts';
import { judge } from '../../../hub/ingest/judge.ts';
import { type AlertStore, createAlertStore } from '../../../hub/store/alerts.ts';
import { openStore, type Store } from '../../../hub/store/store.ts';
import { alert, min } from '../alerts/sample.ts';
import { drift, START, status } from '../sample.ts';

export function alertTests(address: () => Promise<string>): void {
  let store: Store;
  let alerts: AlertStore;
  beforeEach(async () => {
    store = await openStore({ url: await address() });
    alerts = createAlertStore(store.database);
  });
  afterEach(() => store.close());

  const unstored = alert({ id: 0 });
  const report = (changes: Parameters<typeof status>[0], now: number) =>
    store.update(
      [{ fleet: 'acme', device: 'edge-01' }],
      (known) => {
        const message = {
          fleet: 'acme',
          device: 'edge-01',
          leaf: 'status',
          retained: false,
          body: status(changes),
        } as const;
        return judge([{ kind: 'message', message }], known, now, { newDevices: 9, staleAfterMs: 60_000 }).changes;
      },
      now,
    );

  test('an alert is read back as it was, changes, and is over', async () => {
    const [made] = await alerts.write([unstored], [], min(15));
    expect(await alerts.firing()).toEqual([made]);
    expect(made).toEqual({ ...unstored, id: made?.id });
    const grown = alert({ id: made?.id ?? 0, devices: 400, silencedBy: ['1'], quiet: min(20) });
    await alerts.write([grown], await alerts.firing(), min(20));
    expect(await alerts.firing()).toEqual([grown]);
    await alerts.write([{ ...grown, resolved: min(21) }], [grown], min(21));
    expect(await alerts.firing()).toEqual([]);
    expect(await alerts.resolved(min(21), 10)).toEqual([{ ...grown, resolved: min(21) }]);
    expect(await alerts.resolved(min(22), 10)).toEqual([]);
  });

  test('a cause fires once, also when two hubs see it at once, and again when it was over', async () => {
    const both = await Promise.all([alerts.write([unstored], [], min(15)), alerts.write([unstored], [], min(15))]);
    expect(both.flat()).toHaveLength(1);
    const firing = await alerts.firing();
    await alerts.write([{ ...alert(), id: firing[0]?.id ?? 0, resolved: min(20) }], firing, min(20));
    const [second] = await alerts.write([unstored], [], min(30));
    expect(second?.id).not.toBe(firing[0]?.id);
  });

  test('what was told stays with its alert, with how sending goes', async () => {
    const [made] = await alerts.write([unstored], [], min(15));
    const told = {
      alert: made?.id ?? 0,
      receiver: 'ops/slack',
      state: 'firing',
      at: min(16),
      joined: min(15),
    } as const;
    const state = { receiver: 'ops/slack', failures: 0, retryAt: 0, error: null, okAt: min(16) };
    await alerts.sent([told], state);
    await alerts.sent([{ ...told, at: min(17) }], { ...state, failures: 2, retryAt: min(18), error: 'answered 500' });
    expect(await alerts.told(min(0))).toEqual([{ ...told, at: min(17) }]);
    expect(await alerts.states()).toEqual([{ ...state, failures: 2, retryAt: min(18), error: 'answered 500' }]);
    await alerts.write([{ ...alert(), id: told.alert, resolved: min(20) }], await alerts.firing(), min(20));
    expect(await alerts.told(min(20))).toHaveLength(1);
    expect(await alerts.told(min(21))).toEqual([]);
    await alerts.prune(min(20) + 31 * 24 * 3_600_000);
    expect([await alerts.resolved(0, 10), await alerts.told(0)]).toEqual([[], []]);
  });

  test('silences hold until they end or are ended', async () => {
    const matchers = [{ name: 'site', op: '=~', value: 'ber.*' }] as const;
    const given = { matchers, starts: min(0), ends: min(60), by: 'anna', reason: 'new switch' };
    const made = await alerts.addSilence(given);
    expect(await alerts.silences(min(59))).toEqual([{ ...given, id: made.id }]);
    expect(await alerts.silences(min(60))).toEqual([]);
    expect(await alerts.expireSilence('999', min(1))).toBe(false);
    expect(await alerts.expireSilence('x', min(1))).toBe(false);
    expect(await alerts.expireSilence(made.id, min(1))).toBe(true);
    expect(await alerts.expireSilence(made.id, min(2))).toBe(false);
    expect(await alerts.silences(min(2))).toEqual([]);
  });

  test('drift that is open since before a time, and since when a device is in trouble or wants what it does not run', async () => {
    const wanted = (name: string) => `main@sha1:${name.repeat(40)}`;
    const revision = { desired: wanted('1'), applied: wanted('1'), last_good: null, signed_by: null };
    await report({ revision }, START);
    const failing = {
      type: 'Ready',
      status: 'False',
      reason: 'ImagePullFailed',
      message: 'x',
      since: '2026-03-01T12:00:00.000Z',
    } as const;
    const behind = { ...revision, desired: wanted('2') };
    await report({ seq: 2, revision: behind, drift: [drift()], conditions: [failing], health: 'Degraded' }, min(5));
    const open = {
      fleet: 'acme',
      device: 'edge-01',
      app: 'kiosk',
      field: 'environment.TZ',
      resource: 'service:kiosk/web',
    };
    expect(await alerts.drift(min(5))).toEqual([{ ...open, opened: min(5) }]);
    expect(await alerts.drift(min(4))).toEqual([]);
    const key = { fleet: 'acme', device: 'edge-01' };
    const unknown = { fleet: 'acme', device: 'edge-09' };
    const seed = await alerts.seed(
      [key, unknown],
      [
        { ...key, revision: wanted('2') },
        { ...unknown, revision: wanted('2') },
      ],
    );
    expect([...seed].sort()).toEqual([
      [memoryKey('degraded', 'acme', 'edge-01'), min(5)],
      [memoryKey('stuck', 'acme', 'edge-01'), min(5)],
    ]);
  });
}
