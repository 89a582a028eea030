// The HTTP transport through the proxy of the environment: a real CONNECT, real TLS through it, its refusals.
import { createServer, request as httpRequest } from 'node:http';
import { type AddressInfo, connect, createServer as createRawServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { proxyFor } from '../../../../agent/git/transport/proxy.ts';
import { HoldfastError } from '../../../../fleet/error.ts';
import { makeClientCertificate, startNginx } from '../../../support/nginx.ts';
import { waitFor } from '../../../support/wait.ts';
import { makeCertificates } from '../../mqtt/mosquitto.ts';
import { makeFleet, scratch } from '../repository.ts';
import { converse, failureOf, poll } from './converse.ts';

/** Opens tunnels and relays plain requests, as a site's proxy does; with `refuses`, answers every one with that status. */
async function startProxy({ refuses }: { refuses?: number } = {}) {
  const seen: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers['proxy-authorization'] ?? '-'}`);
    if (refuses !== undefined) return void response.writeHead(refuses).end();
    const { 'proxy-authorization': _, ...headers } = request.headers;
    const onward = httpRequest(request.url ?? '', { method: request.method ?? '', headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  server.on('connect', (request, client: Socket) => {
    seen.push(`CONNECT ${request.url} ${request.headers['proxy-authorization'] ?? '-'}`);
    if (refuses !== undefined) return void client.end(`HTTP/1.1 ${refuses} No\r\nContent-Length: 0\r\n\r\n`);
    const port = Number(request.url?.split(':').at(-1));
    const onward = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(onward).pipe(client);
    });
    for (const socket of [client, onward]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
    }
    client.on('close', () => onward.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
    server.closeAllConnections();
  });
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

async function secureFleet(clientCertificates = false) {
  const { root, commit } = await makeFleet({ 'devices/edge-01/compose.yaml': 'services: {}\n' });
  const certificates = scratch();
  makeCertificates(certificates);
  const nginx = await startNginx({ repositoriesRoot: root, certificates, clientCertificates });
  return { commit, certificates, port: nginx.port, url: `${nginx.url}/fleet`, caFile: join(certificates, 'ca.pem') };
}

describe('a tunnel', () => {
  it('leads to the server itself, whose certificate is checked, and carries all requests', async () => {
    const { url, port, commit, caFile, certificates } = await secureFleet(true);
    const proxy = await startProxy();
    const env = { HTTPS_PROXY: `http://edge:s%40crt-0815@${proxy.host}`, NO_PROXY: 'elsewhere.example.com' };
    const conversation = converse(url, { env, caFile, ...makeClientCertificate(certificates) });
    for (let polls = 0; polls < 3; polls++) expect(await poll(conversation)).toContain(commit);
    const login = Buffer.from('edge:s@crt-0815').toString('base64');
    expect(proxy.seen).toEqual([`CONNECT 127.0.0.1:${port} Basic ${login}`]);
    expect(conversation.traffic.requests).toBe(3);
  });

  it('without a password sends none', async () => {
    const { url, port, commit, caFile } = await secureFleet();
    const proxy = await startProxy();
    expect(await poll(converse(url, { caFile, env: { https_proxy: `http://${proxy.host}` } }))).toContain(commit);
    expect(proxy.seen).toEqual([`CONNECT 127.0.0.1:${port} -`]);
  });

  it('does not hide whose certificate it is', async () => {
    const { port, caFile } = await secureFleet();
    const proxy = await startProxy();
    const env = { HTTPS_PROXY: `http://${proxy.host}` };
    const wrongName = await failureOf(poll(converse(`https://git.example.com:${port}/fleet`, { caFile, env })));
    expect(wrongName.message).toMatch(/git\.example\.com.*its TLS certificate is for another host name/);
    const unknown = await failureOf(poll(converse(`https://127.0.0.1:${port}/fleet`, { env })));
    expect(unknown.message).toMatch(/unknown CA/);
    expect(proxy.seen).toHaveLength(2);
  });

  it('is not used for what NO_PROXY exempts', async () => {
    const { url, commit, caFile } = await secureFleet();
    const env = { HTTPS_PROXY: 'http://127.0.0.1:1', NO_PROXY: 'localhost, 127.0.0.1' };
    expect(await poll(converse(url, { caFile, env }))).toContain(commit);
  });

  it.each([403, 407, 502])('that is refused with %i names the proxy and not its password', async (refuses) => {
    const proxy = await startProxy({ refuses });
    const env = { HTTPS_PROXY: `http://edge:secret-0815@${proxy.host}` };
    const error = await failureOf(poll(converse('https://git.example.com/fleet', { env })));
    expect(error.code).toBe('GitUnreachable');
    expect(error.message).toContain(`The proxy http://${proxy.host} (HTTPS_PROXY)`);
    expect(error.message).toContain(`git.example.com:443: it answered ${refuses}`);
    expect(error.message).not.toMatch(/secret|edge/);
  });

  it('to a proxy that is not there says so of the proxy', async () => {
    const env = { HTTPS_PROXY: 'http://edge:secret-0815@127.0.0.1:1' };
    const error = await failureOf(poll(converse('https://git.example.com/fleet', { env })));
    expect(error.message).toMatch(
      /^The proxy http:\/\/127\.0\.0\.1:1 \(HTTPS_PROXY\) cannot be used: nothing listens there/,
    );
  });

  it('to a proxy that never answers is given up when the signal ends, and its socket closed', async () => {
    const sockets = new Set<Socket>();
    let asked = false;
    const silent = createRawServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
      socket.on('data', () => {
        asked = true;
      });
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void silent.close());
    const env = { HTTPS_PROXY: `http://127.0.0.1:${(silent.address() as AddressInfo).port}` };
    const controller = new AbortController();
    const attempt = poll(converse('https://git.example.com/fleet', { env }), controller.signal);
    await waitFor(() => asked, { timeoutMs: 5000, what: 'the proxy is asked' });
    controller.abort(new Error('late'));
    await expect(attempt).rejects.toThrow('late');
    await waitFor(() => sockets.size === 0, { timeoutMs: 5000, what: 'the proxy sees the connection closed' });
  });
});

describe('plain http', () => {
  it('goes through HTTP_PROXY as a request for the whole URL, without the credentials of the URL in it', async () => {
    const { root, commit } = await makeFleet({ 'devices/edge-01/compose.yaml': 'services: {}\n' });
    const { url } = await startNginx({ repositoriesRoot: root, username: 'edge', password: 'right-0815' });
    const proxy = await startProxy();
    const env = { HTTP_PROXY: `http://p:q@${proxy.host}` };
    const conversation = converse(`${url.replace('//', '//edge:right-0815@')}/fleet`, { env });
    expect(await poll(conversation)).toContain(commit);
    expect(proxy.seen).toEqual([`POST ${url}/fleet/git-upload-pack Basic ${Buffer.from('p:q').toString('base64')}`]);
  });

  it('refused by the proxy for want of a password names the proxy', async () => {
    const proxy = await startProxy({ refuses: 407 });
    const error = await failureOf(poll(converse('http://git.example.com/fleet', { env: { http_proxy: proxy.host } })));
    expect(error.message).toContain(`The proxy http://${proxy.host} (http_proxy)`);
  });
});

describe('which proxy', () => {
  const HTTPS_PROXY = 'http://proxy:3128';

  it.each([
    ['https://git.example.com', '*'],
    ['https://git.example.com', 'a.example.org,git.example.com'],
    ['https://git.example.com', 'GIT.example.com:443'],
    ['https://git.example.com:8443', 'git.example.com:8443'],
    ['https://git.example.com', '.example.com'],
    ['https://example.com', '.example.com'],
    ['https://git.example.com', '*.example.com'],
    ['https://10.1.2.3', '10.1.2.3'],
    ['https://10.1.2.3', '10.1.0.0-10.1.255.255'],
    ['https://10.1.2.3', '10.1.0.0/16'],
    ['https://[fd00::1]', '[fd00::1]'],
    ['https://[fd00::1]', 'fd00::/8'],
  ])('%s goes straight with NO_PROXY=%s', (url, NO_PROXY) => {
    expect(proxyFor(new URL(url), { HTTPS_PROXY, NO_PROXY })).toBeNull();
    expect(proxyFor(new URL(url), { HTTPS_PROXY, no_proxy: NO_PROXY })).toBeNull();
  });

  it.each([
    ['https://git.example.com', ''],
    ['https://git.example.com', 'example.com,git.example.com:8443'],
    ['https://notexample.com', '.example.com'],
    ['https://10.2.2.3', '10.1.0.0/16,10.1.0.0-10.1.255.255,10.2.0.0/99,10.2.2.3-'],
    ['https://[fd00::1]', '10.0.0.0/8'],
  ])('%s goes through the proxy with NO_PROXY=%s', (url, NO_PROXY) => {
    expect(proxyFor(new URL(url), { HTTPS_PROXY, NO_PROXY })?.port).toBe(3128);
  });

  it('each scheme has its own', () => {
    expect(proxyFor(new URL('http://git.example.com'), { HTTPS_PROXY })).toBeNull();
    expect(proxyFor(new URL('https://git.example.com'), { HTTP_PROXY: HTTPS_PROXY })).toBeNull();
    expect(proxyFor(new URL('https://git.example.com'), { HTTPS_PROXY, https_proxy: 'other' })?.host).toBe('other');
    expect(proxyFor(new URL('https://git.example.com'), { HTTPS_PROXY: '' })).toBeNull();
  });

  it.each(['socks5://a:secret@proxy', 'https://a:secret@proxy', 'http://a:sec%ret@proxy', 'http://:secret@'])(
    'a proxy that cannot be used is ConfigInvalid with its name and without its value: %s',
    (value) => {
      try {
        expect(proxyFor(new URL('https://git.example.com'), { HTTPS_PROXY: value })).toBe('refused');
      } catch (error) {
        expect(error).toBeInstanceOf(HoldfastError);
        expect(String(error)).toMatch(/^HoldfastError: HTTPS_PROXY: /);
        expect(String(error)).not.toMatch(/sec.?ret/);
      }
    },
  );
});
