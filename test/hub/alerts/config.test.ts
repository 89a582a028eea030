import { expect, test } from 'vitest';
import { maintenanceOf, routesOf, rulesOf } from '../../../hub/alerts/config.ts';
import { readHubConfig } from '../../../hub/config.ts';

const read = (text: string, env: Record<string, string> = {}) =>
  readHubConfig({ file: { name: 'hub.yaml', text }, env }).alerts;
const faults = (text: string): string => {
  try {
    read(text);
    return 'accepted';
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
};
const MINUTE = 60_000;

test('without a word there are four rules, and nobody is told', () => {
  const config = read('');
  expect(rulesOf(config).map(({ name, when, forMs, share }) => [name, when, forMs / MINUTE, share])).toEqual([
    ['offline', 'offline', 15, null],
    ['drift', 'drift', 60, null],
    ['stuck', 'stuck', 60, null],
    ['degraded', 'degraded', 10, 0.05],
  ]);
  expect(routesOf(config)).toMatchObject([
    { receivers: [], waitMs: 30_000, intervalMs: 300_000, repeatMs: 14_400_000 },
  ]);
});

test('a rule of a name that is there changes what it names, another one is added, and one can be left out', () => {
  const config = read(`
alerts:
  rules:
    offline: { for: 1h, by: [ site ] }
    drift: { enabled: false }
    half-away: { when: offline, share: 50%, severity: critical, match: { ring: prod }, labels: { team: ops } }
`);
  const rules = rulesOf(config);
  expect(rules.map(({ name }) => name)).toEqual(['offline', 'stuck', 'degraded', 'half-away']);
  expect(rules[0]).toMatchObject({ when: 'offline', forMs: 60 * MINUTE, by: ['site'], severity: 'warning' });
  expect(rules[3]).toEqual({
    ...{ name: 'half-away', when: 'offline', forMs: 15 * MINUTE, share: 0.5, severity: 'critical' },
    ...{ match: { ring: 'prod' }, by: [], labels: { team: 'ops' } },
  });
});

test('receivers without routes get everything; with routes what these say', () => {
  const receivers = 'receivers: { a: { slack: { url_file: /s } }, b: { ntfy: { url: "https://ntfy.sh/t" } } }';
  expect(routesOf(read(`alerts: { ${receivers} }`))).toMatchObject([{ match: {}, receivers: ['a', 'b'] }]);
  const routes = 'routes: [ { match: { severity: critical }, receivers: [ a ], repeat_interval: 1h } ]';
  expect(routesOf(read(`alerts: { ${receivers}, ${routes} }`))).toMatchObject([
    { match: { severity: 'critical' }, receivers: ['a'], repeatMs: 3_600_000, waitMs: 30_000 },
  ]);
});

test('a secret may come from a variable', () => {
  const config = read('alerts: { receivers: { ops: { webhook: { url: "http://x" } } } }', {
    HOLDFAST_HUB_ALERTS__RECEIVERS__OPS__WEBHOOK__SECRET: 'hush',
  });
  expect(config.receivers.ops?.webhook).toEqual({ url: 'http://x', secret: 'hush' });
});

test('maintenance has a window by the clock of its place', () => {
  const config = read(
    'alerts: { maintenance: { sunday: { cron: "0 2 * * SUN", duration: 2h, time_zone: Europe/Berlin } } }',
  );
  expect(maintenanceOf(config)).toEqual([
    { name: 'sunday', window: { cron: '0 2 * * SUN', durationMs: 7_200_000, timeZone: 'Europe/Berlin' }, match: {} },
  ]);
});

test('every fault is said at once, with its place and what to write instead', () => {
  const text = `alerts:
  rules:
    offline: { share: much, sevrity: critical }
    "Bad Name": { when: drift }
  maintenance:
    night: { cron: often, duration: 2h }
`;
  expect(faults(text)).toMatchInlineSnapshot(`
    "hub.yaml:3:23: alerts.rules.offline.share: "much" is no part of the fleet; write one like 5%, or leave share out: one device is enough then
        offline: { share: much, sevrity: critical }
                          ^^^^
    hub.yaml:3:29: alerts.rules.offline.sevrity: unknown key
        offline: { share: much, sevrity: critical }
                                ^^^^^^^ did you mean "severity"?
    hub.yaml:6:20: alerts.maintenance.night.cron: is no schedule; write minute, hour, day of the month, month and day of the week: "0 2 * * MON-FRI"
        night: { cron: often, duration: 2h }
                       ^^^^^"
  `);
});

test('what does not fit together is said with its place', () => {
  const text = `alerts:
  rules:
    away: { for: 5m }
    constructor: { for: 5m }
  routes:
    - { receivers: [ opz ] }
`;
  expect(faults(text)).toMatchInlineSnapshot(`
    "hub.yaml:3:11: alerts.rules.away: say what it watches: add when: offline, drift, stuck or degraded
        away: { for: 5m }
              ^^^^^^^^^^^
    hub.yaml:4:18: alerts.rules.constructor: say what it watches: add when: offline, drift, stuck or degraded
        constructor: { for: 5m }
                     ^^^^^^^^^^^
    hub.yaml:6:22: alerts.routes.0.receivers.0: there is no receiver "opz"; there are none: add receivers
        - { receivers: [ opz ] }
                         ^^^"
  `);
});

test('of receivers no line is shown: it may hold a secret', () => {
  const text = `alerts:
  receivers:
    ops: { slack: { url: https://hidden, urk_file: /b } }
    none: {}
    mail: { email: { host: mail, password: hidden, from: hub, to: [] } }
`;
  expect(faults(text)).toMatchInlineSnapshot(`
    "hub.yaml:3:42: alerts.receivers.ops.slack.urk_file: unknown key
        did you mean "url_file"?
    hub.yaml:4:11: alerts.receivers.none: name one of webhook, slack, discord, ntfy, email, alertmanager
    hub.yaml:5:58: alerts.receivers.mail.email.from: write an address like ops@example.com
    hub.yaml:5:67: alerts.receivers.mail.email.to: has to have 1 entries at least"
  `);
  expect(faults(text)).not.toContain('hidden');
});
