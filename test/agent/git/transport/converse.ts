// What the tests of the HTTP transport share: a conversation with a URL, a server written by hand, what a failure says.
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { parseSourceUrl } from '../../../../agent/git/source-url.ts';
import type { Conversation } from '../../../../agent/git/transport/conversation.ts';
import type { HttpTransportOptions } from '../../../../agent/git/transport/exchange.ts';
import { createHttpConversation } from '../../../../agent/git/transport/http.ts';
import { lsRefs } from '../../../../agent/git/wire/commands.ts';
import { HoldfastError } from '../../../../fleet/error.ts';

export const never = new AbortController().signal;
export const LS_REFS = lsRefs(['refs/heads/main']);
export const MAX_BYTES = 1024 * 1024;
export const RESULT = 'application/x-git-upload-pack-result';

export function converse(text: string, given: Partial<HttpTransportOptions> = {}): Conversation {
  const url = parseSourceUrl(text, true);
  if (url.kind !== 'http') throw new Error(`${text} is not http`);
  const conversation = createHttpConversation({ given: url.given, clean: url.clean, env: {}, ...given });
  onTestFinished(() => conversation.close());
  return conversation;
}

export async function poll(conversation: Conversation, signal = never): Promise<string> {
  return (await conversation.ask(LS_REFS, MAX_BYTES, signal)).toString();
}

/** The error that an attempt ends with; an attempt that succeeds fails the test. */
export async function failureOf(attempt: Promise<unknown>): Promise<HoldfastError> {
  const error = await attempt.then(
    (value) => new Error(`it succeeded with ${String(value)}`),
    (each: unknown) => each,
  );
  if (error instanceof HoldfastError) return error;
  throw error;
}

export interface HandServer {
  readonly url: string;
  readonly port: number;
  /** Method, path and credentials of each request. */
  readonly seen: string[];
  readonly sockets: ReadonlySet<Socket>;
}

export async function serveByHand(listener: RequestListener): Promise<HandServer> {
  const seen: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    const { authorization } = request.headers;
    seen.push(`${request.method} ${request.url}${authorization === undefined ? '' : ` ${authorization}`}`);
    // Read to the end, so that a connection can be kept.
    request.resume().on('end', () => listener(request, response));
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, seen, sockets };
}
