// The SSH transport against a real sshd and Git's own upload-pack: protocol, framing, bytes, and how it ends.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { failureOf } from './converse.ts';
import { converse, gitBehindSshd, LS_REFS, MAX_BYTES, never, poll, v2 } from './ssh-converse.ts';

describe('protocol v2', () => {
  it('the server says what it offers, once, and is asked nothing more for it', async () => {
    const behind = await gitBehindSshd();
    const conversation = converse(behind);
    const offered = await conversation.capabilities(never);
    expect(offered?.get('fetch')).toContain('filter');
    expect(offered?.get('object-format')).toBe('sha1');
    expect(await conversation.capabilities(never)).toBe(offered);
    expect(behind.sshd.ran()).toEqual(["version=2 git-upload-pack '/fleet'"]);
  });

  it('command after command is answered on one run, also when asked at the same time', async () => {
    const behind = await gitBehindSshd();
    const conversation = converse(behind);
    const fetch = v2('fetch', 'no-progress', `want ${behind.commit}`, 'deepen 1', 'done');
    const [refs, pack, again] = await Promise.all([
      poll(conversation),
      conversation.ask(fetch, MAX_BYTES, never),
      poll(conversation),
    ]);
    expect(refs).toBe(`003d${behind.commit} refs/heads/main\n0000`);
    expect(again).toBe(refs);
    expect(pack.toString('latin1')).toMatch(/packfile[\s\S]*PACK[\s\S]*0000$/);
    expect(behind.sshd.ran()).toHaveLength(1);
    expect(conversation.traffic.requests).toBe(3);
  });

  it('a pack is cut by its framing, whatever bytes it holds', async () => {
    // Not to be compressed: what looks like a flush stands in the pack as it is.
    const files = { 'flush.bin': Buffer.concat([Buffer.from('0000'.repeat(1000)), randomBytes(300_000)]) };
    const behind = await gitBehindSshd({ files });
    const conversation = converse(behind);
    const fetch = v2('fetch', 'no-progress', `want ${behind.commit}`, 'done');
    const pack = await conversation.ask(fetch, MAX_BYTES, never);
    expect(pack.length).toBeGreaterThan(300_000);
    expect(pack.toString('latin1').endsWith('0000')).toBe(true);
    expect(await poll(conversation)).toContain(behind.commit);
    expect(conversation.traffic.receivedBytes).toBeGreaterThan(pack.length);
    expect(conversation.traffic.sentBytes).toBeGreaterThan(1000);
  });

  it('what the server answers before it gives up is the answer, and the next command gets a new run', async () => {
    const behind = await gitBehindSshd();
    const conversation = converse(behind);
    const answer = await conversation.ask(v2('fetch', `want ${'1'.repeat(40)}`, 'done'), MAX_BYTES, never);
    expect(answer.toString()).toMatch(/^[0-9a-f]{4}ERR upload-pack: not our ref/);
    expect(await poll(conversation)).toContain(behind.commit);
    expect(behind.sshd.ran()).toHaveLength(2);
  });

  it('a server that ends each run after one command is asked again', async () => {
    // One request and the end of the input.
    const instead = `head -c ${LS_REFS.length} | git-upload-pack "$root$2"; exit 0`;
    const behind = await gitBehindSshd({ instead });
    const conversation = converse(behind);
    for (const times of [1, 2, 3]) {
      expect(await poll(conversation)).toContain(behind.commit);
      expect(behind.sshd.ran()).toHaveLength(times);
    }
  });
});

describe('older servers', () => {
  it.each(['dropped', 'refused'] as const)(
    'a server whose git hears of no protocol (%s) has no v2',
    async (protocol) => {
      const behind = await gitBehindSshd({ protocol });
      const conversation = converse(behind);
      const error = await failureOf(poll(conversation));
      expect(error.code).toBe('GitUnreachable');
      expect(error.message).toMatch(/speaks no protocol v2/);
      expect(await conversation.capabilities(never)).toBe(null);
      expect(behind.sshd.ran()).toEqual(["none git-upload-pack '/fleet'"]);
    },
  );

  it('a list of refs that is longer than what is read of it is still no v2', async () => {
    const behind = await gitBehindSshd({ protocol: 'dropped' });
    const refs = Array.from({ length: 2000 }, (_, index) => `${behind.commit} refs/heads/branch-${index}\n`);
    writeFileSync(join(behind.folder, '.git', 'packed-refs'), refs.join(''));
    expect(await converse(behind).capabilities(never)).toBe(null);
  });
});

describe('what is asked for', () => {
  it('a path reaches the shell on the other side as one word', async () => {
    const behind = await gitBehindSshd();
    const path = '/it\'s $(exit 3) `id` "a" \\ é; exit 0';
    const error = await failureOf(poll(converse(behind, { path })));
    expect(error.code).toBe('GitRefNotFound');
    expect(behind.sshd.ran()).toEqual([`version=2 git-upload-pack '${path.replace("'", "'\\''")}'`]);
    expect(error.message).toContain("it's $(exit 3)");
  });

  it('a path of a home folder is sent as it is', async () => {
    const behind = await gitBehindSshd();
    await failureOf(poll(converse(behind, { path: '~git/fleet.git' })));
    expect(behind.sshd.ran()).toEqual(["version=2 git-upload-pack '~git/fleet.git'"]);
  });
});

describe('the SSH library', () => {
  it('is loaded by the first connection, not by the transport', () => {
    const transport = join(import.meta.dirname, '../../../../agent/git/transport/ssh.ts');
    const script = [
      "import { createRequire } from 'node:module';",
      "const loaded = () => Object.keys(createRequire('/').cache).some((each) => /node_modules.ssh2/.test(each));",
      `const { createSshConversation } = await import(${JSON.stringify(transport)});`,
      'const before = loaded();',
      `await import(${JSON.stringify(import.meta.resolve('ssh2'))});`,
      'console.log(typeof createSshConversation, before, loaded());',
    ];
    const said = execFileSync(process.execPath, ['--input-type=module', '-e', script.join('\n')], { encoding: 'utf8' });
    expect(said.trim()).toBe('function false true');
  });
});
