// When a server is asked for snapshots instead of single objects: only when it says itself that it lacks what that takes.
import { describe, expect, it } from 'vitest';
import { ProtocolError, pktLine } from '../../../../agent/git/pkt-line.ts';
import { type Conversation, NoAnswer } from '../../../../agent/git/transport/conversation.ts';
import { fetchPack, lsRefs, readFetch, readRefs, ServerRefusal } from '../../../../agent/git/wire/commands.ts';
import { createServer, NARROW_AGAIN_MS, type ServerTraits } from '../../../../agent/git/wire/server.ts';
import { HoldfastError } from '../../../../fleet/error.ts';
import { never, scratch } from '../repository.ts';

const OID = '1'.repeat(40);
const REFS = Buffer.from(`${pktLine(`${OID} refs/heads/main`)}0000`);
const FULL = new Map([
  ['ls-refs', ''],
  ['fetch', 'shallow wait-for-done filter'],
]);

/** A server that answers each `ask` as the test says; isomorphic-git's way ends in `SNAPSHOT`. */
function server(ask: () => Promise<Buffer>, offered: ReadonlyMap<string, string> | null | Error) {
  const snapshot = new HoldfastError('GitUnreachable', 'SNAPSHOT');
  const traits: ServerTraits = { snapshot: null };
  const clock = { nowMs: 1_000_000 };
  const seen = { lookUps: 0 };
  const conversation: Conversation = {
    capabilities: async () => {
      seen.lookUps++;
      if (offered instanceof Error) throw offered;
      return offered;
    },
    renew: async () => undefined,
    ask: () => ask(),
    client: () => ({ request: () => Promise.reject(snapshot) }),
    traffic: { requests: 0, sentBytes: 0, receivedBytes: 0 },
    close: () => undefined,
  };
  const given = { traits, shown: 'https://git.example.com/fleet', url: 'https://git.example.com/fleet' };
  const caps = { maxBytes: 1024, folder: scratch(), held: async () => null };
  const open = () => createServer({ ...given, ...caps, conversation, nowMs: () => clock.nowMs });
  return { made: open(), open, traits, clock, seen };
}

const away = (message: string) => () => Promise.reject(new HoldfastError('GitUnreachable', message));
const status = (code: number) => () =>
  Promise.reject(new HoldfastError('GitUnreachable', `it answered ${code}`, { cause: new NoAnswer('status') }));

describe('a server', () => {
  it('that answers is asked narrowly', async () => {
    const { made } = server(async () => REFS, FULL);
    expect(await made.refs(['refs/heads/main'], never)).toEqual([{ name: 'refs/heads/main', oid: OID, peeled: null }]);
    expect(made.way).toBe('narrow');
  });

  it.each([
    ['a server error', status(500)],
    ['an empty answer', async () => Buffer.alloc(0)],
    ['a cut answer', async () => REFS.subarray(0, -2)],
    ['nonsense', async () => Buffer.from('<html>')],
    ['a refusal', async () => Buffer.from(pktLine('ERR upload-pack: busy'))],
  ])('is not asked otherwise after %s, as long as it offers what it takes', async (_, ask) => {
    const { made, traits } = server(ask, FULL);
    await expect(made.refs(['refs/heads/main'], never)).rejects.toMatchObject({ code: 'GitUnreachable' });
    await expect(made.trees([OID], async () => undefined, never, OID)).rejects.toMatchObject({
      code: 'GitUnreachable',
    });
    expect(traits.snapshot).toBeNull();
  });

  it('is not judged by what it cannot be asked for', async () => {
    const { made, traits } = server(status(502), new HoldfastError('GitUnreachable', 'it answered 502'));
    await expect(made.refs(['refs/heads/main'], never)).rejects.toThrow('502');
    expect(traits.snapshot).toBeNull();
  });

  it.each([
    ['without filters', new Map([['fetch', 'shallow']]), 'snapshot (the server has filters off)'],
    ['without protocol v2', null, 'snapshot (the server speaks no protocol v2)'],
  ])('%s is asked for snapshots', async (_, offered, way) => {
    const { made } = server(async () => Buffer.alloc(0), offered);
    await expect(made.trees([OID], async () => undefined, never, OID)).rejects.toThrow('SNAPSHOT');
    expect(made.way).toBe(way);
  });

  it('that is to be left alone is not asked what it offers', async () => {
    const busy = new HoldfastError('GitUnreachable', 'it answered 429', { retryAfterMs: 1000 });
    const { made, traits } = server(() => Promise.reject(busy), null);
    await expect(made.refs(['refs/heads/main'], never)).rejects.toBe(busy);
    expect(traits.snapshot).toBeNull();
  });

  it.each([`upload-pack: not our ref ${OID}`, `want ${OID} not valid`])(
    'that no longer has a commit says so: %s',
    async (said) => {
      const { made, seen } = server(async () => Buffer.from(pktLine(`ERR ${said}`)), FULL);
      await expect(made.whole([OID], async () => undefined, never, OID)).rejects.toMatchObject({
        code: 'GitRefNotFound',
      });
      expect(seen.lookUps).toBe(0);
    },
  );
});

describe('what a server offers is looked up', () => {
  const refs = (made: ReturnType<typeof createServer>) => made.refs(['refs/heads/main'], never).catch(() => undefined);

  it.each([
    'connect ECONNREFUSED',
    'not finished within 20 s',
    'it answered 200 with text/html',
    'closed the connection',
  ])('not after a failure that is no answer: %s', async (message) => {
    const { made, seen } = server(away(message), null);
    await refs(made);
    await made.trees([OID], async () => undefined, never, OID).catch(() => undefined);
    expect(seen.lookUps).toBe(0);
  });

  it('once after bare statuses, however many there are', async () => {
    const { made, seen } = server(status(502), FULL);
    for (let poll = 0; poll < 3; poll++) await refs(made);
    await made.trees([OID], async () => undefined, never, OID).catch(() => undefined);
    expect(seen.lookUps).toBe(1);
  });

  it('not after a status from a server that listed its refs in protocol v2 a moment ago', async () => {
    let ask = async (): Promise<Buffer> => REFS;
    const { open, clock, seen } = server(() => ask(), FULL);
    await refs(open());
    ask = status(500);
    await refs(open());
    expect(seen.lookUps).toBe(0);
    clock.nowMs += 60 * 60 * 1000;
    await refs(open());
    expect(seen.lookUps).toBe(1);
  });

  it('after a status that may stand for a lack of protocol v2', async () => {
    const { made } = server(status(400), null);
    await expect(made.refs(['refs/heads/main'], never)).rejects.toThrow('SNAPSHOT');
    expect(made.way).toBe('snapshot (the server speaks no protocol v2)');
  });
});

describe('a server that was asked for snapshots', () => {
  const trees = (made: ReturnType<typeof createServer>) => made.trees([OID], async () => undefined, never, OID);
  const SOME = Buffer.from(`${pktLine('acknowledgments')}0000`);
  const LATEST_MS = NARROW_AGAIN_MS * 1.25;

  it('is asked narrowly again after an hour and a while, and stays narrow when that works', async () => {
    let ask = async (): Promise<Buffer> => Buffer.alloc(0);
    const { made, clock, traits } = server(() => ask(), new Map([['fetch', 'shallow']]));
    await expect(trees(made)).rejects.toThrow('SNAPSHOT');
    ask = async () => SOME;
    clock.nowMs += NARROW_AGAIN_MS - 1;
    await expect(trees(made)).rejects.toThrow('SNAPSHOT');
    clock.nowMs += LATEST_MS - NARROW_AGAIN_MS + 1;
    await trees(made);
    expect(made.way).toBe('narrow');
    expect(traits).toMatchObject({ snapshot: null, sinceMs: null });
  });

  it('goes on by snapshots for another hour when that fails', async () => {
    let asked = 0;
    const { made, clock } = server(
      async () => {
        asked++;
        return Buffer.alloc(0);
      },
      new Map([['fetch', 'shallow']]),
    );
    await expect(trees(made)).rejects.toThrow('SNAPSHOT');
    clock.nowMs += LATEST_MS;
    for (let round = 0; round < 3; round++) await expect(trees(made)).rejects.toThrow('SNAPSHOT');
    expect(asked).toBe(2);
    expect(made.way).toBe('snapshot (the server has filters off)');
  });

  it('is not taken for narrow because it lists its refs', async () => {
    let ask = async (): Promise<Buffer> => Buffer.alloc(0);
    const { made, clock } = server(() => ask(), new Map([['fetch', 'shallow']]));
    await expect(trees(made)).rejects.toThrow('SNAPSHOT');
    ask = async () => REFS;
    clock.nowMs += LATEST_MS;
    await made.refs(['refs/heads/main'], never);
    expect(made.way).toBe('snapshot (the server has filters off)');
  });

  it('speaks protocol v2 after all when it lists its refs so', async () => {
    let ask = async (): Promise<Buffer> => Buffer.alloc(0);
    const { made, clock } = server(() => ask(), null);
    await expect(made.refs(['refs/heads/main'], never)).rejects.toThrow('SNAPSHOT');
    ask = async () => REFS;
    clock.nowMs += LATEST_MS;
    await made.refs(['refs/heads/main'], never);
    expect(made.way).toBe('narrow');
  });
});

describe('the words of protocol v2', () => {
  it('a poll asks for two refs in 98 bytes', () => {
    const request = lsRefs(['refs/heads/main', 'refs/tags/main']).toString();
    expect(request).toBe(
      '0014command=ls-refs\n00010009peel\n001fref-prefix refs/heads/main\n001eref-prefix refs/tags/main\n0000',
    );
    expect(request).toHaveLength(98);
  });

  it('a fetch says what is wanted, what is held and how deep', () => {
    const wanted = { wants: [OID], have: '2'.repeat(40), thin: true, filter: 'tree:2', done: false } as const;
    expect(fetchPack(wanted).toString().split('\n')).toEqual([
      '0012command=fetch',
      '00010010no-progress',
      '000eofs-delta',
      '000ethin-pack',
      '0012filter tree:2',
      `0032want ${OID}`,
      `0032have ${'2'.repeat(40)}`,
      '0000',
    ]);
  });

  it('refs carry what annotated tags lead to', () => {
    const line = pktLine(`${OID} refs/tags/v1 peeled:${'2'.repeat(40)}`);
    expect(readRefs(Buffer.from(`${line}0000`))).toEqual([{ name: 'refs/tags/v1', oid: OID, peeled: '2'.repeat(40) }]);
    expect(readRefs(Buffer.from('0000'))).toEqual([]);
  });

  it.each(['', '0000'.slice(1), pktLine('hello'), `${pktLine(`${OID}`)}0000`, `${pktLine(`${OID} x peeled:1`)}0000`])(
    'refs that are none are refused: %j',
    (text) => {
      expect(() => readRefs(Buffer.from(text))).toThrow(ProtocolError);
    },
  );

  it('an answer without a pack says whether the held commit is known', () => {
    const acknowledged = `${pktLine('acknowledgments')}${pktLine(`ACK ${OID}`)}0000`;
    expect(readFetch(Buffer.from(acknowledged))).toEqual({ known: true, pack: null });
    expect(readFetch(Buffer.from(`${pktLine('acknowledgments')}${pktLine('NAK')}0000`))).toEqual({
      known: false,
      pack: null,
    });
  });

  it('an error in the middle of a pack is the answer', () => {
    const band = (number: number, text: string) =>
      `${(text.length + 5).toString(16).padStart(4, '0')}${String.fromCharCode(number)}${text}`;
    const cut = `${pktLine('packfile')}${band(1, 'PACK')}${band(3, 'out of memory')}0000`;
    expect(() => readFetch(Buffer.from(cut))).toThrow(ServerRefusal);
    expect(() => readFetch(Buffer.from(`${pktLine('packfile')}${band(1, 'PACK')}`))).toThrow(ProtocolError);
  });
});
