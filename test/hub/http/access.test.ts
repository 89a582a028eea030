// Who may do what over HTTP, on a hub that runs: roles by routes as a table, tokens, sessions, the audit.
import { readFile } from 'node:fs/promises';
import { get } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Role } from '../../../hub/access/roles.ts';
import { auditPageSchema, enrolledSchema, madeTokenSchema, tokenListSchema } from '../../../hub/api/access.ts';
import { errorSchema } from '../../../hub/api/schemas.ts';
import { type Running, startHub, until } from '../running.ts';

let hub: Running;
const tokens: Partial<Record<Role | 'nobody' | 'wrong', string>> = { wrong: `hft_${'x'.repeat(43)}` };

const ask = (
  path: string,
  init: { method?: string; token?: string | undefined; body?: object; headers?: object } = {},
) =>
  fetch(`${hub.http}${path}`, {
    method: init.method ?? 'GET',
    headers: {
      ...(init.token === undefined ? {} : { authorization: `Bearer ${init.token}` }),
      ...(init.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...init.headers,
    },
    ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
  });
const make = async (name: string, role: Role, by?: string, expires_in?: number) => {
  const body = { name, role, ...(expires_in === undefined ? {} : { expires_in }) };
  return madeTokenSchema.parse(await (await ask('/api/v1/tokens', { method: 'POST', token: by, body })).json());
};
const trail = async (query = '') => {
  const answer = await ask(`/api/v1/audit${query}`, { token: tokens.admin });
  return auditPageSchema.parse(await answer.json()).items;
};
const signIn = async (token: string) => {
  const answer = await ask('/api/v1/session', { method: 'POST', body: { token } });
  return { status: answer.status, cookie: answer.headers.get('set-cookie') ?? '' };
};

beforeAll(async () => {
  hub = await startHub();
  const device = await hub.device('edge-01');
  await device.presence();
  // The first one is made by whoever is on the machine; from then on everybody needs one.
  tokens.admin = (await make('root', 'admin')).token;
  tokens.operator = (await make('olga', 'operator', tokens.admin)).token;
  tokens.viewer = (await make('vera', 'viewer', tokens.admin)).token;
});
afterAll(() => hub.stop());

describe('roles by routes', () => {
  const WHO = ['nobody', 'wrong', 'viewer', 'operator', 'admin'] as const;
  const open = [200, 200, 200, 200, 200];
  const seen = [401, 401, 200, 200, 200];
  const acted = [401, 401, 403, 200, 200];
  const admins = [401, 401, 403, 403, 200];
  test.each<[method: string, path: string, expected: readonly number[], body?: object]>([
    ['GET', '/', open],
    ['GET', '/healthz', open],
    ['GET', '/readyz', open],
    ['GET', '/openapi.json', open],
    ['GET', '/metrics', seen],
    ['HEAD', '/metrics', seen],
    ['GET', '/api/v1/summary', seen],
    ['HEAD', '/api/v1/summary', seen],
    ['GET', '/api/v1/devices', seen],
    ['GET', '/api/v1/devices/edge-01', seen],
    ['GET', '/api/v1/drift', seen],
    ['GET', '/api/v1/events', seen],
    ['GET', '/api/v1/stream', seen],
    ['GET', '/api/v1/session', seen],
    ['GET', '/api/v1/nothing', [401, 401, 404, 404, 404]],
    ['POST', '/api/v1/nothing', [401, 401, 403, 404, 404]],
    ['GET', '/api/v1/alerts', seen],
    ['GET', '/api/v1/silences', seen],
    ['POST', '/api/v1/silences', [401, 401, 403, 400, 400], {}],
    ['POST', '/api/v1/silences/9/expire', [401, 401, 403, 404, 404]],
    ['POST', '/api/v1/devices/edge-01/reconcile', acted],
    ['DELETE', '/api/v1/session', seen],
    ['GET', '/api/v1/tokens', admins],
    ['GET', '/api/v1/%74okens', admins],
    ['GET', '/api/v1/credentials', admins],
    ['GET', '/api/v1/audit', admins],
    ['HEAD', '/api/v1/audit', admins],
    ['POST', '/api/v1/tokens', [401, 401, 403, 403, 400], {}],
    ['POST', '/api/v1/tokens/none/revoke', [401, 401, 403, 403, 404]],
    ['POST', '/api/v1/devices/edge-09/enroll', admins],
    ['POST', '/api/v1/devices/edge-09/revoke', admins],
  ])('%s %s', async (method, path, expected, body) => {
    const answers = WHO.map(async (who) => {
      const answer = await ask(path, { method, token: tokens[who], ...(body === undefined ? {} : { body }) });
      await answer.body?.cancel();
      return answer.status;
    });
    expect(await Promise.all(answers)).toEqual(expected);
  });

  test('every route of the API needs somebody, but for signing in', async () => {
    const { paths } = (await (await ask('/openapi.json')).json()) as { paths: Record<string, Record<string, unknown>> };
    const all = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(all.length).toBeGreaterThan(10);
    const free: string[] = [];
    for (const route of all) {
      const [method = '', path = ''] = route.split(' ');
      const answer = await ask(path.replaceAll(/\{\w+\}/g, 'edge-01'), { method });
      if (answer.status !== 401 && answer.status !== 429) free.push(route);
    }
    expect(free).toEqual(['POST /api/v1/session']);
  });
});

test('who lacks a role is told which, and who lacks a token what to do', async () => {
  const refused = await ask('/api/v1/devices/edge-01/reconcile', { method: 'POST', token: tokens.viewer });
  expect(errorSchema.parse(await refused.json()).error.message).toBe(
    'this needs the role operator, and vera is viewer',
  );
});

test('secrets are in no list, and at rest only as hashes', async () => {
  const enrolled = enrolledSchema.parse(
    await (await ask('/api/v1/devices/edge-02/enroll', { method: 'POST', token: tokens.admin })).json(),
  );
  const { cookie } = await signIn(tokens.viewer ?? '');
  const session = /holdfast_session=([^;]+)/.exec(cookie)?.[1] ?? '';
  const secrets = [tokens.admin, tokens.operator, tokens.viewer, enrolled.password, session];
  const files = await Promise.all(['', '-wal'].map((suffix) => readFile(`${hub.db}${suffix}`)));
  const kept = Buffer.concat(files).toString('latin1');
  const lists = await Promise.all(
    ['/api/v1/tokens', '/api/v1/credentials', '/api/v1/audit'].map(async (path) =>
      (await ask(path, { token: tokens.admin })).text(),
    ),
  );
  for (const secret of secrets) {
    expect(secret?.length).toBeGreaterThan(40);
    expect(kept).not.toContain(secret);
    expect(lists.join()).not.toContain(secret);
  }
  expect(kept).toContain('vera');
});

test('a browser signs in for a cookie that no script and no other site gets, and out again', async () => {
  const { status, cookie } = await signIn(tokens.operator ?? '');
  expect(status).toBe(200);
  expect(cookie).toMatch(/; HttpOnly/);
  expect(cookie).toMatch(/; SameSite=Strict/);
  const headers = { cookie: cookie.split(';')[0] };
  expect(await (await ask('/api/v1/session', { headers })).json()).toEqual({
    name: 'olga',
    role: 'operator',
    guarded: true,
  });
  expect((await ask('/api/v1/tokens', { headers })).status).toBe(403);
  expect((await ask('/api/v1/session', { method: 'DELETE', headers })).status).toBe(200);
  expect((await ask('/api/v1/session', { headers })).status).toBe(401);
  expect((await signIn('hft_nothing')).status).toBe(401);
});

test('a token that is revoked ends at once: its requests, its sessions, its open streams', async () => {
  const { token } = await make('guest', 'viewer', tokens.admin);
  const { cookie } = await signIn(token);
  const headers = { cookie: cookie.split(';')[0] };
  const closed = new Promise<string>((resolve, reject) => {
    const asking = get(`${hub.http}/api/v1/stream`, { headers: { authorization: `Bearer ${token}` } }, (response) => {
      response.once('data', () => resolve(new Promise((done) => response.once('close', () => done('closed')))));
      response.on('error', () => undefined);
    });
    asking.on('error', reject);
  });
  await until(
    async () => (await (await ask('/metrics', { token: tokens.admin })).text()).includes('holdfast_stream_clients 1'),
    (is) => is,
  );
  await ask('/api/v1/tokens/guest/revoke', { method: 'POST', token: tokens.admin });
  expect(await closed).toBe('closed');
  expect((await ask('/api/v1/summary', { token })).status).toBe(401);
  expect((await ask('/api/v1/summary', { headers })).status).toBe(401);
});

test('a token is listed with who made it and when it was used; its name is given once', async () => {
  const items = tokenListSchema.parse(await (await ask('/api/v1/tokens', { token: tokens.admin })).json()).items;
  expect(items.map(({ name, role, by }) => `${name} ${role} ${by}`)).toEqual([
    'olga operator root',
    'root admin local',
    'vera viewer root',
  ]);
  expect(items.every(({ used }) => used !== null)).toBe(true);
  const again = await ask('/api/v1/tokens', {
    method: 'POST',
    token: tokens.admin,
    body: { name: 'vera', role: 'admin' },
  });
  expect(again.status).toBe(409);
});

test('every action is in the audit: done, refused and failed, with who and from where', async () => {
  await ask('/api/v1/devices/edge-01/reconcile', { method: 'POST', token: tokens.operator });
  await ask('/api/v1/devices/edge-01/reconcile', { method: 'POST', token: tokens.viewer });
  await ask('/api/v1/devices/nobody/reconcile', { method: 'POST', token: tokens.operator });
  await ask('/api/v1/devices/edge-03/enroll?fleet=acme', { method: 'POST', token: tokens.admin });
  await ask('/api/v1/devices/edge-03/revoke?fleet=acme', { method: 'POST', token: tokens.admin });
  const last = (await trail('?limit=5')).map(({ actor, role, action, subject, outcome, source }) =>
    [actor, role, action, subject, outcome, source].join(' '),
  );
  expect(last).toEqual([
    'root admin device.revoke acme/edge-03 done 127.0.0.1',
    'root admin device.enroll acme/edge-03 done 127.0.0.1',
    'olga operator device.reconcile nobody failed 127.0.0.1',
    'vera viewer device.reconcile edge-01 refused 127.0.0.1',
    'olga operator device.reconcile edge-01 done 127.0.0.1',
  ]);
  expect((await trail('?action=token.create')).map(({ actor, subject }) => `${actor} ${subject}`)).toContain(
    'local root',
  );
  expect((await trail('?action=session.create')).map(({ actor, outcome }) => `${actor} ${outcome}`)).toEqual(
    expect.arrayContaining(['vera done', '- refused']),
  );
});

test('an id that the hubs use at a broker is given to no device', async () => {
  const answer = await ask('/api/v1/devices/holdfast-hub/enroll', { method: 'POST', token: tokens.admin });
  expect(answer.status).toBe(400);
});

test('who guesses tokens is soon told to wait, and fills no audit; who has one is not held up', async () => {
  const guesses = await Promise.all(Array.from({ length: 60 }, () => signIn('hft_guess')));
  expect(guesses.filter(({ status }) => status === 429).length).toBeGreaterThan(20);
  expect((await trail('?actor=-&limit=500')).length).toBeLessThan(40);
  expect((await ask('/api/v1/summary', { token: tokens.viewer })).status).toBe(200);
});

test('another name than this machine needs a token also while there is none', async () => {
  const fresh = await startHub('http: { allowed_hosts: [hub.example.com] }');
  const status = (host: string) =>
    new Promise<number>((resolve, reject) => {
      get(`${fresh.http}/api/v1/summary`, { headers: { host } }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      }).on('error', reject);
    });
  expect([await status('hub.example.com'), await status('localhost')]).toEqual([401, 200]);
  await fresh.stop();
});

test('a body that is too large is refused before it is read', async () => {
  const answer = await ask('/api/v1/tokens', {
    method: 'POST',
    token: tokens.admin,
    body: { name: 'x'.repeat(40_000), role: 'viewer' },
  });
  expect(answer.status).toBe(413);
});
