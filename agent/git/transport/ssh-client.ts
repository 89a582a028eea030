// Smart HTTP as isomorphic-git speaks it, played over SSH: the library asks for the refs and then for a pack, and both
// come from one fresh run of `git-upload-pack`, whose protocol is the same without HTTP's framing around it.
// Source: gitprotocol-http (smart service), gitprotocol-pack.
import type { HttpClient } from 'isomorphic-git';
import { readAdvertisement } from './advertisement.ts';
import type { ClientOptions } from './conversation.ts';
import { collect, protocolOf, respond } from './library.ts';
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
      const version = protocolOf(asked);
      const env = version === undefined ? {} : { GIT_PROTOCOL: version };
      if (new URL(asked.url).pathname.endsWith(INFO_REFS)) {
        const refs = await inTurn(signal, async (start) => {
          waiting?.close();
          waiting = await start(env);
          return await advertised(waiting);
        });
        return respond(asked.url, `${TYPE}advertisement`, Buffer.concat([SERVICE, refs]));
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
      return respond(asked.url, `${TYPE}result`, pack);
    },
  };

  /** Throws `ProtocolError` for what is none. */
  async function advertised(run: Run): Promise<Buffer> {
    const refs = await run.answer(bound);
    readAdvertisement(refs);
    return refs;
  }
}
