// The one connection of a source: opened when it is needed, kept while requests follow each other, given up after a
// failure. Chooses the transport by the URL.
import type { AgentConfig } from '../../../fleet/config/agent.ts';
import { HoldfastError } from '../../../fleet/error.ts';
import { createLocalUpstream } from '../local/create-local-upstream.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import type { SourceUrl } from '../source-url.ts';
import type { Upstream } from '../upstream.ts';
import { createServer, type ServerTraits } from '../wire/server.ts';
import type { Conversation } from './conversation.ts';
import { createHttpConversation } from './http.ts';
import { createSshConversation } from './ssh.ts';

/** A fetch is a handful of requests right after each other; between two polls no connection is worth keeping. */
const IDLE_MS = 2000;

export interface LinkOptions {
  readonly url: SourceUrl;
  readonly auth?: AgentConfig['source']['auth'];
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly maxBytes: number;
  /** For what has to be unpacked on the way. */
  readonly folder: string;
  readonly objects: ObjectStore;
}

export interface Link {
  /** Safe in a message. */
  readonly shown: string;
  /** False: there is nobody to ask. */
  readonly asks: boolean;
  /** How objects come; null: nothing was asked yet. */
  way(): string | null;
  use<T>(signal: AbortSignal, work: (upstream: Upstream) => Promise<T>): Promise<T>;
  close(): void;
}

/** One upstream and how many use it at this moment. */
interface Open {
  readonly upstream: Upstream;
  users: number;
}

/** Throws `ConfigInvalid` at once for what can never work. */
export function createLink(options: LinkOptions): Link {
  const { url } = options;
  // Opens nothing; says what lacks.
  if (url.kind === 'ssh' || url.kind === 'http') converse(url, options).close();
  const traits: ServerTraits = { snapshot: null };
  let open: Open | null = null;
  let way: string | null = null;
  let idle: NodeJS.Timeout | undefined;

  return {
    shown: url.shown,
    asks: url.kind !== 'import',
    way: () => way,
    close: giveUp,
    async use(signal, work) {
      signal.throwIfAborted();
      clearTimeout(idle);
      open ??= { upstream: openUpstream(options, traits), users: 0 };
      const used = open;
      used.users++;
      try {
        const result = await work(used.upstream);
        way = used.upstream.way;
        return result;
      } catch (error) {
        // Whoever comes next begins anew; whoever is at it still, goes on.
        if (open === used) open = null;
        throw error;
      } finally {
        used.users--;
        if (used.users === 0 && open !== used) used.upstream.close();
        if (used.users === 0 && open === used) idle = setTimeout(giveUp, IDLE_MS).unref();
      }
    },
  };

  /** What is in use is closed by its last user. */
  function giveUp(): void {
    clearTimeout(idle);
    if (open?.users === 0) open.upstream.close();
    open = null;
  }
}

function openUpstream(options: LinkOptions, traits: ServerTraits): Upstream {
  const { url, maxBytes, folder, objects } = options;
  const { shown } = url;
  if (url.kind === 'import')
    throw new HoldfastError(
      'GitUnreachable',
      'source.url is "import:", and what is needed was not handed in. Run "holdfast-agent import BUNDLE" with a bundle that holds it.',
    );
  if (url.kind === 'file')
    // A bundle may build on what an earlier one brought.
    return createLocalUpstream({ path: url.path, shown, maxBytes, external: objects.find });
  const server = { traits, shown, maxBytes, folder, held: objects.find, conversation: converse(url, options) };
  // What isomorphic-git is told of an SSH server is never dialled: the conversation goes its own way.
  return createServer({ ...server, url: url.kind === 'http' ? url.clean : 'https://ssh.invalid/repository' });
}

function converse(url: Extract<SourceUrl, { kind: 'http' | 'ssh' }>, options: LinkOptions): Conversation {
  const { auth, caFile, certFile, keyFile, env = {} } = options;
  if (url.kind === 'ssh')
    return createSshConversation({ ...url, keyFile: auth?.ssh_key_file, knownHostsFile: auth?.known_hosts_file });
  return createHttpConversation({
    given: url.given,
    clean: url.clean,
    env,
    ...(auth === undefined ? {} : { auth }),
    ...(caFile === undefined ? {} : { caFile }),
    ...(certFile === undefined ? {} : { certFile }),
    ...(keyFile === undefined ? {} : { keyFile }),
  });
}
