import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hostAllowed, sameSite } from '../../../hub/http/guard.ts';
import { type Running, startHub } from '../running.ts';

let folder: string;
let hub: Running;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-web-'));
  await mkdir(join(folder, 'dist', 'assets'), { recursive: true });
  await writeFile(join(folder, 'dist', 'index.html'), '<!doctype html><title>Holdfast</title>');
  await writeFile(join(folder, 'dist', 'assets', 'index-Ab12Cd_4.js'), 'export {};');
  await writeFile(join(folder, 'secret.txt'), 'secret');
  hub = await startHub('', join(folder, 'dist'));
});
afterAll(async () => {
  await hub.stop();
  await rm(folder, { recursive: true });
});

/** Sends the path as it is; fetch would tidy it. */
function raw(path: string, headers: Record<string, string> = {}): Promise<{ status: number; body: string }> {
  const { hostname, port } = new URL(hub.http);
  return new Promise((resolve, reject) => {
    const asking = request({ hostname, port, path, headers }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    asking.on('error', reject);
    asking.end();
  });
}

test('the dashboard is served: its page always fresh, its hashed files for ever', async () => {
  const page = await fetch(`${hub.http}/`);
  expect(await page.text()).toContain('<title>Holdfast</title>');
  expect(page.headers.get('cache-control')).toBe('no-cache');
  const script = await fetch(`${hub.http}/assets/index-Ab12Cd_4.js`);
  expect(script.headers.get('cache-control')).toContain('immutable');
  expect(script.headers.get('content-type')).toContain('text/javascript');
  expect(script.headers.get('x-content-type-options')).toBe('nosniff');
  expect((await fetch(`${hub.http}/api/v1/summary`)).headers.get('cache-control')).toBe('no-store');
});

test.each([
  '/../secret.txt',
  '/assets/../../secret.txt',
  '/%2e%2e/secret.txt',
  '/..%2fsecret.txt',
  '/assets/..%5c..%5csecret.txt',
])('no path leads out of the dashboard: %s', async (path) => {
  const { status, body } = await raw(path);
  expect(status).toBe(404);
  expect(body).not.toContain('secret\n');
});

test('on loopback another Host name is refused: DNS rebinding leads nowhere', async () => {
  expect(await raw('/api/v1/summary', { host: 'evil.example' })).toMatchObject({ status: 421 });
  expect(await raw('/', { host: 'evil.example:8080' })).toMatchObject({ status: 421 });
  expect(await raw('/api/v1/summary', { host: 'localhost:8080' })).toMatchObject({ status: 200 });
});

test.each([
  ['localhost:8080', '127.0.0.1', [], true],
  ['127.0.0.1', '127.0.0.1', [], true],
  ['[::1]:8080', '::1', [], true],
  ['127.0.0.1.evil.example', '127.0.0.1', [], false],
  [undefined, '127.0.0.1', [], false],
  ['hub.example.com', '127.0.0.1', ['hub.example.com'], true],
  ['hub.example.com', '0.0.0.0', [], true],
])('Host %s while listening on %s, allowed %j: %s', (host, listen, allowed, expected) => {
  expect(hostAllowed(host, listen, allowed)).toBe(expected);
});

test.each([
  [{ fetchSite: 'same-origin' }, true],
  [{ fetchSite: 'none' }, true],
  [{ fetchSite: 'cross-site' }, false],
  [{ fetchSite: 'same-site' }, false],
  [{ origin: 'http://hub:8080' }, true],
  [{ origin: 'http://hub:9090' }, false],
  [{ origin: 'null' }, false],
  [{}, true],
])('a request from %j: %s', (from, expected) => {
  expect(sameSite({ host: 'hub:8080', origin: undefined, fetchSite: undefined, ...from })).toBe(expected);
});
