// The HTTP listener. Owns sockets and their deadlines; answers nothing itself.
import type { Server } from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import { createAdaptorServer } from '@hono/node-server';
import { HoldfastError } from '../../fleet/error.ts';
import type { createApp } from './app.ts';

const MAX_CONNECTIONS = 2_000;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;

export interface HttpServer {
  readonly url: string;
  stop(): Promise<void>;
}

export interface HttpInput {
  readonly app: ReturnType<typeof createApp>;
  readonly host: string;
  readonly port: number;
  /** null: in the clear. */
  readonly tls: { readonly context: SecureContextOptions; readonly onServer: (server: HttpsServer) => void } | null;
}

/** @throws HoldfastError ConfigInvalid when the address cannot be listened on */
export async function startHttp({ app, host, port, tls }: HttpInput): Promise<HttpServer> {
  const timeouts = { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS };
  const server =
    tls === null
      ? (createAdaptorServer({ fetch: app.fetch, serverOptions: timeouts }) as Server)
      : (createAdaptorServer({
          fetch: app.fetch,
          createServer: createHttpsServer,
          serverOptions: { ...timeouts, ...tls.context, handshakeTimeout: HEADERS_TIMEOUT_MS },
        }) as HttpsServer);
  if (tls !== null) tls.onServer(server as HttpsServer);
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'the port is already in use' : error.message;
      const remedy = 'choose another with http.port (or --http-port)';
      reject(
        new HoldfastError('ConfigInvalid', `HTTP cannot listen on ${host}:${port}: ${why}; ${remedy}`, {
          cause: error,
        }),
      );
    });
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `${tls === null ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
