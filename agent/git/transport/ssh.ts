// Git over SSH: one connection and on it one run of `git-upload-pack` that answers command after command, one at a
// time. Opened when it is needed, kept until it is closed or fails. ssh2 is loaded only when SSH is used.
// Source: gitprotocol-pack (SSH transport), gitprotocol-v2.
import type { Socket } from 'node:net';
import { HoldfastError } from '../../../fleet/error.ts';
import { ProtocolError } from '../pkt-line.ts';
import { ADVERTISEMENT_BYTES, readAdvertisement } from './advertisement.ts';
import { type Conversation, NoAnswer } from './conversation.ts';
import { createSshClient } from './ssh-client.ts';
import { openSsh, type SshConnection, type SshServer, unreachable } from './ssh-connection.ts';
import { createRun, isNoRepository, noRepository, type Run } from './ssh-run.ts';
import { createTurns } from './turns.ts';

export interface SshTransportOptions {
  readonly user: string;
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** For messages. */
  readonly shown: string;
  /** source.auth.ssh_key_file */
  readonly keyFile: string | undefined;
  /** source.auth.known_hosts_file */
  readonly knownHostsFile: string | undefined;
}

type Env = Readonly<Record<string, string>>;
type Offered = ReadonlyMap<string, string> | null;

const VERSION_2: Env = { GIT_PROTOCOL: 'version=2' };
/** Nothing is wanted: the older protocol's way to take leave. */
const NOTHING = Buffer.from('0000');

/** Throws `ConfigInvalid` at once when the key or the known hosts are not named. Opens nothing until it is asked. */
export function createSshConversation(options: SshTransportOptions): Conversation {
  const { shown, path } = options;
  const server = serverOf(options);
  const wire = createWire(server);
  const turns = createTurns((reason) => wire.end(reason));
  const closed = unreachable(shown, 'the connection was closed on this side');
  let requests = 0;
  let offered: Offered | undefined;
  let kept: Run | null = null;
  return {
    capabilities: (signal) =>
      turns.take(signal, async () => {
        if (offered === undefined) await session(signal);
        return offered ?? null;
      }),
    renew: (signal) => turns.take(signal, async () => leave()),
    ask: (request, maxBytes, signal) => turns.take(signal, () => exchange(request, maxBytes, signal)),
    client: (given) =>
      createSshClient(given, (signal, work) =>
        turns.take(signal, async () => {
          requests++;
          return await inGitsTerms(() => work((env) => start(env, signal)));
        }),
      ),
    traffic: {
      get requests() {
        return requests;
      },
      get sentBytes() {
        return wire.sentBytes();
      },
      get receivedBytes() {
        return wire.receivedBytes();
      },
    },
    close: () => wire.end(closed),
  };

  async function exchange(request: Buffer, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
    const before = kept?.isAlive === true ? kept : null;
    const run = before ?? (await session(signal));
    if (run === null) throw unreachable(shown, 'the server speaks no protocol v2', new NoAnswer('ended'));
    requests++;
    run.write(request);
    try {
      return await run.answer({ maxBytes, over: 'refuse' });
    } catch (error) {
      // The server may end a kept run while the request is on its way; reading twice does no harm.
      const stale = run === before && !run.hasAnswered && !signal.aborted && error !== closed && isUnreachable(error);
      if (!stale) throw error;
      kept = null;
      return await exchange(request, maxBytes, signal);
    }
  }

  /** A run that speaks protocol v2 and waits for a command; null: the server has none. */
  async function session(signal: AbortSignal): Promise<Run | null> {
    if (offered === null) return null;
    const run = await start(VERSION_2, signal);
    const said = await run.answer({ maxBytes: ADVERTISEMENT_BYTES, over: 'cut' });
    offered = await inGitsTerms(async () => readAdvertisement(said));
    kept = run;
    if (offered === null) leave();
    return kept;
  }

  function leave(): void {
    if (kept?.isAlive === true) {
      kept.write(NOTHING);
      kept.close();
    }
    kept = null;
  }

  async function start(env: Env, signal: AbortSignal): Promise<Run> {
    const connection = await wire.open(signal);
    return createRun(await connection.exec(`git-upload-pack ${quote(path)}`, env), shown, connection);
  }

  async function inGitsTerms<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      throw isNoRepository(error.message)
        ? noRepository(shown, error.message)
        : unreachable(shown, error.message, error);
    }
  }
}

/** The connection at hand, and the bytes of all that there were. */
function createWire(server: SshServer) {
  let connection: SshConnection | null = null;
  let opening = new AbortController();
  let socket: Socket | null = null;
  const ended = { sent: 0, received: 0 };
  return {
    async open(signal: AbortSignal): Promise<SshConnection> {
      if (connection !== null && !connection.lost.aborted) return connection;
      opening = new AbortController();
      connection = await openSsh(server, count, AbortSignal.any([signal, opening.signal]));
      return connection;
    },
    end(reason: unknown): void {
      opening.abort(reason);
      connection?.end(reason);
    },
    sentBytes: () => ended.sent + (socket?.bytesWritten ?? 0),
    receivedBytes: () => ended.received + (socket?.bytesRead ?? 0),
  };

  function count(opened: Socket): void {
    ended.sent += socket?.bytesWritten ?? 0;
    ended.received += socket?.bytesRead ?? 0;
    socket = opened;
  }
}

function serverOf({ keyFile, knownHostsFile, ...where }: SshTransportOptions): SshServer {
  if (keyFile === undefined)
    throw new HoldfastError(
      'ConfigInvalid',
      `${where.shown}: SSH needs a private key. Set source.auth.ssh_key_file to one that the server knows.`,
    );
  if (knownHostsFile === undefined)
    throw new HoldfastError(
      'ConfigInvalid',
      `${where.shown}: without known host keys anybody could answer. Set source.auth.known_hosts_file.`,
    );
  return { ...where, keyFile, knownHostsFile };
}

function isUnreachable(error: unknown): boolean {
  return error instanceof HoldfastError && error.code === 'GitUnreachable';
}

/** One word for the shell on the other side, as Git itself sends it. */
function quote(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`;
}
