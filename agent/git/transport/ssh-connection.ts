// One SSH connection to the Git server: reached, proved to be the right host, logged in with the one key. Nothing is
// sent for logging in before the host key is accepted. Every failure leaves here as one of the Git error codes; when
// the connection ends, for whatever reason, `lost` says why.
import { connect, type Socket } from 'node:net';
import type { Algorithms, Client, ClientChannel, ConnectConfig, ParsedKey, PublicKeyAuthMethod } from 'ssh2';
import { HoldfastError, messageOf } from '../../../fleet/error.ts';
import { networkProblem } from '../../host/network-error.ts';
import { readPem } from '../../host/secret.ts';
import { readable } from '../credentials.ts';
import { fingerprint, type KnownHost, parseKnownHosts } from './known-hosts.ts';
import { type Host, hostKeyAlgorithms, refuseHostKey } from './ssh-host-key.ts';
import { readSshKey } from './ssh-key.ts';

export interface SshServer extends Host {
  readonly user: string;
  readonly keyFile: string;
}

export interface SshConnection {
  /** Runs `command` there. A server that takes none of `env` runs it all the same. */
  exec(command: string, env: Readonly<Record<string, string>>): Promise<ClientChannel>;
  /** Aborted when the connection is gone; its reason is the error. */
  readonly lost: AbortSignal;
  /** At once, without a farewell. */
  end(reason: unknown): void;
}

const ALGORITHMS = {
  kex: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
    'diffie-hellman-group16-sha512',
    'diffie-hellman-group18-sha512',
    'diffie-hellman-group-exchange-sha256',
    'diffie-hellman-group14-sha256',
  ],
  cipher: [
    'aes128-gcm@openssh.com',
    'aes256-gcm@openssh.com',
    'chacha20-poly1305@openssh.com',
    'aes128-ctr',
    'aes192-ctr',
    'aes256-ctr',
  ],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
  compress: ['none'],
} satisfies Algorithms;

/** `count` is given the socket before it is used. Throws `GitUnreachable`, `GitAuthentication`, or the signal's reason. */
export async function openSsh(
  server: SshServer,
  count: (socket: Socket) => void,
  signal: AbortSignal,
): Promise<SshConnection> {
  const text = await readable(readPem('source.auth.known_hosts_file', server.knownHostsFile));
  const key = await readSshKey(server.keyFile);
  const { Client } = (await import('ssh2')).default;
  signal.throwIfAborted();
  return await logIn(new Client(), { server, key, known: parseKnownHosts(text) }, count, signal);
}

interface Login {
  readonly server: SshServer;
  readonly key: ParsedKey;
  readonly known: readonly KnownHost[];
}

function logIn(
  client: Client,
  login: Login,
  count: (socket: Socket) => void,
  signal: AbortSignal,
): Promise<SshConnection> {
  const { host, port, user, shown } = login.server;
  const loss = new AbortController();
  const socket = connect({ host, port, noDelay: true });
  count(socket);
  let refusal: HoldfastError | null = null;
  const end = (reason: unknown): void => {
    // The first reason is the one that counts.
    if (!loss.signal.aborted) loss.abort(reason);
    socket.destroy();
  };
  // Both handlers stay for good: what comes after the end is nobody's, and must not end the process.
  socket.on('error', () => undefined);
  client.on('error', (error: Error) => end(refusal ?? problem(error, login)));
  client.on('close', () => end(unreachable(shown, 'it closed the connection')));
  return new Promise((resolve, reject) => {
    const stop = (): void => end(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    loss.signal.addEventListener('abort', () => {
      signal.removeEventListener('abort', stop);
      reject(loss.signal.reason);
    });
    client.once('ready', () => {
      signal.removeEventListener('abort', stop);
      resolve({
        exec: (command, env) => exec(client, login.server, command, env, loss.signal),
        lost: loss.signal,
        end,
      });
    });
    const thisKey: PublicKeyAuthMethod = { type: 'publickey', username: user, key: login.key };
    const config: ConnectConfig = {
      sock: socket,
      username: user,
      // The deadline is the caller's signal.
      readyTimeout: 0,
      // Once: no agent, no password, no question.
      authHandler: [thisKey],
      algorithms: { ...ALGORITHMS, serverHostKey: [...hostKeyAlgorithms(login.known, host, port)] },
      hostVerifier(shownKey: Buffer) {
        refusal = refuseHostKey(login.known, login.server, shownKey);
        return refusal === null;
      },
    };
    try {
      client.connect(config);
    } catch (error) {
      end(problem(asError(error), login));
    }
  });
}

function exec(
  client: Client,
  { shown }: SshServer,
  command: string,
  env: Readonly<Record<string, string>>,
  lost: AbortSignal,
): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    if (lost.aborted) return reject(lost.reason);
    const stop = (): void => reject(lost.reason);
    lost.addEventListener('abort', stop, { once: true });
    const refuse = (error: Error): void =>
      reject(unreachable(shown, `it refuses to run git-upload-pack (${printable(error.message)})`, error));
    try {
      client.exec(command, { env: { ...env } }, (error, channel) => {
        lost.removeEventListener('abort', stop);
        if (error === undefined) resolve(channel);
        else refuse(error);
      });
    } catch (error) {
      refuse(asError(error));
    }
  });
}

/** ssh2 says in `level` where an error comes from. */
function problem(error: Error, { server, key }: Login): HoldfastError {
  const { shown, user, keyFile } = server;
  const level = 'level' in error ? error.level : undefined;
  if (level === 'client-socket') return unreachable(shown, networkProblem(error), error);
  const said = printable(messageOf(error));
  if (level === 'client-authentication' || /too many authentication failures/i.test(said)) {
    const why = /SHA-1/.test(said) ? ` (${said})` : '';
    return new HoldfastError(
      'GitAuthentication',
      `${shown} does not let ${user} in with the key ${fingerprint(key.getPublicSSH())} of source.auth.ssh_key_file (${keyFile})${why}. Register its public key there, for reading alone, or name another key.`,
      { cause: error },
    );
  }
  return unreachable(shown, `no SSH session came about (${said})`, error);
}

export function unreachable(shown: string, why: string, cause?: unknown): HoldfastError {
  return new HoldfastError('GitUnreachable', `${shown} cannot be read: ${why}.`, { cause });
}

/** One line of what somebody else wrote. */
export function printable(text: string): string {
  return text
    .replace(/[^\x21-\x7e]+/g, ' ')
    .slice(0, 200)
    .trim();
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
