// What an HTTP answer means: its body within bounds, or the failure in words. Sends nothing.
import type { IncomingMessage } from 'node:http';
import type { AgentConfig } from '../../../fleet/config/agent.ts';
import { HoldfastError } from '../../../fleet/error.ts';
import { NoAnswer, tooLarge } from './conversation.ts';
import { type HttpProxy, proxyRefusal } from './proxy.ts';
import { shownUrl } from './redirect.ts';
import { retryAfterMs } from './retry-after.ts';

export interface Bound {
  readonly maxBytes: number;
  /** Of a larger body: refuse it, or take its beginning. */
  readonly over: 'refuse' | 'cut';
}

/** Throws `GitContentRefused`, and what the connection throws, also for a body that ends too early; the connection is gone then. */
export async function readBody(answer: IncomingMessage, url: URL, { maxBytes, over }: Bound): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  if (over === 'refuse' && Number(answer.headers['content-length'] ?? 0) > maxBytes) {
    answer.destroy();
    throw tooLarge(shownUrl(url), maxBytes);
  }
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length <= maxBytes) continue;
    // Leaving the loop destroys the connection.
    if (over === 'cut') return Buffer.concat(chunks).subarray(0, maxBytes);
    throw tooLarge(shownUrl(url), maxBytes);
  }
  return Buffer.concat(chunks);
}

/** What the failure has to name: which credentials were sent, which proxy was on the way. */
export interface Circumstances {
  readonly given: URL;
  readonly auth?: AgentConfig['source']['auth'];
  readonly certFile?: string;
  readonly proxy: HttpProxy | null;
}

/** null: this is the answer to what was asked, as far as its head tells. */
export function judgeHead(
  answer: IncomingMessage,
  url: URL,
  contentType: string,
  circumstances: Circumstances,
): HoldfastError | null {
  const status = answer.statusCode ?? 0;
  if (status !== 200) return refusal(answer, url, status, circumstances);
  const where = shownUrl(url);
  const encoding = answer.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity')
    return new HoldfastError(
      'GitUnreachable',
      `${where} sent its answer encoded (${printable(encoding)}), which was not asked for. Turn compression off there or in the proxy before it.`,
    );
  const type = (answer.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (type === contentType) return null;
  return new HoldfastError(
    'GitUnreachable',
    `${where} answered 200 with ${type === '' ? 'no content type' : printable(type)} instead of Git's ${contentType}: perhaps a login page, a captive portal or a plain web server. Check source.url.`,
  );
}

function refusal(answer: IncomingMessage, url: URL, status: number, given: Circumstances): HoldfastError {
  const where = `${shownUrl(url)} answered ${status}`;
  const options = { retryAfterMs: retryAfterMs(answer.headers, Date.now()), cause: new NoAnswer('status') };
  switch (status) {
    case 401:
    case 403:
      return new HoldfastError('GitAuthentication', `${where}: ${credentialsProblem(given)}`, options);
    case 404:
    case 410:
      return new HoldfastError(
        'GitRefNotFound',
        `${where}: there is no such repository, or it is hidden from these credentials. Check source.url and source.auth.`,
        options,
      );
    case 407:
      if (given.proxy !== null) return proxyRefusal(given.proxy, url.host, status);
      return new HoldfastError(
        'GitUnreachable',
        `${where}: a proxy on the way wants a user and a password. Set HTTPS_PROXY to http://user:password@host:port.`,
      );
    case 429:
    case 503: {
      const { retryAfterMs: wait } = options;
      const when =
        wait === null ? 'It is tried again' : `It asks not to be asked again for ${Math.ceil(wait / 1000)} s`;
      return new HoldfastError('GitUnreachable', `${where}: it is too busy. ${when}.`, options);
    }
    default:
      return new HoldfastError('GitUnreachable', `${where}. It is tried again.`, options);
  }
}

/** Names the file or key to look at, never what is in it. */
function credentialsProblem({ given, auth, certFile }: Circumstances): string {
  const used =
    auth?.token_file !== undefined
      ? `the token in source.auth.token_file (${auth.token_file})`
      : auth?.password_file !== undefined
        ? `the password in source.auth.password_file (${auth.password_file})`
        : given.username !== '' || given.password !== ''
          ? 'the user and password in source.url'
          : null;
  if (used !== null) return `${used} is wrong, has expired or may not read this repository. Put a valid one there.`;
  const certificate = certFile === undefined ? '' : ` besides the certificate of source.cert_file (${certFile})`;
  return `it wants credentials${certificate}, and none are configured. Set source.auth.`;
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 100);
}
