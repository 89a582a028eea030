import { describe, expect, test } from 'vitest';
import type { Route } from '../../../hub/alerts/config.ts';
import { decide, MESSAGE_ALERTS, RETRY, receiversOf, retryAt } from '../../../hub/alerts/decide.ts';
import type { Alert, ReceiverState, Told } from '../../../hub/alerts/model.ts';
import { alert, MINUTE, min } from './sample.ts';

const OPS = { id: 'ops/slack', receiver: 'ops', continuous: false };
const AM = { id: 'am/alertmanager', receiver: 'am', continuous: true };
const route = (changes: Partial<Route> = {}): Route => ({
  match: {},
  receivers: ['ops', 'am'],
  continue: false,
  waitMs: MINUTE / 2,
  intervalMs: 5 * MINUTE,
  repeatMs: 240 * MINUTE,
  ...changes,
});
const told = (at: number, changes: Partial<Told> = {}): Told => ({
  ...{ alert: 7, receiver: OPS.id, state: 'firing', at, joined: min(15) },
  ...changes,
});
interface Given {
  readonly alerts?: readonly Alert[];
  readonly told?: readonly Told[];
  readonly states?: readonly ReceiverState[];
  readonly routes?: readonly Route[];
  readonly destinations?: readonly (typeof OPS)[];
  readonly now: number;
}
/** `ops/slack: firing 7` */
const said = (given: Given) =>
  decide({ alerts: [alert()], told: [], states: [], routes: [route()], destinations: [OPS], ...given }).flatMap(
    ({ destination, due }) => due.map((one) => `${destination.id}: ${one.action} ${one.alert.id}`),
  );
const failing = (retry: number): ReceiverState => ({
  ...{ receiver: OPS.id, failures: 3, retryAt: retry, error: 'answered 500', okAt: null },
});

describe('a receiver', () => {
  const firing = ['ops/slack: firing 7'];
  const over = alert({ resolved: min(60), devices: 300 });
  test.each<[what: string, given: Given, expected: readonly string[]]>([
    ['is not told while others may join', { now: min(15.4) }, []],
    ['is told after that', { now: min(15.5) }, firing],
    ['is told once', { told: [told(min(16))], now: min(17) }, []],
    [
      'is told of more devices',
      { alerts: [alert({ joined: min(20) })], told: [told(min(16))], now: min(21) },
      ['ops/slack: grown 7'],
    ],
    [
      'is not told of them all the time',
      { alerts: [alert({ joined: min(20) })], told: [told(min(16))], now: min(20) },
      [],
    ],
    ['is not told of fewer devices', { alerts: [alert({ devices: 3 })], told: [told(min(16))], now: min(60) }, []],
    ['is told again of what still fires', { told: [told(min(16))], now: min(256) }, ['ops/slack: repeated 7']],
    [
      'is told of the end of what it was told of',
      { alerts: [over], told: [told(min(16))], now: min(60) },
      ['ops/slack: resolved 7'],
    ],
    ['is told of the end once', { alerts: [over], told: [told(min(61), { state: 'resolved' })], now: min(62) }, []],
    ['is not told of the end of what it never heard of', { alerts: [over], now: min(60) }, []],
    ['is not told of an end that is a day old', { alerts: [over], told: [told(min(16))], now: min(60 + 24 * 60) }, []],
    ['is told nothing under a silence', { alerts: [alert({ loud: false })], now: min(60) }, []],
    ['is told when the silence has ended', { alerts: [alert({ loud: true })], now: min(600) }, firing],
    [
      'is told of the end also under a silence',
      { alerts: [{ ...over, loud: false }], told: [told(min(16))], now: min(60) },
      ['ops/slack: resolved 7'],
    ],
    ['is not told of what is about to be over', { alerts: [alert({ quiet: min(16) })], now: min(16) }, []],
    ['is left alone while it fails', { states: [failing(min(30))], now: min(29) }, []],
    ['is tried again then', { states: [failing(min(30))], now: min(30) }, firing],
    ['that no route leads to is told nothing', { routes: [route({ receivers: ['others'] })], now: min(60) }, []],
    [
      'that a route led to is told of the end',
      { routes: [], alerts: [over], told: [told(min(16))], now: min(61) },
      ['ops/slack: resolved 7'],
    ],
    ['that repeats by itself is told at once', { destinations: [AM], now: min(15) }, ['am/alertmanager: firing 7']],
    [
      'that repeats by itself is told every minute',
      { destinations: [AM], told: [told(min(15), { receiver: AM.id })], now: min(16) },
      ['am/alertmanager: repeated 7'],
    ],
  ])('%s', (_, given, expected) => {
    expect(said(given)).toEqual(expected);
  });

  test('that was away for a day gets what still fires, worst first, and the ends of what it knew', () => {
    const alerts = [
      ...Array.from({ length: 50 }, (_, n) => alert({ id: 100 + n, resolved: min(1400) })),
      alert({ id: 1, severity: 'info' }),
      alert({ id: 2, severity: 'critical' }),
      alert({ id: 3, resolved: min(1400), severity: 'info' }),
    ];
    const known = [told(min(16), { alert: 3 })];
    expect(said({ alerts, told: known, now: min(1440) })).toEqual([
      'ops/slack: firing 2',
      'ops/slack: firing 1',
      'ops/slack: resolved 3',
    ]);
  });

  test('gets a bounded message, and the rest with the next', () => {
    const alerts = Array.from({ length: MESSAGE_ALERTS + 5 }, (_, n) => alert({ id: n + 1 }));
    const first = said({ alerts, now: min(60) });
    expect(first).toHaveLength(MESSAGE_ALERTS);
    const known = Array.from({ length: MESSAGE_ALERTS }, (_, n) => told(min(60), { alert: n + 1 }));
    expect(said({ alerts, told: known, now: min(60) })).toHaveLength(5);
  });
});

test.each<[labels: Record<string, string>, expected: readonly string[]]>([
  [{ severity: 'critical', site: 'berlin' }, ['pager', 'berlin']],
  [{ severity: 'critical' }, ['pager', 'all']],
  [{ severity: 'warning', site: 'berlin' }, ['berlin']],
  [{}, ['all']],
])('an alert with %j goes to %j', (labels, expected) => {
  const routes = [
    route({ match: { severity: 'critical' }, receivers: ['pager'], continue: true }),
    route({ match: { site: 'berlin' }, receivers: ['berlin'] }),
    route({ receivers: ['all'] }),
  ];
  expect(receiversOf({ labels }, routes)).toEqual(expected);
});

test.each<[failures: number, asked: number | null, least: number, most: number]>([
  [1, null, RETRY.firstMs * 0.75, RETRY.firstMs],
  [4, null, RETRY.firstMs * 6, RETRY.firstMs * 8],
  [1, 30_000, 30_000, 30_000],
  [500, null, RETRY.capMs * 0.75, RETRY.capMs],
  [1, 1e12, RETRY.capMs, RETRY.capMs],
])('after %i failures, asked to wait %j ms, it is tried again within bounds', (failures, asked, least, most) => {
  for (const random of [0, 0.5, 0.999]) {
    const wait = retryAt(failures, 1_000, random, asked) - 1_000;
    expect(wait).toBeGreaterThanOrEqual(least);
    expect(wait).toBeLessThanOrEqual(most);
  }
});
