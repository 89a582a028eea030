// Alerts of a hub that runs: API, stream, command line, silences and their audit.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { auditPageSchema } from '../../../hub/api/access.ts';
import { type AlertItem, alertItemSchema, alertPageSchema, silenceListSchema } from '../../../hub/api/alerts.ts';
import { type Catcher, startCatcher } from '../../support/catcher.ts';
import { holdfast } from '../cli/holdfast.ts';
import { type Running, startHub, until } from '../running.ts';
import { at, drift } from '../sample.ts';

let hub: Running;
let server: Catcher;
beforeAll(async () => {
  server = await startCatcher();
  hub = await startHub(`
alerts:
  interval: 200ms
  recover_after: 0s
  rules: { offline: { for: 1ms, labels: { team: ops } }, degraded: { enabled: false } }
  receivers: { ops: { webhook: { url: ${server.url} } } }
  routes: [ { receivers: [ ops ], group_wait: 0s, match: { team: ops } } ]
`);
});
afterAll(async () => {
  await hub.stop();
  await server[Symbol.asyncDispose]();
});

const page = async () => alertPageSchema.parse((await hub.get('/api/v1/alerts')).body);
const silences = async () => silenceListSchema.parse((await hub.get('/api/v1/silences')).body).items;
const run = (...args: string[]) => holdfast(args, { env: { HOLDFAST_HUB: hub.http }, now: Date.now });

test('what fires is shown, streamed, told and over; a silence holds it back and is in the audit', async () => {
  expect((await run('get', 'alerts')).out).toBe('Nothing fires.\n');
  const streamed: AlertItem[] = [];
  const stop = new AbortController();
  const listening = listen(`${hub.http}/api/v1/stream`, streamed, stop.signal);
  const device = await hub.device('edge-01');
  await device.presence();

  const made = await run('silence', 'add', 'device=edge-01', '--for', '1h', '--reason', 'new disk');
  expect(made).toMatchObject({ exit: 0, out: expect.stringMatching(/^Silence 1 holds until /) });
  expect((await run('silence', 'list')).out).toMatch(/1 +holds +device=edge-01 .* local +new disk/);
  await device.presence({ online: false, ts: new Date(Date.now()).toISOString() });
  const quiet = await until(page, ({ items }) => items.length === 1);
  expect(quiet.items[0]).toMatchObject({
    ...{ state: 'firing', rule: 'offline', devices: 1, of: 1, silenced: 1, silenced_by: ['1'], receivers: ['ops'] },
    summary: 'edge-01 is offline',
    labels: { team: 'ops' },
  });
  expect(server.caught).toEqual([]);

  expect((await run('silence', 'expire', '1')).exit).toBe(0);
  expect(await silences()).toEqual([]);
  expect((await run('silence', 'expire', '1')).err).toContain('there is no silence 1 that is not over');
  await until(
    async () => server.caught.length,
    (count) => count === 1,
  );
  expect(JSON.parse(server.caught[0]?.body ?? '')).toMatchObject({ alerts: [{ action: 'firing', rule: 'offline' }] });
  expect((await run('get', 'alerts')).out).toMatch(/warning +offline +acme +1\/1 .* ops +edge-01 is offline/);
  expect((await page()).receivers).toMatchObject([{ receiver: 'ops', kind: 'webhook', failures: 0, error: null }]);

  await device.presence({ ts: new Date(Date.now() + 1000).toISOString() });
  await until(
    async () => server.caught.length,
    (count) => count === 2,
  );
  expect(JSON.parse(server.caught[1]?.body ?? '')).toMatchObject({ alerts: [{ action: 'resolved', most: 1 }] });
  expect((await page()).items).toMatchObject([{ state: 'resolved' }]);
  await until(
    async () => streamed.at(-1)?.state,
    (state) => state === 'resolved',
  );
  expect(streamed.map(({ state, silenced }) => [state, silenced])).toEqual(
    expect.arrayContaining([
      ['firing', 1],
      ['firing', 0],
      ['resolved', 0],
    ]),
  );
  stop.abort();
  await listening;
  const { items } = auditPageSchema.parse((await hub.get('/api/v1/audit')).body);
  expect(items.map(({ action, subject, outcome }) => `${action} ${subject} ${outcome}`)).toEqual([
    'silence.expire 1 failed',
    'silence.expire 1 done',
    'silence.create 1 device=edge-01 done',
  ]);
});

test('drift, a revision that is stuck, and a device that runs badly are alerts of their own', async () => {
  await using other = await startedWith(
    ['drift', 'stuck', 'degraded'].map((name) => `${name}: { for: 1ms, by: [ site ] }`).join('\n    '),
  );
  const device = await other.hub.device('edge-02');
  await device.presence({ device: 'edge-02' });
  const revision = { desired: `main@sha1:${'2'.repeat(40)}`, applied: null, last_good: null, signed_by: null };
  const why = { reason: 'ImagePullFailed', message: 'no such image', since: at(0) } as const;
  const conditions = [{ type: 'Ready', status: 'False', ...why } as const];
  await device.status({ revision, conditions, health: 'Degraded', drift: [drift()] });
  const { items } = await until(
    async () => alertPageSchema.parse((await other.hub.get('/api/v1/alerts')).body),
    (page) => page.items.length === 3,
  );
  const about = { fleet: 'acme', site: 'berlin' };
  expect(new Map(items.map(({ rule, labels, summary }) => [rule, { labels, summary }]))).toEqual(
    new Map([
      [
        'drift',
        {
          labels: {
            ...about,
            rule: 'drift',
            when: 'drift',
            severity: 'warning',
            app: 'kiosk',
            field: 'environment.TZ',
          },
          summary: 'edge-02 differs from Git in environment.TZ of kiosk',
        },
      ],
      [
        'stuck',
        {
          labels: { ...about, rule: 'stuck', when: 'stuck', severity: 'warning' },
          summary: 'edge-02 does not get to what Git declares',
        },
      ],
      [
        'degraded',
        {
          labels: { ...about, rule: 'degraded', when: 'degraded', severity: 'critical' },
          summary: 'edge-02 runs badly',
        },
      ],
    ]),
  );
  expect(items.find(({ rule }) => rule === 'stuck')?.samples).toMatchObject([
    { reason: why.reason, message: why.message },
  ]);
  await device.status({ seq: 2 });
  await until(
    async () => alertPageSchema.parse((await other.hub.get('/api/v1/alerts?state=resolved')).body),
    (page) => page.items.length === 3,
  );
});

async function startedWith(rules: string) {
  const started = await startHub(`alerts:\n  interval: 200ms\n  recover_after: 0s\n  rules:\n    ${rules}`);
  return { hub: started, [Symbol.asyncDispose]: () => started.stop() };
}

test.each([
  [['add', 'edge-01', '--for', '1h'], /"edge-01" is not a matcher; write name=value/],
  [['add', 'a=b'], /say how long: --for 2h/],
  [['add', 'a=b', '--for', 'long'], /"long" is not a duration/],
  [['add', 'a=b', '--until', '2020-01-01T00:00:00Z'], /over before it begins/],
  [['add', 'a=b', '--until', 'tomorrow'], /--until: "tomorrow" is not a time/],
])('silence %j is refused', async (args, said) => {
  const { exit, err } = await run('silence', ...args, '--reason', 'x');
  expect(err).toMatch(said);
  expect(exit).toBe(2);
});

async function listen(url: string, into: AlertItem[], signal: AbortSignal): Promise<void> {
  try {
    const response = await fetch(url, { signal });
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString();
      for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
        const [, data] = /^event: alert\ndata: (.*)$/.exec(text.slice(0, end)) ?? [];
        if (data !== undefined) into.push(alertItemSchema.parse(JSON.parse(data)));
        text = text.slice(end + 2);
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
