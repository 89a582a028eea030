// One HTTP exchange with a registry: bounded in bytes, ended by its signal, faithful to TLS. Follows redirects, and takes no
// credentials across origins. Plain http is for loopback only.
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { getCACertificates } from 'node:tls';
import { HoldfastError } from '../../fleet/error.ts';
import { networkProblem, redactUrl } from '../host/network-error.ts';

export interface Asked {
  readonly method?: 'GET' | 'HEAD';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

export interface Answered {
  readonly status: number;
  /** Of a header, in lower case; absent: empty. */
  readonly header: (name: string) => string;
  readonly body: Buffer;
}

export interface Wire {
  send(asked: Asked): Promise<Answered>;
  close(): void;
}

const MAX_REDIRECTS = 3;
/** No proxy is asked for these, as by the Engine. */
const LOOPBACK = 'localhost,127.0.0.1-127.255.255.255,::1';

/** `ca`: trusted besides the well-known CAs. `env`: for the proxy. */
export function createWire(ca: readonly string[], env: Readonly<Record<string, string | undefined>>): Wire {
  const exempt = [env.no_proxy || env.NO_PROXY || '', LOOPBACK].filter((part) => part !== '').join(',');
  const common = { keepAlive: true, maxSockets: 4, proxyEnv: { ...env, no_proxy: exempt, NO_PROXY: exempt } };
  const plain = new HttpAgent(common);
  const secure = new HttpsAgent({
    ...common,
    ...(ca.length === 0 ? {} : { ca: [...getCACertificates('default'), ...ca] }),
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
  });
  return {
    async send(asked) {
      let { url, headers = {} } = asked;
      for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
        const answer = await exchange({ ...asked, url, headers });
        const target = answer.status >= 300 && answer.status < 400 ? answer.header('location') : '';
        if (target === '' || !URL.canParse(target, url.href)) return answer;
        const next = new URL(target, url);
        if (next.protocol === 'http:' && !(url.protocol === 'http:' && isLoopback(next)))
          throw away(url, `it redirects to ${redactUrl(next.href)}, which is not https`);
        if (next.origin !== url.origin) headers = withoutCredentials(headers);
        url = next;
      }
      throw away(asked.url, `it redirects more than ${MAX_REDIRECTS} times`);
    },
    close() {
      plain.destroy();
      secure.destroy();
    },
  };

  async function exchange({ method = 'GET', url, headers = {}, maxBytes, signal }: Asked): Promise<Answered> {
    signal.throwIfAborted();
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url)))
      throw away(url, 'only https is spoken beyond loopback');
    try {
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        const options = { method, headers: { ...headers, 'User-Agent': 'holdfast' }, signal };
        const sent =
          url.protocol === 'https:'
            ? httpsRequest(url, { ...options, agent: secure }, resolve)
            : httpRequest(url, { ...options, agent: plain }, resolve);
        sent.once('error', reject);
        sent.end();
      });
      const body = await collect(answer, maxBytes, url);
      const header = (name: string) => String(answer.headers[name] ?? '');
      return { status: answer.statusCode ?? 0, header, body };
    } catch (error) {
      if (error instanceof HoldfastError) throw error;
      signal.throwIfAborted();
      throw away(url, networkProblem(error));
    }
  }
}

async function collect(answer: IncomingMessage, maxBytes: number, url: URL): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    // Leaving the loop destroys the connection.
    if (size > maxBytes) throw away(url, `its answer has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The registry is at fault, or the way there: it may work later. */
export function away(url: URL, why: string, retryAfterMs: number | null = null): HoldfastError {
  const text = `The registry at ${redactUrl(url.href)} cannot be asked: ${why}.`;
  return new HoldfastError('ImagePullFailed', text, { retryAfterMs });
}

export function isLoopback({ hostname }: Pick<URL, 'hostname'>): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

function withoutCredentials(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization'));
}
