// isomorphic-git over SSH: its own fetch, played over upload-pack of a real sshd, from servers old and new.
import fs from 'node:fs';
import { join } from 'node:path';
import git from 'isomorphic-git';
import { describe, expect, it } from 'vitest';
import { pktPayloads, readPackAnswer } from '../../../../agent/git/pkt-line.ts';
import type { Conversation } from '../../../../agent/git/transport/conversation.ts';
import { commitFiles, scratch } from '../repository.ts';
import { failureOf } from './converse.ts';
import { type BehindOptions, converse, gitBehindSshd, MAX_BYTES, never, poll } from './ssh-converse.ts';

const URL_FOR_THE_LIBRARY = 'https://ssh.invalid/fleet';

interface Given {
  readonly maxBytes?: number;
  readonly check?: (answer: Buffer) => Promise<void>;
  readonly gitdir?: string;
  readonly depth?: number;
}

async function fetch(
  conversation: Conversation,
  { maxBytes = MAX_BYTES, check, gitdir = scratch(), depth = 1 }: Given = {},
) {
  const http = conversation.client({ maxBytes, signal: never, check: check ?? (async () => undefined) });
  await git.init({ fs, bare: true, gitdir, dir: gitdir });
  await git.addRemote({ fs, gitdir, remote: 'origin', url: URL_FOR_THE_LIBRARY, force: true });
  const what = { ref: 'main', remoteRef: 'main', depth, singleBranch: true, tags: false };
  const { fetchHead } = await git.fetch({ fs, http, gitdir, url: URL_FOR_THE_LIBRARY, remote: 'origin', ...what });
  return { gitdir, commit: fetchHead ?? '' };
}

async function textOf(gitdir: string, oid: string, filepath: string): Promise<string> {
  const { blob } = await git.readBlob({ fs, gitdir, oid, filepath });
  return Buffer.from(blob).toString();
}

const SERVERS: readonly (readonly [string, BehindOptions])[] = [
  ['that speaks v0', { protocol: 'dropped' }],
  ['that takes no GIT_PROTOCOL', { protocol: 'refused' }],
  ['that has filters off', { filters: false }],
];

describe('a fetch', () => {
  it.each(SERVERS)('from a server %s brings the commit and its files', async (_, options) => {
    const behind = await gitBehindSshd({ ...options, files: { 'devices/edge-01/compose.yaml': 'services: {}\n' } });
    const conversation = converse(behind);
    const { gitdir, commit } = await fetch(conversation);
    expect(commit).toBe(behind.commit);
    expect(await textOf(gitdir, commit, 'devices/edge-01/compose.yaml')).toBe('services: {}\n');
    expect(behind.sshd.ran()).toEqual(["none git-upload-pack '/fleet'"]);
    expect(conversation.traffic.requests).toBe(2);
  });

  it('goes on from what was fetched before, on the same connection', async () => {
    const behind = await gitBehindSshd({ protocol: 'dropped' });
    const conversation = converse(behind);
    const { gitdir } = await fetch(conversation);
    const next = await commitFiles(behind.folder, { 'devices/edge-01/compose.yaml': 'services: { web: {} }\n' });
    const { commit } = await fetch(conversation, { gitdir, depth: 2 });
    expect(commit).toBe(next);
    expect(await textOf(gitdir, next, 'devices/edge-01/compose.yaml')).toMatch(/web/);
    expect((await git.log({ fs, gitdir, ref: next })).map(({ oid }) => oid)).toEqual([next, behind.commit]);
    expect(behind.sshd.log().match(/Accepted publickey/g)).toHaveLength(1);
  });

  it('does not disturb the run that speaks v2', async () => {
    const behind = await gitBehindSshd({ filters: false });
    const conversation = converse(behind);
    expect(await poll(conversation)).toContain(behind.commit);
    expect((await fetch(conversation)).commit).toBe(behind.commit);
    expect(await poll(conversation)).toContain(behind.commit);
    expect(behind.sshd.ran()).toEqual(["version=2 git-upload-pack '/fleet'", "none git-upload-pack '/fleet'"]);
  });

  it('lists the refs in either protocol', async () => {
    const behind = await gitBehindSshd();
    const http = converse(behind).client({ maxBytes: MAX_BYTES, signal: never, check: async () => undefined });
    for (const protocolVersion of [1, 2] as const) {
      const refs = await git.listServerRefs({ http, url: URL_FOR_THE_LIBRARY, protocolVersion, prefix: 'refs/heads/' });
      expect(refs).toEqual([{ ref: 'refs/heads/main', oid: behind.commit }]);
    }
  });
});

describe('what the library must not see', () => {
  it('the whole answer is checked first', async () => {
    const behind = await gitBehindSshd({ protocol: 'dropped' });
    const answers: Buffer[] = [];
    await fetch(converse(behind), { check: async (answer) => void answers.push(answer) });
    expect(answers).toHaveLength(1);
    const { pack } = readPackAnswer(pktPayloads(answers[0] ?? Buffer.alloc(0)) ?? []);
    expect(pack.toString('latin1', 0, 4)).toBe('PACK');
    const gitdir = scratch();
    const check = async (): Promise<void> => Promise.reject(new Error('a bad pack'));
    await expect(fetch(converse(behind), { gitdir, check })).rejects.toThrow('a bad pack');
    expect(fs.readdirSync(join(gitdir, 'objects', 'pack'))).toEqual([]);
  });

  it('a larger answer than allowed is refused', async () => {
    const behind = await gitBehindSshd({ protocol: 'dropped', files: { big: Buffer.from('x'.repeat(200)) } });
    const error = await failureOf(fetch(converse(behind), { maxBytes: 400 }));
    expect(error.code).toBe('GitContentRefused');
  });

  it('a repository that does not exist is said as such', async () => {
    const behind = await gitBehindSshd();
    const error = await failureOf(fetch(converse(behind, { path: '/none' })));
    expect(error.code).toBe('GitRefNotFound');
  });
});
