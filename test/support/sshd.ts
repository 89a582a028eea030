// A private, real sshd for one test, on loopback, whose only key may run git-upload-pack in one folder and nothing
// else: a forced command, as self-hosted Git servers have it. Ends with the test. Prints nothing.
import { execFileSync, spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { freePort } from './machine.ts';
import { waitFor } from './wait.ts';

export type KeyType = 'ed25519' | 'ecdsa' | 'rsa';

export interface SshdOptions {
  /** `<root>/fleet` is the repository `/fleet`. */
  readonly root: string;
  /** A line of authorized_keys: the content of a `.pub` file. */
  readonly publicKey: string;
  /** Absent: ed25519 alone. */
  readonly hostKeys?: readonly KeyType[];
  /** False: the server has `uploadpack.allowFilter` off. */
  readonly filters?: boolean;
  /** `dropped`: the server takes GIT_PROTOCOL, but git does not hear of it; `refused`: sshd does not take it. */
  readonly protocol?: 'dropped' | 'refused';
  /** Shell lines that run instead of git-upload-pack; `$root$2` is the repository. */
  readonly instead?: string;
  /** More lines of sshd_config. */
  readonly lines?: readonly string[];
}

export interface Sshd {
  readonly host: '127.0.0.1';
  readonly port: number;
  readonly user: string;
  /** `type base64` of each host key. */
  readonly hostKeys: Readonly<Partial<Record<KeyType, string>>>;
  /** Each command that was asked for, with the protocol that git heard of: `version=2 git-upload-pack '/fleet'`. */
  ran(): readonly string[];
  /** Lets a further key in, to run the same command. */
  authorize(publicKey: string): void;
  /** What sshd says of itself. */
  log(): string;
}

export interface KeyPair {
  readonly file: string;
  /** The content of the `.pub` file. */
  readonly publicKey: string;
}

/** A key made by ssh-keygen, without a passphrase unless `args` give one. */
export function makeKey(folder: string, name: string, type: KeyType, args: readonly string[] = []): KeyPair {
  const file = join(folder, name);
  const passphrase = args.includes('-N') ? [] : ['-N', ''];
  const bits = type === 'rsa' ? ['-b', '2048'] : [];
  execFileSync('ssh-keygen', ['-q', '-t', type, ...bits, ...passphrase, '-C', name, '-f', file, ...args]);
  return { file, publicKey: readFileSync(`${file}.pub`, 'utf8').trim() };
}

export async function startSshd(options: SshdOptions): Promise<Sshd> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-sshd-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  // Compiled in: where an unprivileged sshd locks itself in.
  if (!existsSync('/run/sshd')) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const hostKeys = Object.fromEntries(
    (options.hostKeys ?? ['ed25519']).map((type) => [type, makeKey(folder, `host_${type}`, type).publicKey]),
  );
  const port = await freePort();
  const command = writeCommand(folder, options);
  const authorize = (publicKey: string): void =>
    appendFileSync(join(folder, 'authorized_keys'), `command="${command}",restrict ${publicKey}\n`);
  authorize(options.publicKey);
  writeFileSync(join(folder, 'sshd_config'), configuration(folder, port, options));
  let log = '';
  let failure = '';
  const child = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(folder, 'sshd_config')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const ended = new Promise<void>((resolve) => {
    child.on('error', (error) => {
      failure = `sshd cannot be started (${error.message}); install it with: apt-get install openssh-server`;
      resolve();
    });
    child.on('exit', (code) => {
      failure = `sshd ended with ${code}: ${log}`;
      resolve();
    });
  });
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  await waitFor(() => failure !== '' || answers(port), { timeoutMs: 10_000, what: 'sshd listens' });
  if (failure !== '') throw new Error(failure);
  const { username } = userInfo();
  return { host: '127.0.0.1', port, user: username, hostKeys, ran: () => ran(folder), authorize, log: () => log };
}

function configuration(folder: string, port: number, { hostKeys = ['ed25519'], protocol, lines = [] }: SshdOptions) {
  return [
    // The first of two equal settings counts.
    ...lines,
    'ListenAddress 127.0.0.1',
    `Port ${port}`,
    ...hostKeys.map((type) => `HostKey ${folder}/host_${type}`),
    `AuthorizedKeysFile ${folder}/authorized_keys`,
    'PidFile none',
    'LogLevel VERBOSE',
    'StrictModes no',
    'UsePAM no',
    'PermitRootLogin prohibit-password',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    ...(protocol === 'refused' ? [] : ['AcceptEnv GIT_PROTOCOL']),
    '',
  ].join('\n');
}

/** Takes the asked command apart as a login shell would, and runs it if it is git-upload-pack below `root`. */
function writeCommand(folder: string, { root, filters, protocol, instead }: SshdOptions): string {
  const file = join(folder, 'command');
  const lines = [
    '#!/bin/sh',
    ...(protocol === 'dropped' ? ['unset GIT_PROTOCOL'] : []),
    `echo "\${GIT_PROTOCOL-none} $SSH_ORIGINAL_COMMAND" >> ${folder}/ran`,
    'eval "set -- $SSH_ORIGINAL_COMMAND"',
    'if [ $# -ne 2 ] || [ "$1" != git-upload-pack ]; then echo "Only git-upload-pack is offered." >&2; exit 1; fi',
    'case "$2" in *..*) echo "Paths stay below the root." >&2; exit 1;; esac',
    'export GIT_CONFIG_COUNT=2 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0="*"',
    `export GIT_CONFIG_KEY_1=uploadpack.allowFilter GIT_CONFIG_VALUE_1=${filters ?? true}`,
    `root='${root}'`,
    ...(instead === undefined ? [] : [instead]),
    'exec git-upload-pack "$root$2"',
    '',
  ];
  writeFileSync(file, lines.join('\n'));
  chmodSync(file, 0o755);
  return file;
}

function ran(folder: string): readonly string[] {
  const file = join(folder, 'ran');
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
}

/** Waits for the greeting, so that the attempt leaves nothing behind in sshd. */
async function answers(port: number): Promise<boolean> {
  return await new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
