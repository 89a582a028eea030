// What goes wrong on the way to a Git server over SSH, and in it: each failure has its code, its words and an end.
import { randomBytes } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { waitFor } from '../../../support/wait.ts';
import { startChaosProxy } from '../chaos-proxy.ts';
import { failureOf } from './converse.ts';
import {
  type Behind,
  converse,
  gitBehindSshd,
  knownHosts,
  LS_REFS,
  MAX_BYTES,
  never,
  poll,
  v2,
} from './ssh-converse.ts';

/** The key counts at any port: of a proxy too. */
async function behindAnyPort(files?: Readonly<Record<string, Buffer>>): Promise<Behind> {
  const behind = await gitBehindSshd(files === undefined ? {} : { files });
  return { ...behind, knownHostsFile: knownHosts(behind.root, `* ${behind.sshd.hostKeys.ed25519}`) };
}

/** A server that is none, and the connections to it. */
async function listen(greet: (socket: Socket) => void): Promise<{ port: number; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.resume();
    greet(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return { port: typeof address === 'object' && address !== null ? address.port : 0, sockets };
}

describe('the network', () => {
  it('a port at which nothing listens, and a host that there is not, are said as such', async () => {
    const behind = await behindAnyPort();
    const { port } = await startChaosProxy(1).then(({ url }) => new URL(url));
    const nobody = await failureOf(poll(converse(behind, { port: 1 })));
    expect(nobody.code).toBe('GitUnreachable');
    expect(nobody.message).toMatch(/nothing listens there/);
    const nowhere = await failureOf(poll(converse(behind, { host: 'host.invalid' })));
    expect(nowhere.code).toBe('GitUnreachable');
    expect(nowhere.message).toMatch(/its name does not resolve|the name server does not answer/);
    expect((await failureOf(poll(converse(behind, { port: Number(port) })))).code).toBe('GitUnreachable');
  });

  it('a server that speaks something else, or nothing and leaves, is unreachable', async () => {
    const behind = await behindAnyPort();
    const other = await listen((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const mute = await listen((socket) => socket.end());
    for (const { port } of [other, mute]) {
      const error = await failureOf(poll(converse(behind, { port })));
      expect(error.code).toBe('GitUnreachable');
      expect(error.message).toMatch(/no SSH session came about|closed the connection/);
    }
  });

  it('a connection that is cut anywhere ends the command, and the next one works', async () => {
    const behind = await behindAnyPort({ big: randomBytes(100_000) });
    const proxy = await startChaosProxy(behind.sshd.port);
    const conversation = converse(behind, { port: Number(new URL(proxy.url).port) });
    const fetch = v2('fetch', 'no-progress', `want ${behind.commit}`, 'done');
    for (const cutAfter of [10, 600, 1500, 2000, 2600, 3000, 3300, 50_000]) {
      proxy.chaos = { cutAfter };
      expect((await failureOf(conversation.ask(fetch, MAX_BYTES, never))).code).toBe('GitUnreachable');
    }
    proxy.chaos = {};
    expect(await poll(conversation)).toContain(behind.commit);
  });
});

describe('giving up', () => {
  it('ends a connection to a server that says nothing, at once', async () => {
    const behind = await behindAnyPort();
    const { port, sockets } = await listen(() => undefined);
    const stop = new AbortController();
    const asking = poll(converse(behind, { port }), stop.signal);
    await waitFor(() => sockets.size === 1, { timeoutMs: 10_000, what: 'the connection is open' });
    stop.abort(new Error('enough'));
    await expect(asking).rejects.toThrow('enough');
    await waitFor(() => sockets.size === 0, { timeoutMs: 10_000, what: 'the connection is gone' });
  });

  it('ends an answer that does not come, and what waits behind it; the next one has a new connection', async () => {
    const behind = await behindAnyPort();
    const proxy = await startChaosProxy(behind.sshd.port);
    const conversation = converse(behind, { port: Number(new URL(proxy.url).port) });
    await poll(conversation);
    proxy.chaos = { silent: true };
    const stop = new AbortController();
    const asking = poll(conversation, stop.signal);
    const waiting = poll(conversation, stop.signal);
    await waitFor(() => conversation.traffic.requests === 2, { timeoutMs: 10_000, what: 'the first command is sent' });
    stop.abort(new Error('enough'));
    await expect(asking).rejects.toThrow('enough');
    await expect(waiting).rejects.toThrow('enough');
    proxy.chaos = {};
    expect(await poll(conversation)).toContain(behind.commit);
    expect(proxy.seen.connections).toBe(2);
  });

  it('before it began sends nothing', async () => {
    const behind = await behindAnyPort();
    await expect(poll(converse(behind), AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
    expect(behind.sshd.log()).not.toMatch(/Accepted/);
  });

  it('by closing ends what is asked, and the connection; what is asked later opens another', async () => {
    const behind = await behindAnyPort();
    const proxy = await startChaosProxy(behind.sshd.port);
    const conversation = converse(behind, { port: Number(new URL(proxy.url).port) });
    await poll(conversation);
    proxy.chaos = { silent: true };
    const asking = poll(conversation);
    // Once it is its turn.
    await waitFor(() => conversation.traffic.requests === 2, { timeoutMs: 10_000, what: 'the command is sent' });
    conversation.close();
    expect((await failureOf(asking)).code).toBe('GitUnreachable');
    conversation.close();
    proxy.chaos = {};
    expect(await poll(conversation)).toContain(behind.commit);
    await waitFor(() => /closed by|Connection reset by/.test(behind.sshd.log()), {
      timeoutMs: 10_000,
      what: 'sshd says that it was left',
    });
  });
});

describe('bounds', () => {
  it('an answer that is larger than allowed is refused, and the next command works', async () => {
    const behind = await gitBehindSshd({ files: { big: randomBytes(400_000) } });
    const conversation = converse(behind);
    const fetch = v2('fetch', 'no-progress', `want ${behind.commit}`, 'done');
    const error = await failureOf(conversation.ask(fetch, 100_000, never));
    expect(error.code).toBe('GitContentRefused');
    expect(error.message).toMatch(/more than 100000 bytes.*limits\.source_bytes/);
    expect(await poll(conversation)).toContain(behind.commit);
  });

  it('an answer of just the size that is allowed is taken', async () => {
    const conversation = converse(await gitBehindSshd());
    const size = (await poll(conversation)).length;
    expect((await conversation.ask(LS_REFS, size, never)).length).toBe(size);
    expect((await failureOf(conversation.ask(LS_REFS, size - 1, never))).code).toBe('GitContentRefused');
  });

  it('a server that wants new session keys in the middle of a pack gets them', async () => {
    const behind = await gitBehindSshd({ files: { big: randomBytes(300_000) }, lines: ['RekeyLimit 64K'] });
    const fetch = v2('fetch', 'no-progress', `want ${behind.commit}`, 'done');
    expect((await converse(behind).ask(fetch, MAX_BYTES, never)).length).toBeGreaterThan(300_000);
  });
});

describe('what the server says', () => {
  it.each([
    ["printf 'Welcome to the shop!\\n'", 'GitUnreachable', /its answer is not framed as Git frames it/],
    ["printf '00ff'; exit 0", 'GitUnreachable', /its answer was cut/],
    ['exit 0', 'GitUnreachable', /git-upload-pack ended with status 0/],
    ['kill -9 $$', 'GitUnreachable', /git-upload-pack ended without an answer/],
    ['git-upload-pock', 'GitUnreachable', /it has no git-upload-pack \(it says: .*git-upload-pock/],
    ["echo 'Quota exceeded' >&2; exit 3", 'GitUnreachable', /ended with status 3 and says: Quota exceeded/],
    [
      "printf '====\\n\\nERROR: Repository not found.\\n\\n====\\n' >&2; exit 1",
      'GitRefNotFound',
      /It says: ERROR: Repository not found\.$/,
    ],
    ["printf '001dERR Repository not found\\n'; exit 1", 'GitRefNotFound', /no such repository/],
    ["printf '0013ERR come later\\n'; exit 1", 'GitUnreachable', /it says: come later/],
    ["printf '000eversion 2\\n'; exit 0", 'GitUnreachable', /its list of capabilities was cut/],
  ] as const)('%s: %s', async (line, code, said) => {
    const behind = await gitBehindSshd({ instead: `${line}; exit $?` });
    const error = await failureOf(poll(converse(behind)));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(said);
  });

  it('is shown in part and only where it is printable', async () => {
    const behind = await gitBehindSshd({ instead: "printf 'bad \\033[31m%s\\n' $(seq 1000) >&2; exit 1" });
    const error = await failureOf(poll(converse(behind)));
    expect(error.message).toMatch(/says: bad \[31m1 bad \[31m2 /);
    expect(error.message.length).toBeLessThan(400);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be there
    expect(error.message).not.toMatch(/[\x00-\x1f]/);
  });

  it('that it opens no channels is unreachable, and says so', async () => {
    const error = await failureOf(poll(converse(await gitBehindSshd({ lines: ['MaxSessions 0'] }))));
    expect(error.code).toBe('GitUnreachable');
    expect(error.message).toMatch(/refuses to run git-upload-pack/);
  });
});
