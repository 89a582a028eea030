// The agent's optional HTTP listener: metrics and probes, read only. It changes nothing and is never waited for: a port
// that is taken is said in the log, and the device is kept in order all the same.
import { createServer, type Server, type ServerResponse } from 'node:http';
import { messageOf } from '../../fleet/error.ts';
import type { StatusBody } from '../../fleet/status.ts';
import type { Log } from '../loop/parts.ts';
import type { Metrics } from './metrics.ts';

const MAX_CONNECTIONS = 32;
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;

export interface Listener {
  /** null: it does not listen. */
  readonly url: string | null;
  stop(): Promise<void>;
}

export interface Shown {
  readonly metrics: Metrics;
  /** The newest status; null: no cycle has ended yet. */
  readonly status: () => StatusBody | null;
}

/** @param listen `127.0.0.1:9477`, `[::1]:9477` */
export async function startListener(listen: string, shown: Shown, log: Log): Promise<Listener> {
  const server = createServer({ headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS });
  server.maxConnections = MAX_CONNECTIONS;
  server.on('request', (request, response) => {
    answer(request.method ?? '', request.url ?? '', response, shown).catch((error: unknown) => {
      log('warn', 'a request for metrics failed', { error: messageOf(error) });
      response.destroy();
    });
  });
  const url = await open(server, listen).catch((error: unknown) => {
    log('error', `metrics.listen ${listen} cannot be listened on: choose another; the agent goes on without`, {
      error: messageOf(error),
    });
    return null;
  });
  if (url !== null) log('info', `metrics and probes on ${url}`);
  return {
    url,
    async stop() {
      if (url === null) return;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(method: string, path: string, response: ServerResponse, shown: Shown): Promise<void> {
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('cache-control', 'no-store');
  const text = (code: number, body: string): void => {
    response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8' }).end(`${body}\n`);
  };
  if (method !== 'GET' && method !== 'HEAD') text(405, 'only GET');
  else if (path === '/metrics') {
    const { type, body } = await shown.metrics.render();
    response.writeHead(200, { 'content-type': type }).end(body);
  } else if (path === '/healthz') text(200, 'ok');
  else if (path === '/readyz') {
    const { ready, why } = readiness(shown.status());
    text(ready ? 200 : 503, why);
  } else text(404, 'nothing here; look at /metrics, /healthz or /readyz');
}

/** Reason only: messages may repeat what containers and Git said. */
function readiness(status: StatusBody | null): { readonly ready: boolean; readonly why: string } {
  const condition = status?.conditions.find(({ type }) => type === 'Ready');
  if (condition === undefined) return { ready: false, why: 'no cycle has ended yet' };
  return { ready: condition.status === 'True', why: condition.status === 'True' ? 'ok' : condition.reason };
}

function open(server: Server, listen: string): Promise<string> {
  const at = listen.lastIndexOf(':');
  const host = listen.slice(0, at).replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(Number(listen.slice(at + 1)), host, () => {
      server.off('error', reject);
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      resolve(`http://${host.includes(':') ? `[${host}]` : host}:${port}`);
    });
  });
}
