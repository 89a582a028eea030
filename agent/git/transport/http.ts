// Git's smart HTTP: one conversation over one kept connection, faithful to one origin. Bounded in bytes, ended by the
// signal of each request. Credentials are added here, read anew each time, and never go elsewhere.
// Source: gitprotocol-http, gitprotocol-v2.
import type { GitHttpRequest, GitHttpResponse } from 'isomorphic-git';
import { HoldfastError } from '../../../fleet/error.ts';
import { redactUrl } from '../../host/network-error.ts';
import { ProtocolError } from '../pkt-line.ts';
import { ADVERTISEMENT_BYTES, readAdvertisement } from './advertisement.ts';
import type { ClientOptions, Conversation } from './conversation.ts';
import { createExchange, type HttpTransportOptions } from './exchange.ts';
import { collect, protocolOf, respond } from './library.ts';
import { INFO_REFS, UPLOAD_PACK } from './redirect.ts';

const VERSION_2 = { 'Git-Protocol': 'version=2' } as const;

/** Throws `ConfigInvalid` at once when the proxy of the environment cannot be used. Opens nothing until it is asked. */
export function createHttpConversation(options: HttpTransportOptions): Conversation {
  const { send, traffic, close } = createExchange(options);
  let offered: ReadonlyMap<string, string> | null | undefined;
  return {
    traffic,
    close,
    async capabilities(signal) {
      if (offered !== undefined) return offered;
      const bound = { maxBytes: ADVERTISEMENT_BYTES, over: 'cut' } as const;
      const { bytes } = await send({ service: INFO_REFS, body: null, headers: VERSION_2, bound, signal });
      offered = read(() => readAdvertisement(bytes));
      return offered;
    },
    async ask(request, maxBytes, signal) {
      const bound = { maxBytes, over: 'refuse' } as const;
      const { bytes } = await send({ service: UPLOAD_PACK, body: request, headers: VERSION_2, bound, signal });
      return bytes;
    },
    // Each request is a run of its own.
    renew: async () => undefined,
    client: (given) => ({ request: (asked) => serve(asked, given) }),
  };

  /** Of the library's request only the service, the body and the protocol's version count; where it goes is known here. */
  async function serve(asked: GitHttpRequest, given: ClientOptions): Promise<GitHttpResponse> {
    const service = new URL(asked.url).pathname.endsWith(INFO_REFS) ? INFO_REFS : UPLOAD_PACK;
    const body = service === INFO_REFS || asked.body === undefined ? null : await collect(asked.body);
    const version = protocolOf(asked);
    const headers = version === undefined ? {} : { 'Git-Protocol': version };
    const bound = { maxBytes: given.maxBytes, over: 'refuse' } as const;
    const answer = await send({
      service,
      body: service === UPLOAD_PACK ? (body ?? Buffer.alloc(0)) : null,
      headers,
      bound,
      signal: given.signal,
    });
    if (service === UPLOAD_PACK) await given.check(answer.bytes);
    return respond(answer.url.href, answer.contentType, answer.bytes);
  }

  function read<T>(reading: () => T): T {
    try {
      return reading();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      throw new HoldfastError('GitUnreachable', `${redactUrl(options.clean)}: ${error.message}.`);
    }
  }
}
