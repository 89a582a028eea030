// Snapshots from a real server with filters off: what is kept of a history that is too large, calls at the same time, and
// objects that are not there.
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createHttpConversation } from '../../../../agent/git/transport/http.ts';
import type { RawObject } from '../../../../agent/git/upstream.ts';
import { createServer } from '../../../../agent/git/wire/server.ts';
import { git } from '../../../../scripts/git-repository.ts';
import { commitFiles, makeFleet, never, scratch, serve } from '../repository.ts';

const MISSING = 'f'.repeat(40);
const BIG_BYTES = 800_000;

async function snapshotsOf(root: string, maxBytes = 64 * 1024 * 1024) {
  const { url } = await serve({ root, filters: false });
  const clean = `${url}/fleet`;
  const conversation = createHttpConversation({ given: new URL(clean), clean, env: {} });
  const folder = scratch();
  const server = createServer({
    ...{ conversation, maxBytes, folder, shown: clean, url: clean, held: async () => null, nowMs: () => 0 },
    traits: { snapshot: 'the server has filters off', sinceMs: 0 },
  });
  onTestFinished(() => server.close());
  const kept: RawObject[] = [];
  const keep = async (object: RawObject): Promise<void> => void kept.push(object);
  return { server, conversation, folder, kept, keep };
}

describe('a snapshot', () => {
  it('whose history is too large leaves the commit, its tree and its tag, and serves on', async () => {
    const { root, folder, commit: since } = await makeFleet({ 'fleet.yaml': 'labels: {}\n' });
    await commitFiles(folder, { 'big.bin': randomBytes(BIG_BYTES) });
    await git(folder, 'rm', '--quiet', 'big.bin');
    const commit = await commitFiles(folder, { 'fleet.yaml': 'labels: { a: b }\n' });
    await git(folder, 'tag', '--annotate', 'v1', '--message=x');
    const [tag, tree] = [await git(folder, 'rev-parse', 'v1'), await git(folder, 'rev-parse', 'HEAD^{tree}')];
    const { server, conversation, kept, keep } = await snapshotsOf(root, BIG_BYTES / 2);
    expect(await server.history({ commit, tag, since }, keep, never)).toBe(false);
    expect(kept.map(({ oid }) => oid)).toEqual([tag, commit, tree]);
    const { requests } = conversation.traffic;
    await server.whole([tree], keep, never, commit);
    expect(conversation.traffic.requests, 'the first snapshot is still there').toBe(requests);
  });

  it('that is too large itself is refused', async () => {
    const { root, commit } = await makeFleet({ 'big.bin': randomBytes(BIG_BYTES) });
    const { server, keep } = await snapshotsOf(root, BIG_BYTES / 2);
    const refused = { code: 'GitContentRefused' };
    await expect(server.history({ commit, tag: null, since: MISSING }, keep, never)).rejects.toMatchObject(refused);
  });

  it('is made once for all who ask at the same time', async () => {
    const { root, folder, commit } = await makeFleet({ 'fleet.yaml': 'labels: {}\n' });
    const tree = await git(folder, 'rev-parse', 'HEAD^{tree}');
    const { server, conversation, keep } = await snapshotsOf(root);
    const asking = [1, 2, 3].map(() => server.whole([tree], keep, never, commit));
    await Promise.all(asking);
    expect(conversation.traffic.requests).toBe(2);
  });

  it('that one caller gave up is made by the next one', async () => {
    const { root, folder, commit } = await makeFleet({ 'fleet.yaml': 'labels: {}\n' });
    const tree = await git(folder, 'rev-parse', 'HEAD^{tree}');
    const { server, kept, keep } = await snapshotsOf(root);
    const controller = new AbortController();
    const first = server.trees([tree], async () => undefined, controller.signal, commit);
    const second = server.trees([tree], keep, never, commit);
    controller.abort(new Error('stopping'));
    await expect(first).rejects.toThrow('stopping');
    await second;
    expect(kept.map(({ oid }) => oid)).toEqual([tree]);
  });

  it('of another commit takes its place, once nobody reads the older one', async () => {
    const { root, folder, commit: older } = await makeFleet({ 'fleet.yaml': 'labels: {}\n' });
    const newer = await commitFiles(folder, { 'fleet.yaml': 'labels: { a: b }\n' });
    const [olderTree, newerTree] = [
      await git(folder, 'rev-parse', 'HEAD~^{tree}'),
      await git(folder, 'rev-parse', 'HEAD^{tree}'),
    ];
    const made = await snapshotsOf(root);
    const keepWhileNewer = async (object: RawObject): Promise<void> => {
      if (object.type === 'tree') await made.server.trees([newerTree], made.keep, never, newer);
      else await made.keep(object);
    };
    await made.server.whole([olderTree], keepWhileNewer, never, older);
    expect(made.kept.map(({ type }) => type)).toEqual(['tree', 'blob']);
    expect(readdirSync(made.folder)).toHaveLength(1);
  });

  it('that lacks an object says which', async () => {
    const { root, commit } = await makeFleet({ 'fleet.yaml': 'labels: {}\n' });
    const { server, keep } = await snapshotsOf(root);
    await expect(server.trees([MISSING], keep, never, commit)).rejects.toMatchObject({
      code: 'GitRefNotFound',
      message: expect.stringContaining(MISSING),
    });
  });
});
