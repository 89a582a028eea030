import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  causePageSchema,
  devicePageSchema,
  deviceSchema,
  driftPageSchema,
  errorSchema,
  eventPageSchema,
  historySchema,
  rolloutPageSchema,
  summarySchema,
} from '../../../hub/api/schemas.ts';
import { type Running, startHub, until } from '../running.ts';
import { drift, event, status } from '../sample.ts';

let hub: Running;

beforeAll(async () => {
  hub = await startHub();
  const well = await hub.device('edge-01');
  await well.presence();
  await well.status();
  const drifted = await hub.device('edge-02');
  await drifted.presence();
  await drifted.status({
    sync: 'OutOfSync',
    labels: { site: 'paris', ring: 'canary' },
    drift: [drift(), drift({ resource: 'network:kiosk/front', kind: 'missing', field: null })],
  });
  const broken = await hub.device('edge-03');
  await broken.presence();
  await broken.status({ health: 'Degraded', labels: { site: 'paris' }, drift: [drift()] });
  await broken.event({ severity: 'error', reason: 'HealthCheckFailed', message: 'web is unhealthy' });
});
afterAll(() => hub.stop());

const ids = async (query: string) =>
  devicePageSchema.parse((await hub.get(`/api/v1/devices${query}`)).body).items.map(({ id }) => id);

test('devices are listed worst first, with what a list needs', async () => {
  const page = devicePageSchema.parse((await hub.get('/api/v1/devices')).body);
  expect(page.items.map(({ id }) => id)).toEqual(['edge-03', 'edge-02', 'edge-01']);
  expect(page.items[1]).toMatchObject({
    fleet: 'acme',
    presence: 'online',
    sync: 'OutOfSync',
    drift: 2,
    reason: 'Succeeded',
  });
  expect(page.next).toBeNull();
});

test.each([
  ['?sync=OutOfSync', ['edge-02']],
  ['?health=Degraded', ['edge-03']],
  ['?presence=offline', []],
  ['?label=site%3Dparis&sort=id', ['edge-02', 'edge-03']],
  ['?label=site%3Dparis&label=ring%3Dcanary', ['edge-02']],
  ['?label=ring', ['edge-02']],
  ['?q=EDGE-01', ['edge-01']],
  ['?q=canary', ['edge-02']],
  ['?sort=drift', ['edge-02', 'edge-03', 'edge-01']],
  ['?sort=id&limit=2', ['edge-01', 'edge-02']],
])('devices%s', async (query, expected) => {
  expect(await ids(query)).toEqual(expected);
});

test('a cursor leads through all devices without repeating one', async () => {
  const seen: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const { body } = await hub.get(`/api/v1/devices?limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`);
    const page = devicePageSchema.parse(body);
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.next;
  }
  expect(seen).toEqual(['edge-03', 'edge-02', 'edge-01']);
});

test.each(['?limit=501', '?limit=0', '?sync=Nope', '?sort=x', '?cursor=bm9wZQ'])(
  'devices%s is a 400 that says why',
  async (query) => {
    const { status: code, body } = await hub.get(`/api/v1/devices${query}`);
    expect(code).toBe(400);
    expect(errorSchema.parse(body).error).toMatchObject({ code: 'BadRequest' });
    expect(errorSchema.parse(body).error.message).toMatch(/limit|sync|sort|cursor/);
  },
);

test('one device is whole: the status as it was sent, and its events', async () => {
  const { body } = await hub.get('/api/v1/devices/edge-03');
  const device = deviceSchema.parse(body);
  expect(device.status).toEqual(
    status({ device: 'edge-03', health: 'Degraded', labels: { site: 'paris' }, drift: [drift()] }),
  );
  expect(device.events.map(({ reason }) => reason)).toEqual(['HealthCheckFailed', 'Online']);
});

test('an unknown device and an unknown path are a 404 in JSON', async () => {
  for (const path of ['/api/v1/devices/nobody', '/api/v1/nothing', '/nothing']) {
    const { status: code, body } = await hub.get(path);
    expect(code).toBe(404);
    expect(errorSchema.parse(body).error.code).toBe('NotFound');
  }
});

test('drift is listed and grouped', async () => {
  const list = driftPageSchema.parse((await hub.get('/api/v1/drift')).body);
  expect(list.total).toBe(3);
  expect(list.items[0]).toMatchObject({
    device: 'edge-02',
    app: 'kiosk',
    service: 'web',
    desired: 'Europe/Berlin',
    observed: 'UTC',
  });
  const groups = driftPageSchema.parse((await hub.get('/api/v1/drift?by=field')).body);
  expect(groups.items).toEqual([]);
  expect(groups.groups.map(({ key, open, devices }) => `${key} ${open} ${devices}`)).toEqual([
    'environment.TZ 2 2',
    'missing 1 1',
  ]);
});

test('drift is grouped by label too, and causes name what is behind it', async () => {
  const groups = driftPageSchema.parse((await hub.get('/api/v1/drift?by=label')).body).groups;
  expect(groups.map(({ key, open, devices }) => `${key} ${open} ${devices}`)).toEqual([
    'site=paris 3 2',
    'ring=canary 2 1',
  ]);
  const causes = causePageSchema.parse((await hub.get('/api/v1/causes')).body).items;
  expect(causes.map(({ kind, reason, affected }) => `${kind} ${reason} ${affected}`)).toEqual([
    'drift environment.TZ 2',
    'drift missing 1',
  ]);
});

test('history and rollouts answer, also when there is nothing yet', async () => {
  expect(historySchema.parse((await hub.get('/api/v1/history?points=10')).body).drift_minutes).toBe(0);
  expect(rolloutPageSchema.parse((await hub.get('/api/v1/rollouts?limit=1')).body).items).toEqual([]);
  expect((await hub.get('/api/v1/history?points=0')).status).toBe(400);
});

test('the summary counts and names the worst', async () => {
  const summary = summarySchema.parse((await hub.get('/api/v1/summary')).body);
  expect(summary).toMatchObject({
    devices: 3,
    presence: { online: 3, offline: 0, stale: 0 },
    sync: { Synced: 2, OutOfSync: 1 },
    drift: { devices: 2, open: 3 },
  });
  expect(summary.worst.map(({ id }) => id)).toEqual(['edge-03', 'edge-02']);
});

test('events are the newest first, filtered and paged', async () => {
  const errors = eventPageSchema.parse((await hub.get('/api/v1/events?severity=error')).body);
  expect(errors.items).toMatchObject([{ device: 'edge-03', reason: 'HealthCheckFailed', message: 'web is unhealthy' }]);
  const first = eventPageSchema.parse((await hub.get('/api/v1/events?limit=3')).body);
  const second = eventPageSchema.parse((await hub.get(`/api/v1/events?limit=3&cursor=${first.next}`)).body);
  expect([...first.items, ...second.items].map(({ reason }) => reason)).toEqual([
    'HealthCheckFailed',
    'Online',
    'Online',
    'Online',
  ]);
  expect(second.next).toBeNull();
  const future = new Date(Date.now() + 60_000).toISOString();
  expect(eventPageSchema.parse((await hub.get(`/api/v1/events?since=${future}`)).body).items).toEqual([]);
});

test('an event that arrives twice is recorded once', async () => {
  const device = await hub.device('edge-04');
  await device.event({ seq: 77 });
  await device.event({ seq: 77 });
  const page = eventPageSchema.parse((await hub.get('/api/v1/events?device=edge-04')).body);
  expect(page.items.map(({ message }) => message)).toEqual([event().message]);
});

test('a hint reaches the device, not retained, and is in the audit trail', async () => {
  const device = await hub.device('edge-01');
  const hints: string[] = [];
  device.client.on('message', (topic, payload, packet) =>
    hints.push(`${topic} ${packet.qos} ${packet.retain} ${payload}`),
  );
  await device.client.subscribeAsync('holdfast/v1/acme/edge-01/cmd/reconcile', { qos: 1 });
  const response = await fetch(`${hub.http}/api/v1/devices/edge-01/reconcile`, { method: 'POST' });
  expect(await response.json()).toEqual({ sent: true });
  await until(
    async () => hints,
    (all) => all.length === 1,
  );
  expect(hints[0]).toMatch(/^holdfast\/v1\/acme\/edge-01\/cmd\/reconcile 1 false \{"schema":1,"ts":"20/);
  const trail = eventPageSchema.parse((await hub.get('/api/v1/events?device=edge-01&limit=1')).body);
  expect(trail.items[0]?.reason).toBe('Hint');
});

test('a hint for an unknown device is a 404; one from another site is refused', async () => {
  const post = (id: string, headers: Record<string, string>) =>
    fetch(`${hub.http}/api/v1/devices/${id}/reconcile`, { method: 'POST', headers });
  expect((await post('nobody', {})).status).toBe(404);
  expect((await post('edge-01', { origin: 'https://evil.example' })).status).toBe(403);
  expect((await post('edge-01', { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  expect((await post('edge-01', { origin: hub.http })).status).toBe(200);
});

test('an id that two fleets have needs the fleet', async () => {
  const other = await hub.client({ clientId: 'holdfast:beta:edge-02' });
  await other.publishAsync('holdfast/v1/beta/edge-02/status', JSON.stringify(status({ device: 'edge-02' })), {
    qos: 1,
  });
  const { status: code, body } = await hub.get('/api/v1/devices/edge-02');
  expect(code).toBe(409);
  expect(errorSchema.parse(body).error.message).toContain('?fleet=');
  expect(deviceSchema.parse((await hub.get('/api/v1/devices/edge-02?fleet=beta')).body).fleet).toBe('beta');
});

test('metrics have bounded labels: nothing that a device says becomes one', async () => {
  const device = await hub.device('edge-05');
  await device.status({ labels: { secret: 'label-value' } });
  await device.client.publishAsync('holdfast/v1/acme/edge-05/status', 'not json', { qos: 1 });
  const text = await (await fetch(`${hub.http}/metrics`)).text();
  expect(text).toMatch(/^holdfast_messages_dropped_total\{cause="malformed"\} 1$/m);
  expect(text).toMatch(/^holdfast_messages_dropped_total\{cause="duplicate"\} 0$/m);
  expect(text).toMatch(/^holdfast_devices_by_health\{health="Degraded"\} 1$/m);
  expect(text).not.toMatch(/edge-05|label-value|kiosk/);
});

test('probes and the API description answer', async () => {
  expect(await (await fetch(`${hub.http}/healthz`)).text()).toBe('ok\n');
  expect(await (await fetch(`${hub.http}/readyz`)).text()).toBe('ok\n');
  const { body } = await hub.get('/openapi.json');
  expect(Object.keys((body as { paths: object }).paths)).toEqual([
    '/api/v1/summary',
    '/api/v1/devices',
    '/api/v1/devices/{id}',
    '/api/v1/devices/{id}/reconcile',
    '/api/v1/drift',
    '/api/v1/events',
    '/api/v1/causes',
    '/api/v1/history',
    '/api/v1/rollouts',
    '/api/v1/rejects',
    '/api/v1/alerts',
    '/api/v1/silences',
    '/api/v1/silences/{id}/expire',
    '/api/v1/session',
    '/api/v1/tokens',
    '/api/v1/tokens/{name}/revoke',
    '/api/v1/devices/{id}/enroll',
    '/api/v1/devices/{id}/revoke',
    '/api/v1/credentials',
    '/api/v1/audit',
  ]);
});

test('the page says how to build the dashboard when it is not built, under a strict policy', async () => {
  const response = await fetch(`${hub.http}/`);
  expect(await response.text()).toContain('npm run build:web');
  expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'self';/);
  expect(response.headers.get('content-security-policy')).not.toContain('unsafe');
});
