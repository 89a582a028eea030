// What the tests of the SSH transport share: a repository behind a real sshd, a conversation with it, requests.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { pktLine } from '../../../../agent/git/pkt-line.ts';
import type { Conversation } from '../../../../agent/git/transport/conversation.ts';
import { createSshConversation, type SshTransportOptions } from '../../../../agent/git/transport/ssh.ts';
import { type KeyPair, makeKey, type Sshd, type SshdOptions, startSshd } from '../../../support/sshd.ts';
import { makeFleet } from '../repository.ts';

export const never = new AbortController().signal;
export const MAX_BYTES = 1024 * 1024;
export const LS_REFS = v2('ls-refs', 'ref-prefix refs/heads/main');

export interface Behind {
  readonly sshd: Sshd;
  readonly key: KeyPair;
  readonly commit: string;
  /** The repository, and a folder for more files. */
  readonly folder: string;
  readonly root: string;
  readonly knownHostsFile: string;
}

export type BehindOptions = Partial<SshdOptions> & { readonly files?: Readonly<Record<string, string | Buffer>> };

/** A fleet at `/fleet`, and known_hosts with every key of the server. */
export async function gitBehindSshd({ files, ...options }: BehindOptions = {}): Promise<Behind> {
  const { root, folder, commit } = await makeFleet(files ?? { 'devices/edge-01/compose.yaml': 'services: {}\n' });
  const key = makeKey(root, 'id', 'ed25519');
  const sshd = await startSshd({ root, publicKey: key.publicKey, ...options });
  const lines = Object.values(sshd.hostKeys).map((each) => `[127.0.0.1]:${sshd.port} ${each}`);
  return { sshd, key, commit, folder, root, knownHostsFile: knownHosts(root, ...lines) };
}

export function knownHosts(folder: string, ...lines: readonly string[]): string {
  const file = join(folder, 'known_hosts');
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

export function converse(behind: Behind, given: Partial<SshTransportOptions> = {}): Conversation {
  const { sshd, key, knownHostsFile } = behind;
  const { user, host, port } = sshd;
  const conversation = createSshConversation({
    user,
    host,
    port,
    path: '/fleet',
    shown: `ssh://${host}:${port}/fleet`,
    keyFile: key.file,
    knownHostsFile,
    ...given,
  });
  onTestFinished(() => conversation.close());
  return conversation;
}

/** A command of protocol v2, written by hand. */
export function v2(command: string, ...asked: readonly string[]): Buffer {
  return Buffer.from(`${pktLine(`command=${command}`)}0001${asked.map(pktLine).join('')}0000`);
}

export async function poll(conversation: Conversation, signal = never): Promise<string> {
  return (await conversation.ask(LS_REFS, MAX_BYTES, signal)).toString();
}
