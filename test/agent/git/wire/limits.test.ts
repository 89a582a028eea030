// What an answer may cost: memory by its lines, disk by its objects.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { idOf } from '../../../../agent/git/object.ts';
import { pktLine } from '../../../../agent/git/pkt-line.ts';
import type { RawObject } from '../../../../agent/git/upstream.ts';
import { readFetch } from '../../../../agent/git/wire/commands.ts';
import { createNarrow } from '../../../../agent/git/wire/narrow.ts';
import { entry, makePack, number, stored, TYPE } from '../pack/make-pack.ts';
import { never, scratch } from '../repository.ts';

const MIB = 1024 * 1024;
const MOST_RSS_BYTES = 250 * MIB;
const MEASURE = fileURLToPath(new URL('measure-answer.ts', import.meta.url));
const RESULT = z.object({ problem: z.string(), rssBytes: z.number() });
const OID = '1'.repeat(40);

async function measure(kind: string, way: string) {
  const args = [MEASURE, kind, way, scratch()];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: {}, timeout: 60_000 });
  return RESULT.parse(JSON.parse(stdout));
}

/** Packs go in lines as Git cuts them. */
function answerWith(pack: Buffer): Buffer {
  const lines: Buffer[] = [Buffer.from(pktLine('packfile'))];
  for (let at = 0; at < pack.length; at += 65_515) {
    const piece = pack.subarray(at, at + 65_515);
    lines.push(Buffer.from(`${(piece.length + 5).toString(16).padStart(4, '0')}\x01`, 'latin1'), piece);
  }
  return Buffer.concat([...lines, Buffer.from('0000')]);
}

function narrow(answer: Buffer) {
  const kept: RawObject[] = [];
  const way = createNarrow({
    conversation: {
      capabilities: async () => null,
      renew: async () => undefined,
      ask: async () => answer,
      client: () => ({ request: () => Promise.reject(new Error('not here')) }),
      traffic: { requests: 0, sentBytes: 0, receivedBytes: 0 },
      close: () => undefined,
    },
    maxBytes: 64 * MIB,
    held: async () => null,
  });
  return { way, kept, keep: async (object: RawObject) => void kept.push(object) };
}

const blobs = (count: number): Buffer[] =>
  Array.from({ length: count }, (_, at) => entry(TYPE.blob, number(at), { raw: stored(number(at)) }));
const TREE = Buffer.concat([Buffer.from('100644 a\0'), Buffer.alloc(20, 1)]);
const COMMIT = Buffer.from(`tree ${idOf('tree', TREE)}\n\nx\n`);
const TAG = Buffer.from(`object ${idOf('commit', COMMIT)}\ntype commit\ntag v1\n\nx\n`);
const HISTORY = [entry(TYPE.commit, COMMIT), entry(TYPE.tag, TAG), entry(TYPE.tree, TREE)];

describe('an answer of 60 MiB', () => {
  it.each([
    ['progress', 'narrow'],
    ['progress', 'snapshot'],
    ['empty', 'narrow'],
  ])('that is nothing but %s lines is refused by their number (%s)', async (kind, way) => {
    const { problem, rssBytes } = await measure(kind, way);
    expect(problem).toContain('its answer has too many lines');
    expect(rssBytes).toBeLessThan(MOST_RSS_BYTES);
  });

  it('that is a pack is copied once', async () => {
    const { problem, rssBytes } = await measure('pack', 'narrow');
    expect(problem).toContain('does not begin as a pack does');
    expect(rssBytes).toBeLessThan(MOST_RSS_BYTES);
  });
});

describe('an answer', () => {
  it('is its pack without empty lines and without progress', () => {
    const lines = ['000dpackfile\n', '0005\x01', '0007\x01PA', '0008\x02hm\n', '0007\x01CK', '0000'];
    expect(readFetch(Buffer.from(lines.join(''), 'latin1')).pack?.toString()).toBe('PACK');
  });

  it('with as many lines as a slow server sends is taken', () => {
    const lines = Array.from({ length: 9_000 }, () => '0006\x01x').join('');
    expect(readFetch(Buffer.from(`000dpackfile\n${lines}0000`, 'latin1')).pack).toHaveLength(9_000);
  });
});

describe('of what a server sends', () => {
  it('to a request for trees, only those are kept', async () => {
    const { way, kept, keep } = narrow(answerWith(makePack([...HISTORY, ...blobs(1000)])));
    await way.trees([idOf('tree', TREE)], keep, never, OID);
    expect(kept.map(({ type }) => type)).toEqual(['tree']);
  });

  it('to a request for a commit, no blobs are kept', async () => {
    const { way, kept, keep } = narrow(answerWith(makePack([...HISTORY, ...blobs(1000)])));
    await way.history({ commit: idOf('commit', COMMIT), tag: null, since: null }, keep, never);
    expect(kept.map(({ type }) => type)).toEqual(['commit', 'tag', 'tree']);
  });

  it('to a request for history, files at the top are kept, a hundred at most', async () => {
    const wanted = { commit: idOf('commit', COMMIT), tag: null, since: OID };
    const few = narrow(answerWith(makePack([...HISTORY, ...blobs(7)])));
    await few.way.history(wanted, few.keep, never);
    expect(few.kept).toHaveLength(3 + 7);
    const many = narrow(answerWith(makePack([...HISTORY, ...blobs(1000)])));
    await many.way.history(wanted, many.keep, never);
    expect(many.kept).toHaveLength(3 + 100);
  });

  it('to a request for folders, more than 20,000 objects are refused and none is kept', async () => {
    const { way, kept, keep } = narrow(answerWith(makePack(blobs(20_001))));
    await expect(way.whole([OID], keep, never, OID)).rejects.toMatchObject({
      code: 'GitContentRefused',
      message: expect.stringContaining('declares 20001 objects'),
    });
    expect(kept).toEqual([]);
  });
});
