import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { devicePageSchema } from '../../../hub/api/schemas.ts';
import { createProgram } from '../../../hub/cli/program.ts';
import { type Device, type Running, startHub, until } from '../running.ts';
import { drift, status } from '../sample.ts';

const OLD = `main@sha1:${'a'.repeat(40)}`;
const QUARANTINED = {
  ...{ revision: `main@sha1:${'b'.repeat(40)}`, reason: 'HealthCheckFailed' as const },
  since: new Date(Date.now() - 7_200_000).toISOString(),
};

let hub: Running;
let late: Device;
beforeAll(async () => {
  hub = await startHub();
  const well = await hub.device('edge-01');
  await well.presence();
  await well.status();
  const bad = await hub.device('edge-02');
  await bad.presence();
  const [ready] = status().conditions;
  if (ready === undefined) throw new Error('the sample has a condition');
  const message = 'web is \u001b[31mdown\u001b[0m\r\nSYSTEM\u202e OK';
  await bad.status({
    health: 'Degraded',
    sync: 'OutOfSync',
    apps: status().apps.map((app) => ({ ...app, sync: 'OutOfSync', revision: OLD, quarantined: QUARANTINED })),
    drift: [drift({ since: new Date(Date.now() - 7_200_000).toISOString() })],
    conditions: [{ ...ready, type: 'Stalled', reason: 'HealthCheckFailed', message }],
  });
  await bad.event({ severity: 'error', reason: 'HealthCheckFailed', message });
  late = await hub.device('edge-03');
});
afterAll(() => hub.stop());

interface Options {
  readonly columns?: number | null;
  readonly colour?: boolean;
  readonly env?: Record<string, string>;
  readonly signal?: AbortSignal;
  readonly onOut?: (text: string) => void;
}

async function holdfast(line: string, options: Options = {}) {
  const { columns = null, colour = false, env = {}, signal = new AbortController().signal, onOut } = options;
  let out = '';
  let err = '';
  const io = {
    out: (text: string) => {
      out += text;
      onOut?.(out);
    },
    err: (text: string) => {
      err += text;
    },
    env: { HOLDFAST_HUB: hub.http, ...env },
    now: Date.now,
    columns,
    colour,
    watched: false,
    signal,
  };
  const exit = await createProgram(io)(line.split(' '));
  return { out, err, exit };
}

test('status says the fleet on one screen and leaves with 1 when something is wrong', async () => {
  const { out, exit } = await holdfast('status');
  expect(exit).toBe(1);
  expect(out).toBe(`2 devices
Presence  2 online
Health    1 Healthy, 1 Degraded
Sync      1 Synced, 1 OutOfSync
Drift     1 open on 1 device
Revision  2 at main@1a2b3c4d

Worst first
DEVICE   PRESENCE  HEALTH    SYNC       DRIFT  REVISION       SEEN${out.includes('just now') ? '      ' : '    '}WHY
edge-02  online    Degraded  OutOfSync  1      main@1a2b3c4d  ${/just now|\ds ago/.exec(out)?.[0]}  HealthCheckFailed: web is down
`);
});

test('get devices is worst first and fits the terminal', async () => {
  const { out, exit } = await holdfast('get devices', { columns: 80 });
  expect(exit).toBe(0);
  const lines = out.trimEnd().split('\n');
  expect(lines.map((line) => line.split(' ')[0])).toEqual(['DEVICE', 'edge-02', 'edge-01']);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  expect(lines[1]).toMatch(/…$/);
});

test('a device cannot steer the terminal: tables hold no control characters', async () => {
  for (const command of ['get devices', 'describe device edge-02', 'events', 'get drift', 'get causes']) {
    const { out } = await holdfast(command);
    expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  }
});

test('json is exact: the message as the device sent it, times as they are', async () => {
  const { out } = await holdfast('get devices -o json');
  const { items } = devicePageSchema.pick({ items: true }).parse(JSON.parse(out));
  expect(items[0]?.message).toBe('web is \u001b[31mdown\u001b[0m\r\nSYSTEM\u202e OK');
  expect(items[0]?.last_seen).toMatch(/^20\d\d-/);
});

test('yaml holds the same as json', async () => {
  const [json, yaml] = [await holdfast('get drift -o json'), await holdfast('get drift -o yaml')];
  expect(parse(yaml.out)).toEqual(JSON.parse(json.out));
});

test('colour only when the terminal has it, and the words stay the same', async () => {
  const plain = await holdfast('get drift');
  const coloured = await holdfast('get drift', { colour: true });
  expect(plain.out).not.toContain('\u001b');
  expect(coloured.out).toContain('\u001b[');
  expect(stripVTControlCharacters(coloured.out)).toBe(plain.out);
});

test('get drift says field, declared, live and for how long', async () => {
  expect((await holdfast('get drift')).out).toBe(`DEVICE   RESOURCE           FIELD           DECLARED       LIVE  FOR
edge-02  service:kiosk/web  environment.TZ  Europe/Berlin  UTC   2h
`);
  expect((await holdfast('get drift --by field')).out).toBe(`FIELD           OPEN  DEVICES  FOR  FOR EXAMPLE
environment.TZ  1     1        2h   edge-02: service:kiosk/web environment.TZ: Europe/Berlin → UTC
`);
});

test('get causes is one line a cause; get rollouts says that there was none', async () => {
  const { out } = await holdfast('get causes');
  expect(out.split('\n')[0]).toMatch(/^CAUSE +APP +REVISION +AFFECTED +RECOVERING +RECOVERED +FOR +FOR EXAMPLE$/);
  expect(out).toMatch(/^drift: environment\.TZ +kiosk +.* 1 +0 +0 .*edge-02: service:kiosk\/web$/m);
  expect((await holdfast('get rollouts')).out).toBe('No revision was rolled out while this hub listened.\n');
});

test('get apps lists apps of all devices, the worst first', async () => {
  const { out } = await holdfast('get apps -l site=berlin');
  expect(out.split('\n')[0]).toBe(
    'APP    DEVICE   HEALTH   SYNC       REVISION                                     PRESENCE',
  );
  expect(out.trimEnd().split('\n')).toHaveLength(3);
  expect(out).toContain('main@aaaaaaaa (main@bbbbbbbb in quarantine)');
});

test('describe shows conditions, apps, drift and events of one device', async () => {
  const { out, exit } = await holdfast('describe device edge-02');
  expect(exit).toBe(0);
  expect(out).toContain('    main@bbbbbbbb is in quarantine  HealthCheckFailed  for 2h  main@aaaaaaaa runs\n');
  for (const part of ['Stalled True', 'kiosk', 'nginx:1.27', 'environment.TZ: Europe/Berlin → UTC', 'Events'])
    expect(out).toContain(part);
});

test('an unknown device is bad news: exit 1, on stderr', async () => {
  expect(await holdfast('describe device nobody')).toEqual({
    out: '',
    err: 'holdfast: no device nobody has reported to this hub\n',
    exit: 1,
  });
});

test('a hub that is not there: exit 2, and how to start one', async () => {
  const { out, err, exit } = await holdfast('status --hub http://127.0.0.1:9');
  expect({ out, exit }).toEqual({ out: '', exit: 2 });
  expect(err).toContain('cannot reach the hub at http://127.0.0.1:9');
  expect(err).toContain('holdfast hub');
});

test.each([
  'get nothing',
  'get devices -o xml',
  'events --limit 9999',
  'reconcile',
  'events --since soon',
  'status --hub nonsense',
])('wrong arguments leave with 2: %s', async (line) => {
  const { out, err, exit } = await holdfast(line);
  expect({ out, exit }).toEqual({ out: '', exit: 2 });
  expect(err).not.toBe('');
});

test('help documents the exit codes', async () => {
  const { out, exit } = await holdfast('--help');
  expect(exit).toBe(0);
  expect(out).toMatch(/0 {2}all is well\n {2}1 {2}bad news.*\n {2}2 {2}no answer/);
});

test('reconcile sends the hint', async () => {
  const { out, exit } = await holdfast('reconcile edge-01');
  expect(exit).toBe(0);
  expect(out).toContain('Asked edge-01');
});

test('events -f prints what was and then what happens, until it is stopped', async () => {
  const stopping = new AbortController();
  let seen = '';
  const following = holdfast('events -f --device edge-03 -o json', {
    signal: stopping.signal,
    onOut: (text) => {
      seen = text;
    },
  });
  await late.event({ seq: 1, message: 'before' });
  await until(
    async () => seen,
    (text) => text.includes('before'),
  );
  await late.event({ seq: 2, message: 'while it follows' });
  await until(
    async () => seen,
    (text) => text.includes('while it follows'),
  );
  stopping.abort();
  const { exit, out } = await following;
  expect(exit).toBe(0);
  const ids = out
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { id: number }).id);
  expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
});
