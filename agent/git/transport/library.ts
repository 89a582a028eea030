// What isomorphic-git gives to and takes from a transport, as far as it counts: the protocol's version, a body, an answer.
import type { GitHttpRequest, GitHttpResponse } from 'isomorphic-git';

/** undefined: the library asks for none. */
export function protocolOf({ headers }: GitHttpRequest): string | undefined {
  return Object.entries(headers ?? {}).find(([name]) => name.toLowerCase() === 'git-protocol')?.[1];
}

export async function collect(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export function respond(url: string, contentType: string, bytes: Uint8Array): GitHttpResponse {
  return { url, headers: { 'content-type': contentType }, body: only(bytes), statusCode: 200, statusMessage: 'OK' };
}

async function* only(bytes: Uint8Array): AsyncIterableIterator<Uint8Array> {
  yield bytes;
}
