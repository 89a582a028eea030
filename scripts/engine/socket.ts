// One plain HTTP request over a unix socket, for set-up and tests: no library, no agent code. Always bounded.
import { request as httpRequest } from 'node:http';

export interface SocketRequest {
  readonly socket: string;
  readonly method?: string;
  readonly path: string;
  /** An object is sent as JSON, bytes as a tar. */
  readonly body?: object | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

export interface SocketResponse {
  readonly status: number;
  readonly text: string;
}

const TIMEOUT_MS = 60_000;
const ANSWERS_MS = 2_000;

/** Any status is an answer; rejects when there is none in time. */
export function request(given: SocketRequest): Promise<SocketResponse> {
  const { socket: socketPath, method = 'GET', path, body, timeoutMs = TIMEOUT_MS } = given;
  const bytes = body === undefined || Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  const headers: Record<string, string> = { ...given.headers };
  if (bytes !== undefined) headers['content-type'] ??= Buffer.isBuffer(body) ? 'application/x-tar' : 'application/json';
  const signal = AbortSignal.timeout(timeoutMs);
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ socketPath, method, path, headers, signal, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
      );
    });
    sent.on('error', (error) => reject(new Error(`${method} ${path}: ${error.message}`, { cause: error })));
    sent.end(bytes);
  });
}

/** Does an Engine answer at this socket now? */
export async function answers(socket: string): Promise<boolean> {
  try {
    return (await request({ socket, path: '/_ping', timeoutMs: ANSWERS_MS })).status === 200;
  } catch {
    return false; // No socket, nobody listening, or too slow: all mean no.
  }
}
