// The connections of one conversation, all of them to one origin: straight or through a proxy, plain or with TLS.
// Counts the bytes on the wire and leaves no socket behind. Knows nothing of requests.
import { once } from 'node:events';
import { Agent, type ClientRequestArgs } from 'node:http';
import { connect, Socket } from 'node:net';
import { HoldfastError } from '../../../fleet/error.ts';
import { networkProblem } from '../../host/network-error.ts';
import { bareHost, type HttpProxy, tunnel } from './proxy.ts';
import { readTls, secure, type TlsFiles } from './tls.ts';

export interface Connections {
  /** For `http.request`, of plain and of secure origins alike: it hands out sockets that are ready. */
  readonly agent: Agent;
  /** On the wire, with everything that TLS and the proxy add. */
  readonly bytes: { readonly sent: number; readonly received: number };
  close(): void;
}

/** What a request has to tell the agent besides what Node knows. */
export interface Dialling {
  /** Ends the opening of a connection for this request. */
  readonly stop: AbortSignal;
}

export function createConnections(origin: URL, proxy: HttpProxy | null, files: TlsFiles): Connections {
  const sockets = new Set<Socket>();
  const ended = { sent: 0, received: 0 };
  const agent = new DiallingAgent(dial);
  const isSecure = origin.protocol === 'https:';
  const host = bareHost(origin);
  const port = origin.port === '' ? (isSecure ? 443 : 80) : Number(origin.port);
  return {
    agent,
    bytes: {
      get sent() {
        return [...sockets].reduce((sum, { bytesWritten }) => sum + bytesWritten, ended.sent);
      },
      get received() {
        return [...sockets].reduce((sum, { bytesRead }) => sum + bytesRead, ended.received);
      },
    },
    close() {
      agent.destroy();
      for (const socket of sockets) socket.destroy();
    },
  };

  async function dial(stop: AbortSignal): Promise<Socket> {
    const context = isSecure ? await readTls(files) : null;
    stop.throwIfAborted();
    const socket = open(proxy === null ? { host, port } : { host: proxy.host, port: proxy.port });
    const giveUp = (): void => void socket.destroy();
    stop.addEventListener('abort', giveUp, { once: true });
    try {
      await reachProxy(once(socket, 'connect', { signal: stop }));
      if (context === null) return socket;
      if (proxy !== null) await reachProxy(tunnel(proxy, socket, `${origin.hostname}:${port}`));
      return await secure(socket, host, context);
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      stop.removeEventListener('abort', giveUp);
    }
  }

  function open(to: { host: string; port: number }): Socket {
    const socket = connect({ ...to, noDelay: true });
    sockets.add(socket);
    // Whoever uses the socket hears of it too; a failure in between must not end the process.
    socket.on('error', () => undefined);
    socket.once('close', () => {
      sockets.delete(socket);
      ended.sent += socket.bytesWritten;
      ended.received += socket.bytesRead;
    });
    return socket;
  }

  /** A failure on the way to the proxy must not look like one of the Git server. */
  async function reachProxy(reaching: Promise<unknown>): Promise<void> {
    try {
      await reaching;
    } catch (error) {
      if (proxy === null || error instanceof HoldfastError) throw error;
      throw new HoldfastError(
        'GitUnreachable',
        `The proxy ${proxy.shown} cannot be used: ${networkProblem(error)}. Check that address, or exempt the Git server with NO_PROXY.`,
      );
    }
  }
}

class DiallingAgent extends Agent {
  readonly #dial: (stop: AbortSignal) => Promise<Socket>;

  constructor(dial: (stop: AbortSignal) => Promise<Socket>) {
    // The requests of one fetch follow each other.
    super({ keepAlive: true, maxSockets: 1 });
    this.#dial = dial;
  }

  override createConnection(
    options: ClientRequestArgs & Partial<Dialling>,
    callback?: (error: Error | null, socket: Socket) => void,
  ): undefined {
    const stop = options.stop ?? new AbortController().signal;
    this.#dial(stop).then(
      (socket) => callback?.(null, socket),
      // Only the error counts; the type asks for a socket in any case.
      (error: Error) => callback?.(error, new Socket()),
    );
  }
}
