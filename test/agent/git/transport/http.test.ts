// The HTTP transport against a real nginx and Git's own http-backend: credentials, TLS, protocol versions, bytes.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listServerRefs } from 'isomorphic-git';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { reasonOf } from '../../../../fleet/error.ts';
import { makeClientCertificate, type NginxOptions, startNginx } from '../../../support/nginx.ts';
import { makeCertificates } from '../../mqtt/mosquitto.ts';
import { startChaosProxy } from '../chaos-proxy.ts';
import { makeFleet, scratch } from '../repository.ts';
import { converse, failureOf, LS_REFS, MAX_BYTES, never, poll, serveByHand } from './converse.ts';

async function gitBehindNginx(options: Partial<NginxOptions> = {}) {
  const { root, commit } = await makeFleet({ 'devices/edge-01/compose.yaml': 'services: {}\n' });
  const nginx = await startNginx({ repositoriesRoot: root, ...options });
  return { commit, url: `${nginx.url}/fleet`, port: nginx.port };
}

function secretFile(text: string): string {
  const file = join(scratch(), 'secret');
  writeFileSync(file, `${text}\n`);
  return file;
}

function certificates(days = 1): string {
  const folder = scratch();
  makeCertificates(folder, days);
  return folder;
}

describe('credentials', () => {
  const login = { username: 'edge', password: 'right-0815' };

  it('a password in a file is sent, and read anew at each request', async () => {
    const { url, commit } = await gitBehindNginx(login);
    const file = secretFile('right-0815');
    const conversation = converse(url, { auth: { username: 'edge', password_file: file } });
    expect(await poll(conversation)).toContain(commit);
    writeFileSync(file, 'wrong-4711');
    const error = await failureOf(poll(conversation));
    expect(error.code).toBe('GitAuthentication');
    expect(error.message).toContain(file);
    expect(error.message).not.toContain('4711');
    writeFileSync(file, 'right-0815');
    expect(await poll(conversation)).toContain(commit);
  });

  it('a user and a password in the URL are sent, and never shown', async () => {
    const { url, commit } = await gitBehindNginx(login);
    expect(await poll(converse(url.replace('//', '//edge:right-0815@')))).toContain(commit);
    const error = await failureOf(poll(converse(url.replace('//', '//edge:wrong-4711@'))));
    expect(reasonOf(error)).toBe('AuthenticationFailed');
    expect(error.message).toMatch(/source\.url/);
    expect(error.message).not.toMatch(/4711|edge:/);
  });

  it('without credentials it is said that none are configured', async () => {
    const { url } = await gitBehindNginx(login);
    const error = await failureOf(poll(converse(url)));
    expect(error.code).toBe('GitAuthentication');
    expect(error.message).toMatch(/none are configured\. Set source\.auth/);
  });

  it('a token is sent as Bearer', async () => {
    const { url, commit } = await gitBehindNginx({ token: 'token-0815' });
    expect(await poll(converse(url, { auth: { token_file: secretFile('token-0815') } }))).toContain(commit);
    const error = await failureOf(poll(converse(url, { auth: { token_file: secretFile('token-4711') } })));
    expect(error.message).toMatch(/source\.auth\.token_file/);
    expect(error.message).not.toContain('4711');
  });

  it('a repository that does not exist is GitRefNotFound', async () => {
    const { url } = await gitBehindNginx();
    expect((await failureOf(poll(converse(`${url}-not`)))).code).toBe('GitRefNotFound');
  });
});

describe('TLS', () => {
  it('a server of the configured CA is trusted', async () => {
    const folder = certificates();
    const { url, commit } = await gitBehindNginx({ certificates: folder });
    expect(await poll(converse(url, { caFile: join(folder, 'ca.pem') }))).toContain(commit);
  });

  it('a server of another CA is not, whatever the environment says', async () => {
    const { url } = await gitBehindNginx({ certificates: certificates() });
    onTestFinished(() => void vi.unstubAllEnvs());
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    const other = await failureOf(poll(converse(url, { caFile: join(certificates(), 'ca.pem') })));
    const wellKnown = await failureOf(poll(converse(url)));
    for (const error of [other, wellKnown]) {
      expect(error.code).toBe('GitUnreachable');
      expect(error.message).toMatch(/its TLS certificate comes from (another|an unknown) CA/);
    }
  });

  it('a CA file that is missing or holds none is named', async () => {
    const { url } = await gitBehindNginx({ certificates: certificates() });
    for (const caFile of ['/nonexistent/ca.pem', secretFile('not a certificate')]) {
      const error = await failureOf(poll(converse(url, { caFile })));
      expect(error.code).toBe('GitAuthentication');
      expect(error.message).toContain(`source.ca_file: ${caFile}`);
    }
  });

  it('an expired certificate is refused as such', async () => {
    const folder = certificates(-1);
    const { url } = await gitBehindNginx({ certificates: folder });
    const error = await failureOf(poll(converse(url, { caFile: join(folder, 'ca.pem') })));
    expect(error.message).toMatch(/its TLS certificate has expired/);
  });

  it('a certificate for another host is refused as such', async () => {
    const folder = certificates();
    const { port } = await gitBehindNginx({ certificates: folder });
    const url = `https://localhost:${port}/fleet`;
    const error = await failureOf(poll(converse(url, { caFile: join(folder, 'ca.pem') })));
    expect(error.message).toMatch(/its TLS certificate is for another host name/);
  });

  it('a server that speaks only TLS 1.1 is refused', async () => {
    const folder = certificates();
    const lines = ['ssl_protocols TLSv1.1;', 'ssl_ciphers ALL:@SECLEVEL=0;'];
    const { url } = await gitBehindNginx({ certificates: folder, lines });
    const error = await failureOf(poll(converse(url, { caFile: join(folder, 'ca.pem') })));
    expect(error.code).toBe('GitUnreachable');
    expect(error.message).toMatch(/TLS|protocol version/);
  });

  it('a server that wants a client certificate gets it; without one, or with a wrong one, that is said', async () => {
    const folder = certificates();
    const { url, commit } = await gitBehindNginx({ certificates: folder, clientCertificates: true });
    const caFile = join(folder, 'ca.pem');
    expect(await poll(converse(url, { caFile, ...makeClientCertificate(folder) }))).toContain(commit);
    const missing = await failureOf(poll(converse(url, { caFile })));
    expect(missing.code).toBe('GitAuthentication');
    expect(missing.message).toMatch(/none is configured\. Set source\.cert_file and source\.key_file/);
    const foreign = makeClientCertificate(certificates());
    const wrong = await failureOf(poll(converse(url, { caFile, ...foreign })));
    expect(wrong.code).toBe('GitAuthentication');
    expect(wrong.message).toContain(foreign.certFile);
  });

  it('a key that does not fit its certificate is said before anything is asked', async () => {
    const folder = certificates();
    const { certFile } = makeClientCertificate(folder);
    const { keyFile } = makeClientCertificate(certificates());
    const error = await failureOf(poll(converse('https://127.0.0.1:1/fleet', { certFile, keyFile })));
    expect(error.code).toBe('GitAuthentication');
    expect(error.message).toMatch(/source\.cert_file, source\.key_file/);
  });
});

describe('what the server offers', () => {
  it('protocol v2 with filters is read from the advertisement, once', async () => {
    const { url } = await gitBehindNginx();
    const conversation = converse(url);
    const offered = await conversation.capabilities(never);
    expect(offered?.get('fetch')?.split(' ')).toContain('filter');
    expect(offered?.get('object-format')).toBe('sha1');
    expect(offered?.has('ls-refs')).toBe(true);
    expect(await conversation.capabilities(never)).toBe(offered);
    expect(conversation.traffic.requests).toBe(1);
  });

  it('a server with filters off does not offer them', async () => {
    const { url } = await gitBehindNginx({ filters: false });
    const offered = await converse(url).capabilities(never);
    expect(offered?.get('fetch')).toMatch(/shallow/);
    expect(offered?.get('fetch')).not.toMatch(/filter/);
  });

  it('a server that ignores the wish for protocol v2 offers null', async () => {
    const { url } = await gitBehindNginx({ ignoresProtocol: true });
    expect(await converse(url).capabilities(never)).toBeNull();
  });

  it('a server of an older protocol with very many refs is read only at its beginning', async () => {
    const ref = `003d${'a'.repeat(40)} refs/heads/main-000\n`;
    const server = await serveByHand((_, response) => {
      response.setHeader('content-type', 'application/x-git-upload-pack-advertisement');
      response.end(`001e# service=git-upload-pack\n0000${ref.repeat(500_000)}0000`);
    });
    const conversation = converse(`${server.url}/fleet`);
    expect(await conversation.capabilities(never)).toBeNull();
    expect(conversation.traffic.receivedBytes).toBeLessThan(2 * 1024 * 1024);
  });
});

describe('the wire', () => {
  it('the requests of one conversation share one connection, and a poll costs few bytes', async () => {
    const server = await serveByHand((_, response) => {
      response.setHeader('content-type', 'application/x-git-upload-pack-result');
      response.end('0000');
    });
    const conversation = converse(`${server.url}/acme/fleet.git`);
    for (let polls = 0; polls < 3; polls++) await poll(conversation);
    expect(server.sockets.size).toBe(1);
    const { requests, sentBytes, receivedBytes } = conversation.traffic;
    expect(requests).toBe(3);
    const [socket] = server.sockets;
    expect({ sentBytes, receivedBytes }).toEqual({ sentBytes: socket?.bytesRead, receivedBytes: socket?.bytesWritten });
    expect(sentBytes / 3 - LS_REFS.length).toBeLessThan(260);
  });

  it('a new connection is made when the server has closed the kept one', async () => {
    const { url, commit } = await gitBehindNginx({ lines: ['keepalive_requests 2;'] });
    const conversation = converse(url);
    for (let polls = 0; polls < 5; polls++) expect(await poll(conversation)).toContain(commit);
  });

  it('a kept connection that is cut under a request is replaced, once', async () => {
    const answered = new Set<unknown>();
    const server = await serveByHand((request, response) => {
      if (answered.has(request.socket)) return void request.socket.resetAndDestroy();
      answered.add(request.socket);
      response.setHeader('content-type', 'application/x-git-upload-pack-result');
      response.end('0000');
    });
    const conversation = converse(`${server.url}/fleet`);
    expect(await poll(conversation)).toBe('0000');
    expect(await poll(conversation)).toBe('0000');
    expect(answered.size).toBe(2);
    expect(conversation.traffic.requests).toBe(3);
  });

  it('with TLS the bytes of the handshake are counted too, and still when the connection is gone', async () => {
    const folder = certificates();
    const { port } = await gitBehindNginx({ certificates: folder });
    const between = await startChaosProxy(port);
    const url = `${between.url.replace('http:', 'https:')}/fleet`;
    const conversation = converse(url, { caFile: join(folder, 'ca.pem') });
    await poll(conversation);
    const first = conversation.traffic.receivedBytes;
    expect(first).toBe(between.seen.bytes);
    await poll(conversation);
    const second = conversation.traffic.receivedBytes;
    expect(second).toBe(between.seen.bytes);
    expect(second - first).toBeLessThan(first / 2);
    conversation.close();
    await poll(conversation);
    expect(between.seen.connections).toBe(2);
    expect(conversation.traffic.receivedBytes).toBe(between.seen.bytes);
  });
});

describe('the client for isomorphic-git', () => {
  it('brings the library the refs of a server without v2', async () => {
    const { url, commit } = await gitBehindNginx({ ignoresProtocol: true, username: 'edge', password: 'right' });
    const conversation = converse(url.replace('//', '//edge:right@'));
    const http = conversation.client({ maxBytes: MAX_BYTES, signal: never, check: async () => undefined });
    const refs = await listServerRefs({ http, url, protocolVersion: 1, prefix: 'refs/heads/main' });
    expect(refs).toEqual([{ ref: 'refs/heads/main', oid: commit }]);
  });

  it('shows the whole answer of upload-pack to the check before the library sees it', async () => {
    const { url, commit } = await gitBehindNginx();
    const seen: Buffer[] = [];
    const check = async (answer: Buffer): Promise<void> => {
      seen.push(answer);
      if (seen.length > 1) throw new Error('refused by the check');
    };
    const http = converse(url).client({ maxBytes: MAX_BYTES, signal: never, check });
    const asked = { url: 'https://elsewhere.invalid/x/git-upload-pack', method: 'POST' };
    const body = async function* (): AsyncIterableIterator<Uint8Array> {
      yield LS_REFS;
    };
    const headers = { 'Git-Protocol': 'version=2', Authorization: 'Basic eDp5' };
    const answer = await http.request({ ...asked, headers, body: body() });
    const chunks: Uint8Array[] = [];
    for await (const chunk of answer.body ?? []) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toContain(commit);
    expect(seen[0]).toEqual(Buffer.concat(chunks));
    await expect(http.request({ ...asked, headers, body: body() })).rejects.toThrow('refused by the check');
  });

  it('an answer larger than its bound does not reach the library', async () => {
    const { url } = await gitBehindNginx();
    const http = converse(url).client({ maxBytes: 100, signal: never, check: async () => undefined });
    const error = await failureOf(listServerRefs({ http, url, protocolVersion: 1 }));
    expect(error.code).toBe('GitContentRefused');
  });
});
