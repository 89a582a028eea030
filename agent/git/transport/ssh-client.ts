// Smart HTTP as isomorphic-git speaks it, played over SSH: the library asks for the refs and then for a pack, and both
// come from one fresh run of `git-upload-pack`, whose protocol is the same without HTTP's framing around it.
// Source: gitprotocol-http (smart service), gitprotocol-pack.
import type { GitHttpRequest, GitHttpResponse, HttpClient } from 'isomorphic-git';
import { readAdvertisement } from './advertisement.ts';
import type { ClientOptions } from './conversation.ts';
import type { Run } from './ssh-run.ts';

/** What HTTP says before the refs, and SSH does not. */
const SERVICE = Buffer.from('001e# service=git-upload-pack\n0000');
const INFO_REFS = '/info/refs';
const TYPE = 'application/x-git-upload-pack-';

/** Runs `work` alone, with a way to start `git-upload-pack`. */
export type InTurn = <T>(
  signal: AbortSignal,
  work: (start: (env: Readonly<Record<string, string>>) => Promise<Run>) => Promise<T>,
) => Promise<T>;

export function createSshClient({ maxBytes, signal, check }: ClientOptions, inTurn: InTurn): HttpClient {
  const bound = { maxBytes, over: 'refuse' } as const;
  /** It said what there is, and waits for what is wanted. */
  let waiting: Run | null = null;
  return {
    async request(asked) {
      const env = protocolOf(asked.headers);
      if (new URL(asked.url).pathname.endsWith(INFO_REFS)) {
        const refs = await inTurn(signal, async (start) => {
          waiting?.close();
          waiting = await start(env);
          return await advertised(waiting);
        });
        return answer(asked, 'advertisement', Buffer.concat([SERVICE, refs]));
      }
      const body = await collect(asked.body ?? []);
      const pack = await inTurn(signal, async (start) => {
        const run = waiting?.isAlive === true ? waiting : await start(env);
        if (run !== waiting) await advertised(run);
        waiting = null;
        run.write(body);
        // The library says all it has to say at once.
        run.endInput();
        return await run.rest(maxBytes);
      });
      await check(pack);
      return answer(asked, 'result', pack);
    },
  };

  /** Throws `ProtocolError` for what is none. */
  async function advertised(run: Run): Promise<Buffer> {
    const refs = await run.answer(bound);
    readAdvertisement(refs);
    return refs;
  }
}

function protocolOf(headers: GitHttpRequest['headers']): Readonly<Record<string, string>> {
  const asked = Object.entries(headers ?? {}).find(([name]) => name.toLowerCase() === 'git-protocol')?.[1];
  return asked === undefined ? {} : { GIT_PROTOCOL: asked };
}

function answer({ url }: GitHttpRequest, kind: 'advertisement' | 'result', bytes: Buffer): GitHttpResponse {
  const headers = { 'content-type': `${TYPE}${kind}` };
  return { url, headers, body: only(bytes), statusCode: 200, statusMessage: 'OK' };
}

async function collect(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* only(bytes: Uint8Array): AsyncIterableIterator<Uint8Array> {
  yield bytes;
}
