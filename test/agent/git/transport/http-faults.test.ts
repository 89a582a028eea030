// The HTTP transport against servers and networks that misbehave: refusals, redirects, silence, cuts, floods.

import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readAdvertisement } from '../../../../agent/git/transport/advertisement.ts';
import { MAX_RETRY_AFTER_MS, retryAfterMs } from '../../../../agent/git/transport/retry-after.ts';
import { startNginx } from '../../../support/nginx.ts';
import { waitFor } from '../../../support/wait.ts';
import { makeCertificates } from '../../mqtt/mosquitto.ts';
import { startChaosProxy } from '../chaos-proxy.ts';
import { makeFleet, scratch } from '../repository.ts';
import { converse, failureOf, LS_REFS, MAX_BYTES, never, poll, RESULT, serveByHand } from './converse.ts';

async function fleetWith(lines: readonly string[], certificates?: string) {
  const { root, commit } = await makeFleet({ 'devices/edge-01/compose.yaml': 'services: {}\n' });
  const nginx = await startNginx({
    repositoriesRoot: root,
    lines,
    ...(certificates === undefined ? {} : { certificates }),
  });
  return { commit, url: nginx.url, port: nginx.port };
}

/** Accepts connections; `onData` says what is sent back. */
async function rawServer(onData: (socket: Socket) => void = () => undefined) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.once('data', () => onData(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { host: `127.0.0.1:${port}`, sockets };
}

async function emptied(sockets: ReadonlySet<unknown>): Promise<void> {
  await waitFor(() => sockets.size === 0, { timeoutMs: 5000, what: 'the server sees its connections closed' });
}

describe('a server that refuses', () => {
  it.each([429, 503])('%i with Retry-After says for how long', async (status) => {
    const { url } = await fleetWith([`location /busy { add_header Retry-After 120 always; return ${status}; }`]);
    const error = await failureOf(poll(converse(`${url}/busy`)));
    expect(error.code).toBe('GitUnreachable');
    expect(error.retryAfterMs).toBe(120_000);
    expect(error.message).toContain(`answered ${status}`);
  });

  it.each([
    [{ 'retry-after': '7' }, 7000],
    [{ 'retry-after': '999999999999999999999' }, MAX_RETRY_AFTER_MS],
    [{ 'retry-after': 'Sat, 21 Nov 2026 10:00:30 GMT', date: 'Sat, 21 Nov 2026 10:00:00 GMT' }, 30_000],
    [{ 'retry-after': 'Sat, 21 Nov 2026 10:00:30 GMT' }, 20_000],
    [{ 'retry-after': 'Sat, 21 Nov 2026 09:00:00 GMT' }, 0],
    [{ 'retry-after': 'Fri, 01 Jan 2100 00:00:00 GMT' }, MAX_RETRY_AFTER_MS],
    [{ 'retry-after': '-5' }, null],
    [{ 'retry-after': 'soon' }, null],
    [{}, null],
  ])('%j means %s ms', (headers, wanted) => {
    expect(retryAfterMs(headers, Date.parse('2026-11-21T10:00:10Z'))).toBe(wanted);
  });

  it.each([
    [403, 'GitAuthentication'],
    [410, 'GitRefNotFound'],
    [407, 'GitUnreachable'],
    [500, 'GitUnreachable'],
    [304, 'GitUnreachable'],
  ])('%i is %s', async (status, code) => {
    const server = await serveByHand((_, response) => void response.writeHead(status).end());
    const error = await failureOf(poll(converse(`${server.url}/fleet`)));
    expect([error.code, error.retryAfterMs]).toEqual([code, null]);
    expect(error.message).toContain(`answered ${status}`);
  });

  it('a login page is not taken for an answer', async () => {
    const server = await serveByHand((_, response) => {
      response.setHeader('content-type', 'text/html; charset=utf-8').end('<title>Welcome to our hotel</title>');
    });
    for (const attempt of [
      poll(converse(`${server.url}/fleet`)),
      converse(`${server.url}/fleet`).capabilities(never),
    ]) {
      const error = await failureOf(attempt);
      expect(error.code).toBe('GitUnreachable');
      expect(error.message).toMatch(/text\/html instead of Git's .*login page, a captive portal/);
    }
  });

  it('an answer that comes compressed, unasked, is refused as such', async () => {
    const server = await serveByHand((_, response) => {
      response.setHeader('content-type', RESULT).setHeader('content-encoding', 'gzip').end('0000');
    });
    expect((await failureOf(poll(converse(`${server.url}/fleet`)))).message).toMatch(/encoded \(gzip\)/);
  });

  it.each(['', '0000garbage', '000eversion 2\n', 'not framed', '0014ERR no\u001b[31mway\n'])(
    'an advertisement that reads %j is refused',
    (text) => {
      expect(() => readAdvertisement(Buffer.from(text))).toThrow(/Git|cut|it says: no\?\[31mway/);
    },
  );
});

describe('a redirect', () => {
  const login = 'edge:secret-0815@';

  it('within the origin is followed with method and body, and its end is where the next requests go', async () => {
    const { url, commit } = await fleetWith(['location ~ ^/old(/.*)$ { return 301 /fleet$1$is_args$args; }']);
    const conversation = converse(`${url}/old`);
    expect(await poll(conversation)).toContain(commit);
    expect(conversation.traffic.requests).toBe(2);
    expect(await poll(conversation)).toContain(commit);
    expect(conversation.traffic.requests).toBe(3);
    expect((await converse(`${url}/old`).capabilities(never))?.has('fetch')).toBe(true);
  });

  it.each([301, 302, 303, 307, 308])('%i keeps the POST a POST', async (status) => {
    const server = await serveByHand((request, response) => {
      if (request.url === '/x/git-upload-pack')
        return void response.writeHead(status, { location: '/x.git/git-upload-pack' }).end();
      response.setHeader('content-type', RESULT).end('0000');
    });
    expect(await poll(converse(`${server.url}/x`))).toBe('0000');
    expect(server.seen).toEqual(['POST /x/git-upload-pack', 'POST /x.git/git-upload-pack']);
  });

  it.each([
    ['another port', (trap: string) => `${trap}/git-upload-pack`],
    ['another port, with credentials in it', (trap: string) => `${trap.replace('//', '//a:b@')}/git-upload-pack`],
    ['another host', (trap: string) => `${trap.replace('127.0.0.1', 'localhost')}/git-upload-pack`],
    ['another host without a scheme', (trap: string) => `${trap.replace('http:', '')}/git-upload-pack`],
    ['another scheme', (trap: string) => `${trap.replace('http:', 'https:')}/git-upload-pack`],
    ['a file', () => 'file:///etc/git-upload-pack'],
  ])('to %s is not followed, and no credentials arrive there', async (_, locate) => {
    const trap = await serveByHand((_request, response) => void response.end());
    const server = await serveByHand((_request, response) => {
      response.writeHead(307, { location: locate(trap.url) }).end();
    });
    const error = await failureOf(poll(converse(`${server.url.replace('//', `//${login}`)}/fleet`)));
    expect(error.code).toBe('GitUnreachable');
    expect(error.message).toMatch(/redirects to .* another origin/);
    expect(error.message).not.toMatch(/secret|a:b/);
    expect(server.seen).toHaveLength(1);
    expect(trap.seen).toEqual([]);
    expect(trap.sockets.size).toBe(0);
  });

  it('to the same port under another name of the host is not followed either', async () => {
    const server = await serveByHand((_, response) => {
      response.writeHead(302, { location: `http://localhost:${server.port}/fleet/git-upload-pack` }).end();
    });
    expect((await failureOf(poll(converse(`${server.url}/fleet`)))).message).toMatch(/another origin/);
    expect(server.seen).toHaveLength(1);
  });

  it('from https to http is not followed', async () => {
    const trap = await serveByHand((_, response) => void response.end());
    const folder = scratch();
    makeCertificates(folder);
    const { url } = await fleetWith([`location /old { return 301 ${trap.url}/fleet/git-upload-pack; }`], folder);
    const given = { caFile: join(folder, 'ca.pem') };
    const error = await failureOf(poll(converse(`${url.replace('//', `//${login}`)}/old`, given)));
    expect(error.message).toMatch(/from https to plain http/);
    expect(trap.seen).toEqual([]);
  });

  it('that never ends is given up', async () => {
    const server = await serveByHand((_, response) => {
      response.writeHead(302, { location: '/fleet/git-upload-pack' }).end();
    });
    expect((await failureOf(poll(converse(`${server.url}/fleet`)))).message).toMatch(/redirects more than 3 times/);
    expect(server.seen).toHaveLength(4);
  });

  it.each([
    ['/users/sign_in', /no Git address but perhaps a login page/],
    ['https://', /not a URL/],
  ])('to %j is not followed', async (location, why) => {
    const server = await serveByHand((_, response) => void response.writeHead(302, { location }).end());
    const error = await failureOf(poll(converse(`${server.url}/fleet`)));
    expect(error.code).toBe('GitUnreachable');
    expect(error.message).toMatch(why);
    expect(server.seen).toHaveLength(1);
  });
});

describe('a network that fails', () => {
  it.each([
    ['is silent', {}],
    ['drips', { dripMs: 5 }],
  ])('a server that %s is left at once when the signal ends, and its socket is closed', async (_, chaos) => {
    const server = await serveByHand((_request, response) => {
      if (!('dripMs' in chaos)) return;
      response.setHeader('content-type', RESULT).write('0'.repeat(10_000));
    });
    const proxy = await startChaosProxy(server.port, chaos);
    const late = new Error('the deadline has passed');
    const controller = new AbortController();
    const attempt = poll(converse(`${proxy.url}/fleet`), controller.signal);
    await waitFor(() => server.seen.length === 1, { timeoutMs: 5000, what: 'the request has arrived' });
    controller.abort(late);
    await expect(attempt).rejects.toBe(late);
    await emptied(server.sockets);
  });

  it('a body that drips is left at once when the signal ends, and its socket is closed', async () => {
    let sent = 0;
    const server = await rawServer((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Type: ${RESULT}\r\nContent-Length: 100000\r\n\r\n`);
      const timer = setInterval(() => {
        sent++;
        socket.write('0');
      }, 2);
      socket.on('close', () => clearInterval(timer));
    });
    const controller = new AbortController();
    const attempt = poll(converse(`http://${server.host}/fleet`), controller.signal);
    await waitFor(() => sent > 10, { timeoutMs: 5000, what: 'some of the body has been sent' });
    controller.abort(new Error('late'));
    await expect(attempt).rejects.toThrow('late');
    await emptied(server.sockets);
  });

  it('a server that never answers the TLS greeting is left at once when the signal ends', async () => {
    const server = await rawServer();
    const controller = new AbortController();
    const attempt = poll(converse(`https://${server.host}/fleet`), controller.signal);
    await waitFor(() => server.sockets.size === 1, { timeoutMs: 5000, what: 'the connection has arrived' });
    controller.abort(new Error('late'));
    await expect(attempt).rejects.toThrow('late');
    await emptied(server.sockets);
  });

  it('a signal that has ended before opens no connection', async () => {
    const server = await rawServer();
    await expect(poll(converse(`http://${server.host}/fleet`), AbortSignal.abort(new Error('over')))).rejects.toThrow(
      'over',
    );
    expect(server.sockets.size).toBe(0);
  });

  it('closing the conversation ends a connection that is being made', async () => {
    const server = await rawServer();
    const conversation = converse(`https://${server.host}/fleet`);
    const failure = failureOf(poll(conversation));
    await waitFor(() => server.sockets.size === 1, { timeoutMs: 5000, what: 'the connection has arrived' });
    conversation.close();
    expect((await failure).code).toBe('GitUnreachable');
    await emptied(server.sockets);
  });

  it('closing the conversation ends what is under way', async () => {
    const server = await serveByHand(() => undefined);
    const conversation = converse(`${server.url}/fleet`);
    const failure = failureOf(poll(conversation));
    await waitFor(() => server.seen.length === 1, { timeoutMs: 5000, what: 'the request has arrived' });
    conversation.close();
    expect((await failure).code).toBe('GitUnreachable');
    await emptied(server.sockets);
  });

  it.each([
    ['content length', 'Content-Length: 100\r\n\r\n0000'],
    ['chunks', 'Transfer-Encoding: chunked\r\n\r\n4\r\n0000\r\n'],
    ['head', ''],
  ])('an answer cut before the end of its %s is GitUnreachable', async (_, rest) => {
    const server = await rawServer((socket) => socket.end(`HTTP/1.1 200 OK\r\nContent-Type: ${RESULT}\r\n${rest}`));
    const error = await failureOf(poll(converse(`http://${server.host}/fleet`)));
    expect(error.code).toBe('GitUnreachable');
    expect(error.message).toMatch(/cut/);
  });

  it('an answer of a real server, cut anywhere, is never taken for a whole one', async () => {
    const { port, commit } = await fleetWith([]);
    const proxy = await startChaosProxy(port);
    const whole = converse(`${proxy.url}/fleet`);
    expect(await poll(whole)).toContain(commit);
    for (let cutAfter = 1; cutAfter < whole.traffic.receivedBytes; cutAfter += 37) {
      proxy.chaos = { cutAfter };
      expect((await failureOf(poll(converse(`${proxy.url}/fleet`)))).code).toBe('GitUnreachable');
    }
  });

  it.each([
    ['declared', { 'content-length': String(MAX_BYTES + 1) }],
    ['endless', {}],
  ])('an answer whose size is %s and too large is refused, and its socket closed at once', async (_, headers) => {
    const server = await serveByHand((_request, response) => {
      response.writeHead(200, { 'content-type': RESULT, ...headers });
      const flood = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(16 * 1024)));
        response.once('drain', flood);
      };
      if ('content-length' in headers) response.write('0000');
      else flood();
    });
    const conversation = converse(`${server.url}/fleet`);
    const error = await failureOf(conversation.ask(LS_REFS, MAX_BYTES, never));
    expect(error.code).toBe('GitContentRefused');
    expect(error.message).toContain(`more than ${MAX_BYTES} bytes`);
    await emptied(server.sockets);
    expect(conversation.traffic.receivedBytes).toBeLessThan(3 * MAX_BYTES);
  });

  it.each([
    ['http://127.0.0.1:1/fleet', /nothing listens there/],
    ['http://no-such-host.invalid/fleet', /name does not resolve|name server/],
  ])('%s is GitUnreachable with the reason', async (url, why) => {
    const error = await failureOf(poll(converse(url)));
    expect(error.code).toBe('GitUnreachable');
    expect(error.message).toMatch(why);
  });

  it('a server that speaks no HTTP, or no TLS, is GitUnreachable', async () => {
    const server = await rawServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
    for (const scheme of ['http', 'https']) {
      const error = await failureOf(poll(converse(`${scheme}://${server.host}/fleet`)));
      expect(error.code).toBe('GitUnreachable');
    }
  });
});
