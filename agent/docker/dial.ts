// HTTP to the Engine's socket through dockerode's modem, down to the headers of the answer. The only file that imports dockerode.
import { Agent, IncomingMessage } from 'node:http';
import { inspect } from 'node:util';
import Docker from 'dockerode';

export interface Asked {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below the version: `/containers/json`. Segments that come from outside are encoded by the caller. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

type Dial = (call: Asked, prefix: string, signal: AbortSignal) => Promise<IncomingMessage>;

interface DialOptions {
  path: string;
  method: string;
  options: { _query: Readonly<Record<string, string>>; _body: object };
  headers: Readonly<Record<string, string>>;
  isStream: true;
  statusCodes: Readonly<Record<number, true>>;
  abortSignal: AbortSignal;
}

const CLOSE = { connection: 'close' };

/** Every status is an answer to be read here, not an error made by the library. */
const EVERY_STATUS: Readonly<Record<number, true>> = Object.fromEntries(
  Array.from({ length: 500 }, (_, index) => [index + 100, true as const]),
);

/** Connections that lie idle are closed after this long. */
const KEPT_IDLE_MS = 5_000;
const KEPT_CONNECTIONS = 8;

/** The library writes out every option of every call, whether or not anybody reads that: neither of these has to be walked through. */
class KeptAgent extends Agent {
  [inspect.custom](): string {
    return 'KeptAgent';
  }
}

function unprinted(signal: AbortSignal): AbortSignal {
  return Object.defineProperty(signal, inspect.custom, { value: () => 'AbortSignal' });
}

/** `kept`: over a connection that was used before, where one is idle. `fresh`: over one of its own. */
export function createDial(socketPath: string): { readonly kept: Dial; readonly fresh: Dial } {
  const agent = new KeptAgent({ keepAlive: true, maxFreeSockets: KEPT_CONNECTIONS, timeout: KEPT_IDLE_MS });
  // DOCKER_HOST and its kin in the environment must not redirect an agent whose configuration names the socket.
  const options = { socketPath, host: undefined, protocol: 'http', timeout: undefined } as const;
  const keeping = { ...options, agent };
  return {
    kept: dialWith(new Docker(keeping), {}),
    fresh: dialWith(new Docker(options), CLOSE),
  };
}

/** Cut off before a word of the answer came. */
export function isCutOff(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

/**
 * The library is used down to the response's headers only: bodies are read here, under the deadline. From then on an abort destroys
 * the response, not the request: the request's socket may have nobody left who listens for the error.
 * `headers` go with every call.
 */
function dialWith(docker: Docker, headers: Readonly<Record<string, string>>): Dial {
  return (call, prefix, signal) =>
    new Promise((resolve, reject) => {
      const request = new AbortController();
      const abortRequest = (): void => request.abort(signal.reason);
      signal.addEventListener('abort', abortRequest, { once: true });
      const query = call.query ?? {};
      const options: DialOptions = {
        path: prefix + call.path + (Object.keys(query).length > 0 ? '?' : ''),
        method: call.method,
        options: { _query: query, _body: call.body ?? {} },
        headers: { ...headers, ...call.headers },
        isStream: true,
        statusCodes: EVERY_STATUS,
        abortSignal: unprinted(request.signal),
      };
      docker.modem.dial(options, (error, response) => {
        signal.removeEventListener('abort', abortRequest);
        if (!(response instanceof IncomingMessage)) return reject(error ?? new Error('the Engine gave no answer'));
        response.on('error', ignoreLate);
        const abortResponse = (): void => void response.destroy();
        if (signal.aborted) abortResponse();
        signal.addEventListener('abort', abortResponse, { once: true });
        response.once('close', () => signal.removeEventListener('abort', abortResponse));
        resolve(response);
      });
    });
}

function ignoreLate(): void {
  // Whoever reads the body sees the error there; after that nobody is concerned any more.
}
