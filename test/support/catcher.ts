// A receiver of HTTP requests on loopback: keeps what came, as bytes, and answers what it is told to.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Caught {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Catcher extends AsyncDisposable {
  readonly url: string;
  readonly caught: Caught[];
  /** What to answer from now on; null: nothing, the request hangs. */
  answer: Answer | null;
}

export async function startCatcher(port = 0): Promise<Catcher> {
  const caught: Caught[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      caught.push({ method, path: url, headers, body: Buffer.concat(chunks).toString() });
      const { answer } = catcher;
      if (answer === null) return;
      response.writeHead(answer.status, answer.headers).end(answer.body ?? '');
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const catcher: Catcher = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    caught,
    answer: { status: 200 },
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return catcher;
}
