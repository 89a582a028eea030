// The HTTP client under isomorphic-git: bounded in bytes, ended by its signal, faithful to one origin.
// Credentials are added here and never follow a redirect elsewhere. Whole answers are read and checked before the
// library sees them, so that a cut or malformed one cannot reach its parsers.
import { type IncomingMessage, Agent as PlainAgent, request as plainRequest } from 'node:http';
import { request as secureRequest, Agent as TlsAgent } from 'node:https';
import type { GitHttpRequest, GitHttpResponse, HttpClient } from 'isomorphic-git';
import { HoldfastError } from '../../fleet/error.ts';
import { networkProblem, redactUrl } from '../host/network-error.ts';
import { type PackLimits, packProblem } from './pack.ts';
import { pktPayloads, readPackAnswer } from './pkt-line.ts';

const MAX_REDIRECTS = 3;

export interface GitHttp {
  readonly client: HttpClient;
  close(): void;
}

/** One client for one operation; its connection is kept between the operation's requests. */
export function createGitHttp(given: {
  authorization: string | null;
  ca: string | undefined;
  maxBytes: number;
  pack: PackLimits;
  signal: AbortSignal;
}): GitHttp {
  const plain = new PlainAgent({ keepAlive: true, maxSockets: 2 });
  const tls = new TlsAgent({ keepAlive: true, maxSockets: 2, ...(given.ca === undefined ? {} : { ca: given.ca }) });
  return {
    client: { request: (asked) => serve(asked) },
    close() {
      plain.destroy();
      tls.destroy();
    },
  };

  async function serve(asked: GitHttpRequest): Promise<GitHttpResponse> {
    const body = asked.body === undefined ? null : await collectBody(asked.body);
    const first = new URL(asked.url);
    let url = first;
    for (let redirects = 0; ; redirects++) {
      const answer = await exchange(url, asked, body);
      const status = answer.statusCode ?? 0;
      const location = answer.headers.location;
      if (status >= 300 && status < 400 && location !== undefined) {
        answer.destroy();
        url = follow(first, url, location, redirects);
        continue;
      }
      if (status !== 200) {
        answer.destroy();
        throw refusal(url, status);
      }
      const bytes = await read(answer, url);
      check(url, answer, bytes);
      return respond(url, answer, bytes);
    }
  }

  function exchange(url: URL, asked: GitHttpRequest, body: Buffer | null): Promise<IncomingMessage> {
    const secure = url.protocol === 'https:';
    const headers: Record<string, string> = { ...asked.headers, 'user-agent': 'git/holdfast' };
    if (given.authorization !== null) headers.authorization = given.authorization;
    if (body !== null) headers['content-length'] = String(body.length);
    const options = { method: asked.method ?? 'GET', headers, signal: given.signal, agent: secure ? tls : plain };
    return new Promise((resolve, reject) => {
      const request = (secure ? secureRequest : plainRequest)(bare(url), options, resolve);
      request.on('error', (error) => reject(unreachable(url, error)));
      request.end(body ?? undefined);
    });
  }

  async function read(answer: IncomingMessage, url: URL): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let length = 0;
    try {
      for await (const chunk of answer as AsyncIterable<Buffer>) {
        length += chunk.length;
        if (length > given.maxBytes) {
          answer.destroy();
          throw new HoldfastError(
            'GitContentRefused',
            `${redactUrl(url.href)} sent more than ${given.maxBytes} bytes. Make the repository smaller, or raise limits.source_bytes.`,
          );
        }
        chunks.push(chunk);
      }
    } catch (error) {
      throw error instanceof HoldfastError ? error : unreachable(url, error);
    }
    return Buffer.concat(chunks);
  }

  /** An upload-pack answer has to be well framed, and its pack whole and within the limits. */
  function check(url: URL, answer: IncomingMessage, bytes: Buffer): void {
    if (answer.headers['content-type'] !== 'application/x-git-upload-pack-result') return;
    const payloads = pktPayloads(bytes);
    if (payloads === null) throw unreachable(url, new Error('its answer was cut or malformed'));
    const { pack, error } = readPackAnswer(payloads);
    if (error !== null) throw serverError(url, error);
    const problem = pack.length === 0 ? null : packProblem(pack, given.pack);
    if (problem === null) return;
    const damaged = /cut|malformed/.test(problem);
    throw damaged
      ? unreachable(url, new Error(problem))
      : new HoldfastError('GitContentRefused', `${redactUrl(url.href)}: the pack is refused: ${problem}.`);
  }

  function unreachable(url: URL, error: unknown): unknown {
    if (given.signal.aborted) return given.signal.reason;
    return new HoldfastError('GitUnreachable', `${redactUrl(url.href)} cannot be read: ${networkProblem(error)}.`);
  }
}

function follow(first: URL, from: URL, location: string, redirects: number): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : null;
  const where = `${redactUrl(from.href)} redirects`;
  if (to === null) throw new HoldfastError('GitUnreachable', `${where} to something that is not a URL.`);
  if (to.origin !== first.origin)
    throw new HoldfastError(
      'GitUnreachable',
      `${where} to ${to.origin}, another origin, which is not followed. If that is right, set source.url to it.`,
    );
  if (redirects >= MAX_REDIRECTS)
    throw new HoldfastError('GitUnreachable', `${where} more than ${MAX_REDIRECTS} times.`);
  return to;
}

function refusal(url: URL, status: number): HoldfastError {
  const where = redactUrl(url.href);
  if (status === 401 || status === 403)
    return new HoldfastError(
      'GitAuthentication',
      `${where} answered ${status}: the credentials are missing, wrong or not allowed to read. Check source.auth.`,
    );
  if (status === 404 || status === 410)
    return new HoldfastError(
      'GitRefNotFound',
      `${where} answered ${status}: there is no such repository, or it is hidden.`,
    );
  return new HoldfastError('GitUnreachable', `${where} answered ${status}. It is tried again.`);
}

function serverError(url: URL, text: string): HoldfastError {
  const gone = /not our ref|no such remote ref|unadvertised object/i.test(text);
  const said = text.replace(/[^\x20-\x7e]/g, '?').slice(0, 200);
  return new HoldfastError(gone ? 'GitRefNotFound' : 'GitUnreachable', `${redactUrl(url.href)} says: ${said}`);
}

async function collectBody(body: NonNullable<GitHttpRequest['body']> | Iterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function respond(url: URL, answer: IncomingMessage, bytes: Buffer): GitHttpResponse {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(answer.headers)) if (typeof value === 'string') headers[name] = value;
  return {
    url: bare(url).href,
    headers,
    body: once(bytes),
    statusCode: answer.statusCode ?? 0,
    statusMessage: answer.statusMessage ?? '',
  };
}

async function* once(bytes: Uint8Array): AsyncIterableIterator<Uint8Array> {
  yield bytes;
}

/** Without user and password, which Node would turn into a header of its own. */
function bare(url: URL): URL {
  const copy = new URL(url);
  copy.username = '';
  copy.password = '';
  return copy;
}
