// A few small trees that unfold into 10,000,000,000 paths: refused by what was counted, before they unfold.
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { MAX_FILES, walkCommit } from '../../../../agent/git/content/walk.ts';
import { createObjectStore } from '../../../../agent/git/objects/object-store.ts';
import { commitTree, makeFleet, never, scratch, serve, sourceOf, writeBlob, writeTree } from '../repository.ts';

const LEVELS = 10;
const MAX_BYTES = 64 * 1024 * 1024;
const ROOT = 'devices/edge-01';
const REFUSED = {
  code: 'GitContentRefused',
  message: expect.stringMatching(new RegExp(`^${ROOT}/d0/d0/.*more than ${MAX_FILES} files`)),
};

async function makeTreeBomb() {
  const fleet = await makeFleet({ 'fleet.yaml': 'labels: {}\n' });
  const names = Array.from({ length: 10 }, (_, index) => `d${index}`);
  const file = writeBlob(fleet.folder, 'x\n');
  let oid = writeTree(
    fleet.folder,
    names.map((name) => ({ mode: '100644', name, oid: file })),
  );
  for (let level = 0; level < LEVELS; level++) {
    const inner = oid;
    oid = writeTree(
      fleet.folder,
      names.map((name) => ({ mode: '40000', name, oid: inner })),
    );
  }
  return { ...fleet, commit: await commitTree(fleet.folder, oid) };
}

it('a tree bomb is refused at the path that goes beyond the cap, whichever way objects come', async () => {
  const fleet = await makeTreeBomb();
  const [narrow, snapshot] = [await serve({ root: fleet.root }), await serve({ root: fleet.root, filters: false })];
  for (const url of [`${narrow.url}/fleet`, `${snapshot.url}/fleet`, `file://${fleet.folder}`])
    await expect(sourceOf(url).load(fleet.commit, [ROOT], never), url).rejects.toMatchObject(REFUSED);
});

it('a tree bomb that is held is refused when it is walked', async () => {
  const fleet = await makeTreeBomb();
  const stateDir = scratch();
  await sourceOf(`file://${fleet.folder}`, { stateDir })
    .load(fleet.commit, [ROOT], never)
    .catch(() => undefined);
  const objects = createObjectStore(join(stateDir, 'git'), MAX_BYTES);
  const given = { objects, commit: fleet.commit, roots: [ROOT], maxBytes: MAX_BYTES };
  await expect(walkCommit({ ...given, signal: AbortSignal.timeout(15_000) })).rejects.toMatchObject(REFUSED);
});
