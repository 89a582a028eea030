// One request to the Git server and its whole answer: credentials, redirects within the origin, a second try on a kept
// connection that the server has meanwhile closed. Every failure leaves here as one of the Git error codes.
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import type { AgentConfig } from '../../../fleet/config/agent.ts';
import { HoldfastError } from '../../../fleet/error.ts';
import { networkProblem } from '../../host/network-error.ts';
import { authorization } from '../credentials.ts';
import { type Bound, judgeHead, readBody } from './answer.ts';
import { createConnections, type Dialling } from './connections.ts';
import type { Traffic } from './conversation.ts';
import { proxyFor } from './proxy.ts';
import { followRedirect, INFO_REFS, isRedirect, type Service, shownUrl } from './redirect.ts';
import { isClientCertificateRefused } from './tls.ts';

export interface HttpTransportOptions {
  /** May hold user and password. */
  readonly given: URL;
  /** Without them and without a trailing slash. */
  readonly clean: string;
  readonly auth?: AgentConfig['source']['auth'];
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  /** `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`, and the same in lower case. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Asked {
  readonly service: Service;
  /** null: a GET. */
  readonly body: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly bound: Bound;
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly url: URL;
  readonly contentType: string;
  readonly bytes: Buffer;
}

export interface Exchange {
  send(asked: Asked): Promise<Answer>;
  readonly traffic: Traffic;
  close(): void;
}

/** Some forges answer only what looks like Git. */
const USER_AGENT = 'git/holdfast';
/** The page behind a redirect or a refusal; what is longer costs the connection. */
const PAGE_BYTES = 16 * 1024;

export function createExchange(options: HttpTransportOptions): Exchange {
  const origin = new URL(options.clean);
  const proxy = proxyFor(origin, options.env);
  const circumstances = { ...options, proxy };
  const connections = createConnections(origin, proxy, options);
  let base = options.clean;
  let requests = 0;
  return {
    send,
    traffic: {
      get requests() {
        return requests;
      },
      get sentBytes() {
        return connections.bytes.sent;
      },
      get receivedBytes() {
        return connections.bytes.received;
      },
    },
    close: () => connections.close(),
  };

  async function send(asked: Asked): Promise<Answer> {
    const { service, signal } = asked;
    const contentType = `application/x-git-upload-pack-${service === INFO_REFS ? 'advertisement' : 'result'}`;
    let url = new URL(`${base}${service}${service === INFO_REFS ? '?service=git-upload-pack' : ''}`);
    for (let redirects = 0; ; redirects++) {
      signal.throwIfAborted();
      try {
        const answer = await request(url, asked);
        const status = answer.statusCode ?? 0;
        if (isRedirect(status)) {
          await readBody(answer, url, { maxBytes: PAGE_BYTES, over: 'cut' });
          ({ url, base } = followRedirect(url, answer.headers.location, service, redirects));
          continue;
        }
        const problem = judgeHead(answer, url, contentType, circumstances);
        if (problem === null) return { url, contentType, bytes: await readBody(answer, url, asked.bound) };
        throw (await wantsCertificate(answer, url))
          ? certificateRefused(url, options.certFile, 'answered 400')
          : problem;
      } catch (error) {
        throw failure(url, error, asked, options.certFile);
      }
    }
  }

  async function request(url: URL, asked: Asked): Promise<IncomingMessage> {
    const credentials = await authorization(options.given, options.auth);
    const headers: Record<string, string> = {
      Host: url.host,
      'User-Agent': USER_AGENT,
      ...asked.headers,
      ...(credentials === null ? {} : { Authorization: credentials }),
    };
    if (asked.body !== null) {
      headers['Content-Type'] = 'application/x-git-upload-pack-request';
      headers.Accept = 'application/x-git-upload-pack-result';
      headers['Content-Length'] = String(asked.body.length);
    }
    // A tunnel leads to the server itself; without TLS the proxy has to be told where to go.
    const relayed = proxy !== null && url.protocol === 'http:';
    if (relayed && proxy.authorization !== null) headers['Proxy-Authorization'] = proxy.authorization;
    const where: RequestOptions & Dialling = {
      agent: connections.agent,
      method: asked.body === null ? 'GET' : 'POST',
      path: relayed ? url.href : `${url.pathname}${url.search}`,
      headers,
      signal: asked.signal,
      stop: asked.signal,
    };
    return await exchange(where, asked.body, () => requests++);
  }
}

/** nginx completes the handshake and says it in a page. Any other refused answer ends its connection unread. */
async function wantsCertificate(answer: IncomingMessage, url: URL): Promise<boolean> {
  if (answer.statusCode === 400 && url.protocol === 'https:') {
    const page = await readBody(answer, url, { maxBytes: PAGE_BYTES, over: 'cut' });
    return /SSL certificate/i.test(page.toString('latin1'));
  }
  answer.destroy();
  return false;
}

/** The head of the answer. `count` is told of each request that is sent. */
function exchange(
  where: RequestOptions,
  body: Buffer | null,
  count: () => void,
  again = true,
): Promise<IncomingMessage> {
  count();
  return new Promise((resolve, reject) => {
    const sent = httpRequest(where, resolve);
    // What HTTP/1.1 means without being told.
    sent.removeHeader('Connection');
    sent.on('error', (error) => {
      // The server may close a kept connection while the request is on its way; reading twice does no harm.
      const stale = sent.reusedSocket && again && isCut(error) && where.signal?.aborted !== true;
      if (stale) exchange(where, body, count, false).then(resolve, reject);
      else reject(error);
    });
    sent.end(body ?? undefined);
  });
}

function isCut(error: NodeJS.ErrnoException): boolean {
  return error.code === 'ECONNRESET' || error.code === 'EPIPE';
}

function failure(url: URL, error: unknown, { signal }: Asked, certFile: string | undefined): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof HoldfastError) return error;
  if (isClientCertificateRefused(error)) return certificateRefused(url, certFile, networkProblem(error));
  const where = shownUrl(url);
  return new HoldfastError('GitUnreachable', `${where} cannot be read: ${networkProblem(error)}.`, { cause: error });
}

function certificateRefused(url: URL, certFile: string | undefined, said: string): HoldfastError {
  const what =
    certFile === undefined
      ? 'it wants a client certificate, and none is configured. Set source.cert_file and source.key_file.'
      : `it does not accept the client certificate of source.cert_file (${certFile}). Put a valid one there.`;
  return new HoldfastError('GitAuthentication', `${shownUrl(url)}: ${what} (${said})`);
}
