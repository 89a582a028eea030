import { describe, expect, it } from 'vitest';
import { MAX_FILES } from '../../../agent/git/content/walk.ts';
import { git } from '../../../scripts/git-repository.ts';
import {
  commitTree,
  makeFleet,
  never,
  type RawEntry,
  serve,
  sourceOf,
  tipOf,
  writeBlob,
  writeTree,
} from './repository.ts';

const PLAIN = { mode: '100644', name: 'compose.yaml' };

/** Commits `entries` as devices/edge-01 and loads it; the promise is for expectations. */
async function loadFolder(
  make: (folder: string, oid: string) => readonly RawEntry[] | Promise<readonly RawEntry[]>,
  roots: readonly string[] = ['devices/edge-01'],
) {
  const fleet = await makeFleet({ 'fleet.yaml': 'labels: {}\n' });
  const oid = writeBlob(fleet.folder, 'services: {}\n');
  const commit = await commitTree(fleet.folder, writeTree(fleet.folder, await make(fleet.folder, oid)));
  const { url } = await serve({ root: fleet.root });
  const source = sourceOf(`${url}/fleet`);
  expect(await tipOf(source)).toBe(commit);
  return await source.load(commit, roots, never);
}

function refusal(path: string) {
  return { code: 'GitContentRefused', message: expect.stringContaining(path) };
}

describe('content that must not reach a host is refused with the file named', () => {
  it('a symbolic link', async () => {
    const loading = loadFolder((folder, oid) => [
      { ...PLAIN, oid },
      { mode: '120000', name: 'passwd', oid: writeBlob(folder, '/etc/passwd') },
    ]);
    await expect(loading).rejects.toMatchObject(refusal('devices/edge-01/passwd: it is a symbolic link'));
  });

  it('a symbolic link on the way to a root', async () => {
    const loading = loadFolder(
      (folder) => [{ mode: '120000', name: 'conf', oid: writeBlob(folder, '/etc') }],
      ['devices/edge-01/conf/x.yaml'],
    );
    await expect(loading).rejects.toMatchObject(refusal('devices/edge-01/conf: it is a symbolic link'));
  });

  it('a submodule, made the way git makes one', async () => {
    const fleet = await makeFleet({ 'devices/edge-01/compose.yaml': 'services: {}\n' });
    await git(fleet.folder, 'update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},devices/edge-01/vendor`);
    await git(fleet.folder, 'commit', '--quiet', '--message=submodule');
    const { url } = await serve({ root: fleet.root });
    const source = sourceOf(`${url}/fleet`);
    const loading = source.load(await tipOf(source), ['devices/edge-01'], never);
    await expect(loading).rejects.toMatchObject(refusal('devices/edge-01/vendor: it is a submodule'));
  });

  it.each(['.git', '.GIT', '.Git', 'git~1', 'GIT~1', '.git.', '.git ', '.g\u200cit', '.git::$INDEX_ALLOCATION'])(
    'a name that some system takes for .git: %j',
    async (name) => {
      const loading = loadFolder((_, oid) => [{ mode: '100644', name, oid }]);
      await expect(loading).rejects.toMatchObject(refusal('devices/edge-01/'));
    },
  );

  it.each(['.', '..', 'a/b', 'a\\b', 'a\nb', 'a\u001b[31m', 'a\u007f'])('a hostile name: %j', async (name) => {
    const loading = loadFolder((_, oid) => [{ mode: '100644', name, oid }]);
    await expect(loading).rejects.toMatchObject({ code: 'GitContentRefused' });
    await loading.catch((error: Error) => expect(error.message).not.toMatch(/[\p{Cc}\p{Cf}]/u));
  });

  it('a folder called ..', async () => {
    const loading = loadFolder((folder, oid) => [
      { mode: '40000', name: '..', oid: writeTree(folder, [{ ...PLAIN, oid }]) },
    ]);
    await expect(loading).rejects.toMatchObject(refusal('devices/edge-01/..'));
  });

  it('a name that is not UTF-8', async () => {
    const loading = loadFolder((_, oid) => [{ mode: '100644', name: Buffer.from([0x61, 0xff, 0x62]), oid }]);
    await expect(loading).rejects.toMatchObject(refusal('not valid UTF-8'));
  });

  it('two names that differ in case alone', async () => {
    const loading = loadFolder((_, oid) => [
      { mode: '100644', name: 'App.yaml', oid },
      { mode: '100644', name: 'app.yaml', oid },
    ]);
    await expect(loading).rejects.toMatchObject(refusal('devices/edge-01/app.yaml'));
  });

  it('two names that differ in Unicode form alone', async () => {
    const loading = loadFolder((_, oid) => [
      { mode: '100644', name: 'caf\u00e9.yaml', oid },
      { mode: '100644', name: 'cafe\u0301.yaml', oid },
    ]);
    await expect(loading).rejects.toMatchObject(refusal('devices/edge-01/caf'));
  });

  it('a Git LFS pointer', async () => {
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 12345\n`;
    const loading = loadFolder((folder) => [{ mode: '100644', name: 'logo.png', oid: writeBlob(folder, pointer) }]);
    await expect(loading).rejects.toMatchObject(refusal('devices/edge-01/logo.png: it is a Git LFS pointer'));
  });

  it('more files than the cap', async () => {
    const loading = loadFolder((_, oid) =>
      Array.from({ length: MAX_FILES + 1 }, (_each, index) => ({
        mode: '100644',
        name: `f${String(index).padStart(6, '0')}`,
        oid,
      })),
    );
    await expect(loading).rejects.toMatchObject(refusal(`more than ${MAX_FILES} files`));
  });

  it('folders nested beyond the cap', async () => {
    const loading = loadFolder((folder, oid) => {
      let inner = writeTree(folder, [{ ...PLAIN, oid }]);
      for (let depth = 0; depth < 70; depth++) inner = writeTree(folder, [{ mode: '40000', name: 'd', oid: inner }]);
      return [{ mode: '40000', name: 'd', oid: inner }];
    });
    await expect(loading).rejects.toMatchObject(refusal('nested deeper'));
  });

  it('a root that leaves the repository', async () => {
    const loading = loadFolder((_, oid) => [{ ...PLAIN, oid }], ['devices/../../etc']);
    await expect(loading).rejects.toMatchObject({ code: 'GitContentRefused' });
  });
});

it('the same names in another device folder do not matter', async () => {
  const fleet = await makeFleet({ 'devices/edge-01/compose.yaml': 'services: {}\n' });
  const link = writeBlob(fleet.folder, '/etc/passwd');
  await git(fleet.folder, 'update-index', '--add', '--cacheinfo', `120000,${link},devices/edge-02/passwd`);
  await git(fleet.folder, 'commit', '--quiet', '--message=link');
  const { url } = await serve({ root: fleet.root });
  const source = sourceOf(`${url}/fleet`);
  const tree = await source.load(await tipOf(source), ['devices/edge-01'], never);
  expect([...tree.files.keys()]).toEqual(['devices/edge-01/compose.yaml']);
});

it('ordinary dotted and Unicode names are welcome', async () => {
  const names = ['.env', '.gitignore', '.gitkeep', 'grüße.txt', '設定.yaml', 'a b.txt', 'git~x'];
  const tree = await loadFolder((_, oid) => names.map((name) => ({ mode: '100644', name, oid })));
  expect([...tree.files.keys()].sort()).toEqual(names.map((name) => `devices/edge-01/${name}`).sort());
});
