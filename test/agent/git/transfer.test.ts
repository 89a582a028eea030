import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { messageOf } from '../../../fleet/error.ts';
import { git } from '../../../scripts/git-repository.ts';
import { makeCertificates } from '../mqtt/mosquitto.ts';
import { startChaosProxy } from './chaos-proxy.ts';
import { commitFiles, makeFleet, never, scratch, serve, sourceOf, tipOf } from './repository.ts';

const FILES = { 'devices/edge-01/compose.yaml': 'services: {}\n', 'devices/edge-01/noise.txt': noise(80_000) };

/** Text that does not compress well, the same in every run. */
function noise(length: number): string {
  const lines = Array.from({ length: length / 40 }, (_, index) =>
    createHash('sha1').update(`${index}`).digest('base64'),
  );
  return lines.join('\n').slice(0, length);
}

async function answering(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function secretFile(text: string): string {
  const file = join(scratch(), 'secret');
  writeFileSync(file, text);
  return file;
}

describe('credentials', () => {
  const auth = { username: 'edge', password: 'pass word:1' };

  it('are read from the file at each use, so that a rotated password works', async () => {
    const fleet = await makeFleet(FILES);
    const { url } = await serve({ root: fleet.root, auth });
    const password_file = secretFile('wrong\n');
    const source = sourceOf(`${url}/fleet`, { auth: { username: 'edge', password_file } });
    await expect(source.poll(never)).rejects.toMatchObject({ code: 'GitAuthentication' });
    writeFileSync(password_file, `${auth.password}\n`);
    expect(await tipOf(source)).toBe(fleet.commit);
    expect((await source.load(fleet.commit, ['devices/edge-01'], never)).files.size).toBe(2);
  });

  it('go as a bearer token when a token file stands alone', async () => {
    const fleet = await makeFleet(FILES);
    const { url } = await serve({ root: fleet.root, auth: { token: 'tok-123' } });
    const source = sourceOf(`${url}/fleet`, { auth: { token_file: secretFile('tok-123\n') } });
    expect(await tipOf(source)).toBe(fleet.commit);
  });

  it('are refused plainly when missing, and never shown', async () => {
    const fleet = await makeFleet(FILES);
    const { url } = await serve({ root: fleet.root, auth });
    await expect(sourceOf(`${url}/fleet`).poll(never)).rejects.toMatchObject({ code: 'GitAuthentication' });
    const withUser = url.replace('http://', 'http://edge:hunter2@');
    const error = await sourceOf(`${withUser}/fleet`)
      .poll(never)
      .catch((each: unknown) => each);
    expect(messageOf(error)).toContain('401');
    expect(JSON.stringify([messageOf(error), (error as Error).stack])).not.toContain('hunter2');
  });

  it('in the URL work, and stay out of the state folder', async () => {
    const fleet = await makeFleet(FILES);
    const { url } = await serve({ root: fleet.root, auth });
    const stateDir = scratch();
    const source = sourceOf(`${url.replace('http://', 'http://edge:pass%20word%3A1@')}/fleet`, { stateDir });
    await source.load(await tipOf(source), ['devices/edge-01'], never);
    expect(() => execFileSync('grep', ['-r', 'word', stateDir])).toThrow();
  });

  it('say which file is missing', async () => {
    const source = sourceOf('http://127.0.0.1:9/fleet', { auth: { token_file: '/nonexistent/token' } });
    await expect(source.poll(never)).rejects.toMatchObject({
      code: 'GitAuthentication',
      message: expect.stringContaining('/nonexistent/token'),
    });
  });
});

describe('TLS', () => {
  async function serveTls(folder: string, port: number): Promise<string> {
    const tls = { key: readFileSync(join(folder, 'server.key')), cert: readFileSync(join(folder, 'server.pem')) };
    const server = createTlsServer(tls, (request, response) => {
      const protocol = request.headers['git-protocol'];
      const headers = {
        'content-type': request.headers['content-type'] ?? '',
        ...(typeof protocol === 'string' ? { 'git-protocol': protocol } : {}),
      };
      void forward(`http://127.0.0.1:${port}${request.url}`, request, headers, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it('works with the CA that the configuration names, and with no other', async () => {
    const fleet = await makeFleet(FILES);
    const { port } = await serve({ root: fleet.root });
    const [right, wrong] = [scratch(), scratch()];
    for (const folder of [right, wrong]) makeCertificates(folder);
    const url = await serveTls(right, port);
    const source = sourceOf(`${url}/fleet`, { caFile: join(right, 'ca.pem') });
    expect(await tipOf(source)).toBe(fleet.commit);
    expect((await source.load(fleet.commit, ['devices/edge-01'], never)).files.size).toBe(2);
    for (const caFile of [join(wrong, 'ca.pem'), undefined]) {
      await expect(sourceOf(`${url}/fleet`, { caFile }).poll(never)).rejects.toMatchObject({
        code: 'GitUnreachable',
        message: expect.stringContaining('CA'),
      });
    }
  });

  it('says that a certificate has expired', async () => {
    const fleet = await makeFleet(FILES);
    const { port } = await serve({ root: fleet.root });
    const folder = scratch();
    makeCertificates(folder, -1);
    const url = await serveTls(folder, port);
    await expect(sourceOf(`${url}/fleet`, { caFile: join(folder, 'ca.pem') }).poll(never)).rejects.toMatchObject({
      code: 'GitUnreachable',
      message: expect.stringContaining('has expired'),
    });
  });
});

describe('redirects', () => {
  it('to another origin are not followed and carry no credentials', async () => {
    const seen: (string | undefined)[] = [];
    const other = await answering((request, response) => {
      seen.push(request.headers.authorization);
      response.end();
    });
    const url = await answering((_, response) => response.writeHead(302, { location: `${other}/x` }).end());
    const source = sourceOf(`${url}/fleet`, { auth: { token_file: secretFile('tok') } });
    await expect(source.poll(never)).rejects.toMatchObject({
      code: 'GitUnreachable',
      message: expect.stringContaining(other),
    });
    expect(seen).toEqual([]);
  });

  it('within the origin are followed three times and no more', async () => {
    const fleet = await makeFleet(FILES);
    const { port } = await serve({ root: fleet.root });
    const hops = { needed: 3 };
    const url = await answering((request, response) => {
      const hop = Number(/^\/hop(\d)/.exec(request.url ?? '')?.[1] ?? '0');
      const rest = (request.url ?? '').replace(/^\/hop\d/, '');
      if (hop < hops.needed) return void response.writeHead(307, { location: `/hop${hop + 1}${rest}` }).end();
      const headers = { 'content-type': request.headers['content-type'] ?? '', 'git-protocol': 'version=2' };
      void forward(`http://127.0.0.1:${port}${rest}`, request, headers, response);
    });
    expect(await tipOf(sourceOf(`${url}/fleet`))).toBe(fleet.commit);
    hops.needed = 4;
    await expect(sourceOf(`${url}/fleet`).poll(never)).rejects.toMatchObject({ code: 'GitUnreachable' });
  });
});

describe('a bad network', () => {
  it.each([404, 410])('%i is GitRefNotFound', async (status) => {
    const url = await answering((_, response) => response.writeHead(status).end('no'));
    await expect(sourceOf(`${url}/fleet`).poll(never)).rejects.toMatchObject({ code: 'GitRefNotFound' });
  });

  it.each([500, 502, 503, 429, 204])('%i is GitUnreachable', async (status) => {
    const url = await answering((_, response) => response.writeHead(status).end());
    await expect(sourceOf(`${url}/fleet`).poll(never)).rejects.toMatchObject({ code: 'GitUnreachable' });
  });

  it('403 is GitAuthentication', async () => {
    const url = await answering((_, response) => response.writeHead(403).end());
    await expect(sourceOf(`${url}/fleet`).poll(never)).rejects.toMatchObject({ code: 'GitAuthentication' });
  });

  it('nothing listening is said so', async () => {
    await expect(sourceOf('http://127.0.0.1:9/fleet').poll(never)).rejects.toMatchObject({
      code: 'GitUnreachable',
      message: expect.stringContaining('refused'),
    });
  });

  it('a web page instead of Git is GitUnreachable', async () => {
    const url = await answering((_, response) => response.setHeader('content-type', 'text/html').end('<h1>hello</h1>'));
    await expect(sourceOf(`${url}/fleet`).poll(never)).rejects.toMatchObject({ code: 'GitUnreachable' });
  });

  it('a drip of one byte at a time ends at the total deadline', async () => {
    const fleet = await makeFleet(FILES);
    const { port } = await serve({ root: fleet.root });
    const proxy = await startChaosProxy(port, { dripMs: 20 });
    await expect(sourceOf(`${proxy.url}/fleet`, { timeoutMs: 300 }).poll(never)).rejects.toMatchObject({
      code: 'GitUnreachable',
      message: expect.stringContaining('0.3 s'),
    });
  });

  it('a server that never answers ends at the total deadline', async () => {
    const fleet = await makeFleet(FILES);
    const { port } = await serve({ root: fleet.root });
    const proxy = await startChaosProxy(port, { silent: true });
    await expect(sourceOf(`${proxy.url}/fleet`, { timeoutMs: 300 }).poll(never)).rejects.toMatchObject({
      code: 'GitUnreachable',
    });
  });

  it('the caller can give up at any time', async () => {
    const fleet = await makeFleet(FILES);
    const { port } = await serve({ root: fleet.root });
    const proxy = await startChaosProxy(port, { silent: true });
    const controller = new AbortController();
    const polling = sourceOf(`${proxy.url}/fleet`).poll(controller.signal);
    controller.abort(new Error('stopping'));
    await expect(polling).rejects.toThrow('stopping');
  });

  it('a transfer cut anywhere fails, leaves nothing that loads, and the next one succeeds', async () => {
    const fleet = await makeFleet(FILES);
    const { port } = await serve({ root: fleet.root });
    const proxy = await startChaosProxy(port);
    const stateDir = scratch();
    const whole = await transferredBytes(proxy.url, port);
    expect(whole).toBeGreaterThan(40_000);
    // Git's progress messages make one transfer some bytes longer than another: the last cut stays clear of that.
    for (const cutAfter of [1, 100, 400, 2_000, 20_000, Math.floor(whole * 0.95)]) {
      const source = sourceOf(`${proxy.url}/fleet`, { stateDir });
      proxy.chaos = { cutAfter };
      await expect(source.load(fleet.commit, ['devices/edge-01'], never)).rejects.toMatchObject({
        code: 'GitUnreachable',
      });
    }
    proxy.chaos = {};
    const tree = await sourceOf(`${proxy.url}/fleet`, { stateDir }).load(fleet.commit, ['devices/edge-01'], never);
    expect(tree.files.size).toBe(2);
  });

  it.each([
    ['a cut line', '0032want'],
    ['no hex length', 'zzzz'],
    ['a length of three', '0003'],
    ['rubbish after a good line', '0008NAK\n<html>'],
  ])('an answer with %s is refused before the library reads it', async (_, body) => {
    const fleet = await makeFleet(FILES);
    const { port } = await serve({ root: fleet.root });
    const url = await answering((request, response) => {
      if (request.method === 'POST')
        return void response.setHeader('content-type', 'application/x-git-upload-pack-result').end(body);
      void forward(`http://127.0.0.1:${port}${request.url}`, request, {}, response);
    });
    await expect(sourceOf(`${url}/fleet`).load(fleet.commit, [''], never)).rejects.toMatchObject({
      code: 'GitUnreachable',
    });
  });
});

describe('size', () => {
  it('a transfer beyond the limit is refused', async () => {
    const fleet = await makeFleet(FILES);
    const { url } = await serve({ root: fleet.root });
    const source = sourceOf(`${url}/fleet`, { maxBytes: 20_000 });
    await expect(source.load(fleet.commit, ['devices/edge-01'], never)).rejects.toMatchObject({
      code: 'GitContentRefused',
      message: expect.stringContaining('limits.source_bytes'),
    });
  });

  it('a small pack that declares a huge object is refused before it is unpacked', async () => {
    const fleet = await makeFleet({ 'devices/edge-01/zeros.bin': Buffer.alloc(8 * 1024 * 1024) });
    const { url } = await serve({ root: fleet.root });
    const stateDir = scratch();
    const source = sourceOf(`${url}/fleet`, { maxBytes: 1024 * 1024, stateDir });
    await expect(source.load(fleet.commit, ['devices/edge-01'], never)).rejects.toMatchObject({
      code: 'GitContentRefused',
      message: expect.stringContaining('8388608 bytes'),
    });
    const oid = await git(fleet.folder, 'rev-parse', 'HEAD:devices/edge-01/zeros.bin');
    expect(existsSync(join(stateDir, 'git/objects', oid.slice(0, 2), oid.slice(2)))).toBe(false);
  });

  it('loaded files beyond the limit in total are refused, with the file that passes it named', async () => {
    const fleet = await makeFleet({ 'a/1.bin': Buffer.alloc(700_000) });
    const { url } = await serve({ root: fleet.root });
    const source = sourceOf(`${url}/fleet`, { maxBytes: 1_000_000, held: () => [fleet.commit] });
    await source.load(fleet.commit, ['a'], never);
    const second = await commitFiles(fleet.folder, { 'a/2.bin': Buffer.alloc(700_000, 1) });
    await expect(source.load(second, ['a'], never)).rejects.toMatchObject({
      code: 'GitContentRefused',
      message: expect.stringContaining('a/2.bin'),
    });
  });
});

async function transferredBytes(url: string, port: number): Promise<number> {
  const proxy = await startChaosProxy(port);
  const source = sourceOf(`${proxy.url}/fleet`);
  await source.load(await tipOf(sourceOf(`${url}/fleet`)), ['devices/edge-01'], never);
  return proxy.seen.bytes;
}

async function forward(
  to: string,
  request: IncomingMessage,
  headers: Record<string, string>,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const post = request.method === 'POST';
  const answer = await fetch(to, {
    method: request.method ?? 'GET',
    headers,
    ...(post ? { body: Buffer.concat(chunks) } : {}),
  });
  response.setHeader('content-type', answer.headers.get('content-type') ?? '');
  response.end(Buffer.from(await answer.arrayBuffer()));
}
