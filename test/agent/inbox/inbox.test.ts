import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { agentRuns } from '../../../agent/inbox/agent-runs.ts';
import { handInAccept, handInBundle, handInRetry, MOST_BUNDLES } from '../../../agent/inbox/hand-in.ts';
import { createInbox, type Inbox } from '../../../agent/inbox/inbox.ts';
import { lockState } from '../../../agent/store/lock.ts';
import { HoldfastError } from '../../../fleet/error.ts';

const COMMIT = 'a'.repeat(40);
const OTHER = 'b'.repeat(40);
const MAX = 1024 * 1024;

function host() {
  const root = mkdtempSync(join(tmpdir(), 'holdfast-inbox-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const stateDir = join(root, 'state');
  const file = (name: string, text: string) => {
    writeFileSync(join(root, name), text);
    return join(root, name);
  };
  return { root, stateDir, folder: join(stateDir, 'inbox'), inbox: createInbox(stateDir), file };
}

async function failure(work: Promise<unknown>): Promise<HoldfastError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof HoldfastError) return error;
  throw new Error(`not refused as expected: ${String(error)}`);
}

async function taken(inbox: Inbox): Promise<readonly string[]> {
  const texts: string[] = [];
  for (let path = await inbox.bundle(); path !== null; path = await inbox.bundle()) {
    texts.push(readFileSync(path, 'utf8'));
    await inbox.remove(path);
  }
  return texts;
}

describe('a bundle', () => {
  it('that is handed in is found by the agent as it was, and is gone once it is removed', async () => {
    const { stateDir, folder, inbox, file } = host();
    expect(await inbox.bundle()).toBeNull();
    const large = 'x'.repeat(MAX);
    const place = await handInBundle(stateDir, file('fleet.bundle', large), MAX);
    expect(await inbox.bundle()).toBe(place);
    expect(lstatSync(place).mode & 0o777).toBe(0o600);
    expect(lstatSync(folder).mode & 0o777).toBe(0o700);
    expect(await taken(inbox)).toEqual([large]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('waits its turn: the oldest comes first', async () => {
    const { stateDir, inbox, file } = host();
    for (const text of ['one', 'two', 'three']) await handInBundle(stateDir, file('fleet.bundle', text), MAX);
    expect(await taken(inbox)).toEqual(['one', 'two', 'three']);
  });

  it('beyond the most that may wait is refused, and taken again when there is room', async () => {
    const { stateDir, inbox, file } = host();
    const bundle = file('fleet.bundle', 'x');
    for (let count = 0; count < MOST_BUNDLES; count++) await handInBundle(stateDir, bundle, MAX);
    const refused = await failure(handInBundle(stateDir, bundle, MAX));
    expect(refused.code).toBe('StateUnavailable');
    expect(refused.message).toContain(`${MOST_BUNDLES} bundles wait`);
    await inbox.remove((await inbox.bundle()) ?? '');
    await handInBundle(stateDir, bundle, MAX);
  });

  it('that is a link, a pipe, a folder, absent or too large is refused, and nothing is left behind', async () => {
    const { root, stateDir, folder, file } = host();
    const plain = file('fleet.bundle', 'x'.repeat(11));
    symlinkSync(plain, join(root, 'link'));
    execFileSync('sh', ['-c', 'mkfifo "$1"', 'sh', join(root, 'pipe')]);
    const cases = [
      ['link', 'is a symbolic link'],
      ['pipe', 'is not a plain file'],
      ['.', 'is not a plain file'],
      ['nowhere', 'does not exist'],
      ['fleet.bundle', 'has more than 10 bytes'],
    ] as const;
    for (const [name, said] of cases) {
      const refused = await failure(handInBundle(stateDir, join(root, name), 10));
      expect(refused.code).toBe('GitContentRefused');
      expect(refused.message).toContain(said);
    }
    await handInAccept(stateDir, COMMIT);
    expect(readdirSync(folder)).toEqual(['accept']);
  });

  it('that is half written, from somebody else, a link or of another name is not there', async () => {
    const { root, stateDir, folder, inbox, file } = host();
    await handInAccept(stateDir, COMMIT);
    writeFileSync(join(folder, `.new-${'0'.repeat(16)}`), 'half');
    writeFileSync(join(folder, '0000000001-00000000.bundle.tmp'), 'x');
    writeFileSync(join(folder, 'fleet.bundle'), 'x');
    mkdirSync(join(folder, '0000000001-00000001.bundle'));
    symlinkSync(file('elsewhere', 'x'), join(folder, '0000000001-00000002.bundle'));
    writeFileSync(join(folder, '0000000001-00000003.bundle'), 'x');
    chownSync(join(folder, '0000000001-00000003.bundle'), 1234, 1234);
    expect(await inbox.bundle()).toBeNull();
    await inbox.remove(join(root, 'elsewhere'));
    expect(readFileSync(join(root, 'elsewhere'), 'utf8')).toBe('x');
  });

  it('is neither looked for nor put behind a link in the place of the folder', async () => {
    const { root, stateDir, folder, inbox, file } = host();
    mkdirSync(stateDir);
    mkdirSync(join(root, 'other'));
    writeFileSync(join(root, 'other', '0000000001-00000000.bundle'), 'x');
    symlinkSync(join(root, 'other'), folder);
    expect(await inbox.bundle()).toBeNull();
    expect((await failure(handInBundle(stateDir, file('fleet.bundle', 'x'), MAX))).message).toContain(
      'is not a folder',
    );
    expect(readdirSync(join(root, 'other'))).toHaveLength(1);
  });

  it('that a killed command left half written is removed a day later', async () => {
    const { stateDir, folder } = host();
    await handInAccept(stateDir, COMMIT);
    const [old, young] = [join(folder, `.new-${'0'.repeat(16)}`), join(folder, `.new-${'1'.repeat(16)}`)];
    for (const path of [old, young]) writeFileSync(path, 'half');
    utimesSync(old, new Date(0), new Date(0));
    await handInAccept(stateDir, COMMIT);
    expect(readdirSync(folder).toSorted()).toEqual([`.new-${'1'.repeat(16)}`, 'accept']);
  });

  it('handed in by root belongs to the user that the state belongs to', async () => {
    const { stateDir, folder, file } = host();
    mkdirSync(stateDir);
    chownSync(stateDir, 1234, 4321);
    const place = await handInBundle(stateDir, file('fleet.bundle', 'x'), MAX);
    for (const path of [folder, place]) expect(lstatSync(path)).toMatchObject({ uid: 1234, gid: 4321 });
  });
});

describe('an accepted commit', () => {
  it('is found until it is cleared, and the newest counts', async () => {
    const { stateDir, inbox } = host();
    expect(await inbox.accepted()).toBeNull();
    await handInAccept(stateDir, OTHER);
    await handInAccept(stateDir, COMMIT);
    expect(await inbox.accepted()).toBe(COMMIT);
    await inbox.clearAccepted();
    expect(await inbox.accepted()).toBeNull();
    await inbox.clearAccepted();
  });

  it('that was handed in after the agent looked is not cleared with the one before', async () => {
    const { stateDir, inbox } = host();
    await handInAccept(stateDir, COMMIT);
    await inbox.accepted();
    await handInAccept(stateDir, OTHER);
    await inbox.clearAccepted();
    expect(await inbox.accepted()).toBe(OTHER);
  });

  it.each([
    ['text of another kind', (path: string) => writeFileSync(path, 'main\n')],
    ['more than a commit id', (path: string) => writeFileSync(path, `${COMMIT}\n${COMMIT}\n`)],
    ['a file that was cut', (path: string) => truncateSync(path, 20)],
    ['a file of somebody else', (path: string) => chownSync(path, 1234, 1234)],
  ])('is not read from %s', async (_name, spoil) => {
    const { stateDir, folder, inbox } = host();
    await handInAccept(stateDir, COMMIT);
    expect(await inbox.accepted()).toBe(COMMIT);
    spoil(join(folder, 'accept'));
    expect(await inbox.accepted()).toBeNull();
  });

  it('is not read through a link', async () => {
    const { root, stateDir, folder, inbox, file } = host();
    await handInBundle(stateDir, file('fleet.bundle', 'x'), MAX);
    writeFileSync(join(root, 'elsewhere'), `${COMMIT}\n`);
    symlinkSync(join(root, 'elsewhere'), join(folder, 'accept'));
    expect(await inbox.accepted()).toBeNull();
  });
});

describe('what is to be tried again', () => {
  it('is found app by app until it is removed, however often it was handed in', async () => {
    const { stateDir, inbox } = host();
    expect(await inbox.retries()).toEqual([]);
    for (const app of ['kiosk', null, 'kiosk']) await handInRetry(stateDir, app);
    const found = await inbox.retries();
    expect(found.map(({ app }) => app).sort()).toEqual(['kiosk', null]);
    for (const { path } of found) await inbox.remove(path);
    expect(await inbox.retries()).toEqual([]);
  });

  it.each([
    ['a name that no app can have', 'retry.Kiosk..', null],
    ['a file of somebody else', 'retry.kiosk', 1234],
  ])('is not taken from %s', async (_what, name, uid) => {
    const { stateDir, folder, inbox } = host();
    await handInRetry(stateDir, null);
    for (const { path } of await inbox.retries()) await inbox.remove(path);
    writeFileSync(join(folder, name), '\n');
    if (uid !== null) chownSync(join(folder, name), uid, uid);
    expect(await inbox.retries()).toEqual([]);
  });
});

describe('a watch', () => {
  it('calls back for a bundle, for an accepted commit and for what is to be tried again, and ends with its signal', async () => {
    const { stateDir, inbox, file } = host();
    const end = new AbortController();
    let calls = 0;
    let wake: () => void = () => undefined;
    const watching = inbox.watch(() => {
      calls++;
      wake();
    }, end.signal);
    const called = async (handIn: () => Promise<unknown>) => {
      const before = calls;
      const change = new Promise<void>((resolve) => {
        wake = () => (calls > before ? resolve() : undefined);
      });
      // The watch may not have begun yet: hand in until it tells.
      const repeat = setInterval(() => void handIn().catch(() => undefined), 50);
      await change;
      clearInterval(repeat);
    };
    await called(() => handInAccept(stateDir, COMMIT));
    await inbox.accepted();
    await inbox.clearAccepted();
    await called(() => handInRetry(stateDir, 'kiosk'));
    await called(() => handInBundle(stateDir, file('fleet.bundle', 'x'), MAX));
    end.abort();
    await watching;
  });

  it('of a folder that cannot be made stays silent until its signal', async () => {
    const { stateDir, inbox } = host();
    writeFileSync(stateDir, 'a file');
    const end = new AbortController();
    const watching = inbox.watch(() => expect.unreachable(), end.signal);
    end.abort();
    await watching;
  });
});

describe('whether an agent runs', () => {
  it('follows the lock of the state, and the question makes no file', async () => {
    const { stateDir } = host();
    expect(await agentRuns(stateDir)).toBe(false);
    mkdirSync(stateDir);
    chmodSync(stateDir, 0o700);
    expect(await agentRuns(stateDir)).toBe(false);
    expect(readdirSync(stateDir)).toEqual([]);
    const release = lockState(stateDir);
    expect(await agentRuns(stateDir)).toBe(true);
    release();
    expect(await agentRuns(stateDir)).toBe(false);
  });
});
