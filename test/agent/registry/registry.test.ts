// The registry client against servers that want a login, lie, or lead elsewhere.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseChallenge } from '../../../agent/registry/challenge.ts';
import { openRegistry, type Registry } from '../../../agent/registry/registry.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/machine.ts';
import { makeCertificates } from '../mqtt/mosquitto.ts';

const signal = new AbortController().signal;
const BYTES = Buffer.from('{"layers":[]}');
const DIGEST = `sha256:${createHash('sha256').update(BYTES).digest('hex')}`;

let folder: TemporaryFolder;
let ends: (() => void)[] = [];
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  for (const end of ends) end();
  ends = [];
  await folder[Symbol.asyncDispose]();
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** `127.0.0.1:<port>`, and what it was asked: `GET /v2/… <authorization>`. */
async function serve(
  answer: Answer,
  tls?: { key: Buffer; cert: Buffer },
): Promise<{ host: string; asked: string[]; server: Server }> {
  const asked: string[] = [];
  const listener: RequestListener = (request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization ?? '-'}`);
    answer(request, response);
  };
  const server: Server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked, server };
}

async function open(host: string, dockerConfig?: string, env = {}): Promise<Registry> {
  const registry = await openRegistry(
    { host, path: 'shop/web' },
    { env, certificates: join(folder.path, 'certs.d'), dockerConfig },
  );
  ends.push(registry.close);
  return registry;
}

async function configWith(host: string): Promise<string> {
  const file = join(folder.path, 'config.json');
  const auth = Buffer.from('me:secret').toString('base64');
  await writeFile(file, JSON.stringify({ auths: { [host]: { auth } }, credsStore: 'desktop' }));
  return file;
}

const LOGIN = `Basic ${Buffer.from('me:secret').toString('base64')}`;

describe('a registry', () => {
  it('that wants a token is given one for reading this repository, once', async () => {
    const tokens = await serve((_, response) => response.end('{"token":"t0ken"}'));
    const { host, asked } = await serve((request, response) => {
      if (request.headers.authorization === 'Bearer t0ken') return response.end(BYTES);
      const challenge = `Bearer realm="http://${tokens.host}/token?a=b",service="test",scope="repository:shop/web:pull,push"`;
      return response.writeHead(401, { 'www-authenticate': challenge }).end();
    });
    const registry = await open(host, await configWith(host));
    expect(await registry.manifest('1', signal)).toEqual(BYTES);
    expect(await registry.blob(DIGEST, 1000, signal)).toEqual(BYTES);
    expect(tokens.asked).toEqual([`GET /token?a=b&service=test&scope=repository%3Ashop%2Fweb%3Apull ${LOGIN}`]);
    expect(asked).toEqual([
      'GET /v2/shop/web/manifests/1 -',
      'GET /v2/shop/web/manifests/1 Bearer t0ken',
      `GET /v2/shop/web/blobs/${DIGEST} Bearer t0ken`,
    ]);
  });

  it('that wants a password is given the one of config.json, and no other registry’s', async () => {
    const { host, asked } = await serve((request, response) =>
      request.headers.authorization === LOGIN
        ? response.end(BYTES)
        : response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end(),
    );
    expect(await (await open(host, await configWith(`https://${host}/v1/`))).manifest('1', signal)).toEqual(BYTES);
    asked.length = 0;
    const other = await open(host, await configWith('registry.example.com'));
    await expect(other.manifest('1', signal)).rejects.toMatchObject({
      code: 'ImagePullFailed',
      message: expect.stringContaining('it wants a login (HTTP 401)'),
    });
    expect(asked.join()).not.toContain('Basic');
  });

  it('on loopback is asked without the proxy of the environment, and any other through it', async () => {
    const proxy = await serve((_, response) => response.writeHead(503).end());
    const { host } = await serve((_, response) => response.end(BYTES));
    const env = { http_proxy: `http://${proxy.host}`, https_proxy: `http://${proxy.host}` };
    expect(await (await open(host, undefined, env)).manifest('1', signal)).toEqual(BYTES);
    expect(proxy.asked).toEqual([]);
    const connects: string[] = [];
    proxy.server.on('connect', (request, socket) => {
      connects.push(String(request.url));
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    });
    await expect((await open('registry.invalid', undefined, env)).manifest('1', signal)).rejects.toMatchObject({
      code: 'ImagePullFailed',
    });
    expect(connects).toEqual(['registry.invalid:443']);
  });

  it('that leads elsewhere takes no login along', async () => {
    const storage = await serve((_, response) => response.end(BYTES));
    const { host } = await serve((request, response) => {
      if (request.headers.authorization === undefined)
        return response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      return response.writeHead(307, { location: `http://${storage.host}/x?signed=1` }).end();
    });
    const registry = await open(host, await configWith(host));
    expect(await registry.blob(DIGEST, 1000, signal)).toEqual(BYTES);
    expect(storage.asked).toEqual(['GET /x?signed=1 -']);
  });

  it.each([
    ['round and round', '/v2/shop/web/manifests/1', 'redirects more than 3 times'],
    ['out of https', 'http://registry.example.com/x', 'which is not https'],
  ])('that leads %s is not followed', async (_, location, said) => {
    const { host } = await serve((__, response) => response.writeHead(302, { location }).end());
    await expect((await open(host)).manifest('1', signal)).rejects.toMatchObject({
      code: 'ImagePullFailed',
      message: expect.stringContaining(said),
    });
  });

  it('that sends something else than what was asked for is not believed', async () => {
    const { host } = await serve((_, response) => response.end('other bytes'));
    const registry = await open(host);
    await expect(registry.blob(DIGEST, 1000, signal)).rejects.toThrow(/it sent something else/);
    await expect(registry.manifest(DIGEST, signal)).rejects.toThrow(/it sent something else/);
  });

  it('that sends without end is cut', async () => {
    const { host } = await serve((_, response) => {
      const more = (): void => void (response.destroyed || response.write(Buffer.alloc(65_536), more));
      more();
    });
    await expect((await open(host)).blob(DIGEST, 100_000, signal)).rejects.toThrow(/more than 100000 bytes/);
  });

  it('that does not answer is given up with the caller', async () => {
    const { host } = await serve(() => undefined);
    const controller = new AbortController();
    const asking = (await open(host)).manifest('1', controller.signal);
    controller.abort(new Error('stop'));
    await expect(asking).rejects.toThrow('stop');
  });

  it.each([
    [404, null],
    [405, null],
  ])('says by %s that there is nothing', async (status, expected) => {
    const { host } = await serve((_, response) => response.writeHead(status).end());
    const registry = await open(host);
    expect(await registry.manifest('1', signal)).toBe(expected);
    expect(await registry.resolve('1', signal)).toBe(expected);
    expect(await registry.referrers(DIGEST, signal)).toBe(expected);
  });

  it.each([
    [429, '120', 120_000],
    [503, '7', 7_000],
    [500, '7', null],
    [429, 'soon', null],
  ])('is left alone for as long as it asks: %d, Retry-After %s', async (status, after, retryAfterMs) => {
    const { host } = await serve((_, response) => response.writeHead(status, { 'retry-after': after }).end());
    await expect((await open(host)).manifest('1', signal)).rejects.toMatchObject({ retryAfterMs });
  });

  it.each([
    [500, 'it answered HTTP 500'],
    [429, 'it was asked too often'],
    [403, 'it wants a login (HTTP 403)'],
  ])('may work later when it answers %s', async (status, said) => {
    const { host } = await serve((_, response) => response.writeHead(status).end());
    await expect((await open(host)).manifest('1', signal)).rejects.toMatchObject({
      code: 'ImagePullFailed',
      message: expect.stringContaining(said),
    });
  });

  it('that names no digest with a tag is read whole', async () => {
    const { host, asked } = await serve((_, response) => response.end(BYTES));
    expect(await (await open(host)).resolve('1', signal)).toBe(DIGEST);
    expect(asked).toEqual(['HEAD /v2/shop/web/manifests/1 -', 'GET /v2/shop/web/manifests/1 -']);
  });

  it('with a certificate of its own is trusted by the CA in certs.d, as by the Engine', async () => {
    makeCertificates(folder.path);
    const [key, cert] = await Promise.all(
      ['server.key', 'server.pem'].map((name) => readFile(join(folder.path, name))),
    );
    if (key === undefined || cert === undefined) throw new Error('no certificate was made');
    const { host } = await serve((_, response) => response.end(BYTES), { key, cert });
    const trusted = join(folder.path, 'certs.d', host);
    await mkdir(trusted, { recursive: true });
    await cp(join(folder.path, 'ca.pem'), join(trusted, 'ca.crt'));
    expect(await (await open(host)).manifest('1', signal)).toEqual(BYTES);
    makeCertificates(folder.path);
    await cp(join(folder.path, 'ca.pem'), join(trusted, 'ca.crt'));
    await expect((await open(host)).manifest('1', signal)).rejects.toMatchObject({ code: 'ImagePullFailed' });
  });

  it.each(['{"auths": {"x": 1}}', 'not JSON: hunter2', ''])(
    'is not asked with a config.json that is none: %s',
    async (text) => {
      const file = join(folder.path, 'config.json');
      await writeFile(file, text);
      const error: unknown = await open('registry.example.com', file).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'ImagePullFailed', message: expect.stringContaining(file) });
      expect(String(error)).not.toContain('hunter2');
    },
  );
});

it.each([
  ['Bearer realm="https://a/b",service=c', { realm: 'https://a/b', service: 'c' }],
  ['bearer   realm = "x,y" , scope="repository:a:pull"', { realm: 'x,y', scope: 'repository:a:pull' }],
  ['Basic realm=x', { realm: 'x' }],
])('a challenge is read: %s', (header, parameters) => {
  expect(Object.fromEntries(parseChallenge(header)?.parameters ?? [])).toEqual(parameters);
});

it.each(['', 'Negotiate', 'Digest realm="x"', '=="'])('what is no challenge is none: %s', (header) => {
  expect(parseChallenge(header)).toBeNull();
});
