import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TEXT_BYTES } from '../../../fleet/model/source.ts';
import { git } from '../../../scripts/git-repository.ts';
import { startChaosProxy } from './chaos-proxy.ts';
import {
  commitFiles,
  makeFleet,
  never,
  scratch,
  serve,
  sourceOf,
  tipOf,
  writeCommit,
  writeTree,
} from './repository.ts';

const FILES = {
  'devices/edge-01/compose.yaml': 'services: {}\n',
  'devices/edge-01/conf/nginx.conf': 'worker_processes 1;\n',
  'devices/edge-02/compose.yaml': 'services: { other: {} }\n',
  'apps/kiosk/compose.yaml': 'services: { web: {} }\n',
  'fleet.yaml': 'labels: {}\n',
};

describe('polling', () => {
  it('gives the commit of a branch, and the new one after a push', async () => {
    const fleet = await makeFleet(FILES);
    const { url } = await serve({ root: fleet.root });
    const source = sourceOf(`${url}/fleet`);
    expect(await tipOf(source)).toBe(fleet.commit);
    const second = await commitFiles(fleet.folder, { 'fleet.yaml': 'labels: { a: b }\n' });
    expect(await tipOf(source)).toBe(second);
  });

  it('peels an annotated tag to its commit and loads it, though the branch went on', async () => {
    const fleet = await makeFleet(FILES);
    await git(fleet.folder, 'tag', '--annotate', '--message=one', 'v1');
    await commitFiles(fleet.folder, { 'fleet.yaml': 'labels: { later: x }\n' });
    const { url } = await serve({ root: fleet.root });
    const source = sourceOf(`${url}/fleet`, { ref: 'v1' });
    expect(await tipOf(source)).toBe(fleet.commit);
    const tree = await source.load(fleet.commit, ['fleet.yaml'], never);
    expect(Buffer.from(tree.files.get('fleet.yaml')?.bytes ?? []).toString()).toBe('labels: {}\n');
  });

  it('takes a full commit id as it is and loads it', async () => {
    const fleet = await makeFleet(FILES);
    await commitFiles(fleet.folder, { 'fleet.yaml': 'labels: { later: x }\n' });
    const { url } = await serve({ root: fleet.root });
    const source = sourceOf(`${url}/fleet`, { ref: fleet.commit });
    expect(await tipOf(source)).toBe(fleet.commit);
    const tree = await source.load(fleet.commit, ['fleet.yaml'], never);
    expect(tree.files.get('fleet.yaml')?.size).toBe('labels: {}\n'.length);
  });

  it('follows the highest tag of a version range, and never one beyond it', async () => {
    const fleet = await makeFleet(FILES);
    const { url } = await serve({ root: fleet.root });
    const source = sourceOf(`${url}/fleet`, { ref: 'semver:^1.2' });
    await expect(source.poll(never)).rejects.toMatchObject({ code: 'GitRefNotFound' });
    const release = async (tag: string, ...args: readonly string[]) => {
      const commit = await commitFiles(fleet.folder, { 'fleet.yaml': `labels: { release: "${tag}" }\n` });
      await git(fleet.folder, 'tag', ...args, tag);
      return commit;
    };
    const first = await release('v1.2.0');
    expect(await source.poll(never)).toEqual({ commit: first, name: 'v1.2.0', tag: null });
    const second = await release('v1.10.0', '--annotate', '--message=ten');
    for (const other of ['v2.0.0', 'v1.11.0-rc.1', 'nonsense', 'v1.9.9']) await release(other);
    const tag = await git(fleet.folder, 'rev-parse', 'v1.10.0');
    expect(await source.poll(never)).toEqual({ commit: second, name: 'v1.10.0', tag });
  });

  it('does not take a branch whose name only begins the same', async () => {
    const fleet = await makeFleet(FILES);
    await git(fleet.folder, 'branch', 'release-2');
    const { url } = await serve({ root: fleet.root });
    await expect(sourceOf(`${url}/fleet`, { ref: 'release' }).poll(never)).rejects.toMatchObject({
      code: 'GitRefNotFound',
    });
  });

  it('says GitRefNotFound for a deleted branch and for a repository that is gone', async () => {
    const fleet = await makeFleet(FILES);
    await git(fleet.folder, 'branch', 'wave');
    const { url } = await serve({ root: fleet.root });
    const source = sourceOf(`${url}/fleet`, { ref: 'wave' });
    await tipOf(source);
    await git(fleet.folder, 'branch', '-D', 'wave');
    await expect(source.poll(never)).rejects.toMatchObject({ code: 'GitRefNotFound' });
    await expect(sourceOf(`${url}/nothing`).poll(never)).rejects.toMatchObject({ code: 'GitRefNotFound' });
  });

  it('refuses a URL or a ref that cannot be used before anything is sent', () => {
    const code = 'ConfigInvalid';
    expect(() => sourceOf('http://git.example.com/fleet.git')).toThrow(expect.objectContaining({ code }));
    expect(() => sourceOf('ftp://git.example.com/fleet.git')).toThrow(expect.objectContaining({ code }));
    expect(() => sourceOf('fleet.git')).toThrow(expect.objectContaining({ code }));
    expect(() => sourceOf('https://git.example.com/x', { ref: 'main\n0000' })).toThrow(
      expect.objectContaining({ code }),
    );
    expect(() => sourceOf('http://git.example.com/fleet.git', { allowHttp: true })).not.toThrow();
    expect(() => sourceOf('http://[::1]:80/fleet.git')).not.toThrow();
  });
});

describe('loading', () => {
  it('gives exactly the files of the roots, with the ids that git itself gives', async () => {
    const fleet = await makeFleet(FILES);
    const { url } = await serve({ root: fleet.root });
    const source = sourceOf(`${url}/fleet`);
    const roots = ['devices/edge-01', 'fleet.yaml', 'apps/none'];
    const tree = await source.load(await tipOf(source), roots, never);
    const listed = await git(
      fleet.folder,
      'ls-tree',
      '-r',
      '--format=%(objectmode) %(objectname) %(path)',
      'HEAD',
      'devices/edge-01/',
      'fleet.yaml',
    );
    const loaded = [...tree.files.values()].map((file) => `${file.mode} ${file.oid} ${file.path}`);
    expect(loaded.sort()).toEqual(listed.split('\n').sort());
    expect(tree.roots).toEqual(roots);
    const folderId = await git(fleet.folder, 'rev-parse', 'HEAD:devices/edge-01');
    expect(tree.trees.get('devices/edge-01')).toBe(folderId);
    expect([...tree.trees.keys()].sort()).toEqual(['devices/edge-01', 'devices/edge-01/conf']);
    expect(Buffer.from(tree.files.get('fleet.yaml')?.bytes ?? []).toString()).toBe(FILES['fleet.yaml']);
  });

  it('keeps the executable bit', async () => {
    const fleet = await makeFleet(FILES);
    await git(fleet.folder, 'update-index', '--chmod=+x', 'fleet.yaml');
    await git(fleet.folder, 'commit', '--quiet', '--message=chmod');
    const { url } = await serve({ root: fleet.root });
    const source = sourceOf(`${url}/fleet`);
    const tree = await source.load(await tipOf(source), ['fleet.yaml'], never);
    expect(tree.files.get('fleet.yaml')?.mode).toBe('100755');
  });

  it('leaves out the bytes of large files and reads them as blobs', async () => {
    const large = Buffer.alloc(TEXT_BYTES + 1, 'x');
    const exact = Buffer.alloc(TEXT_BYTES, 'y');
    const fleet = await makeFleet({ 'devices/edge-01/large.bin': large, 'devices/edge-01/exact.txt': exact });
    const { url } = await serve({ root: fleet.root });
    const source = sourceOf(`${url}/fleet`);
    const tree = await source.load(fleet.commit, ['devices/edge-01'], never);
    const file = tree.files.get('devices/edge-01/large.bin');
    expect(file).toMatchObject({ size: large.length });
    expect(file).not.toHaveProperty('bytes');
    expect(tree.files.get('devices/edge-01/exact.txt')?.bytes?.length).toBe(TEXT_BYTES);
    expect(Buffer.compare(await source.readBlob(file?.oid ?? '', never), large)).toBe(0);
  });

  it('loads a held commit when the server is gone, after a restart too', async () => {
    const fleet = await makeFleet(FILES);
    const server = await serve({ root: fleet.root });
    const stateDir = scratch();
    const first = sourceOf(`${server.url}/fleet`, { stateDir });
    const tree = await first.load(await tipOf(first), ['devices/edge-01'], never);
    await server.close();
    const second = sourceOf(`${server.url}/fleet`, { stateDir });
    await expect(second.poll(never)).rejects.toMatchObject({ code: 'GitUnreachable' });
    expect(await second.load(fleet.commit, ['devices/edge-01'], never)).toEqual(tree);
    const oid = tree.files.get('devices/edge-01/compose.yaml')?.oid ?? '';
    expect(Buffer.from(await second.readBlob(oid, never)).toString()).toBe(FILES['devices/edge-01/compose.yaml']);
  });

  it('never writes a work tree: the state folder holds objects alone', async () => {
    const fleet = await makeFleet(FILES);
    const { url } = await serve({ root: fleet.root });
    const stateDir = scratch();
    const source = sourceOf(`${url}/fleet`, { stateDir });
    await source.load(fleet.commit, ['devices/edge-01'], never);
    expect(readdirSync(stateDir)).toEqual(['git']);
    expect(readdirSync(join(stateDir, 'git'))).toEqual(['objects']);
    // Git itself reads them.
    const listed = await gitOver(stateDir, 'ls-tree', '-r', fleet.commit, 'devices/edge-01/');
    expect(listed).toBe(await git(fleet.folder, 'ls-tree', '-r', fleet.commit, 'devices/edge-01/'));
  });

  it("fetches the device's own folder and nothing of its neighbours", async () => {
    const fleet = await makeFleet({ ...FILES, 'sites/north/edge-09/compose.yaml': 'services: {}\n' });
    const { url } = await serve({ root: fleet.root });
    const stateDir = scratch();
    await sourceOf(`${url}/fleet`, { stateDir }).load(fleet.commit, ['devices/edge-01'], never);
    const others = ['devices/edge-02/compose.yaml', 'devices/edge-02', 'sites', 'apps/kiosk', 'fleet.yaml'];
    for (const other of others) {
      const oid = await git(fleet.folder, 'rev-parse', `${fleet.commit}:${other}`);
      expect(existsSync(join(stateDir, 'git/objects', oid.slice(0, 2), oid.slice(2))), other).toBe(false);
    }
  });

  it('holds what the retained commits reach, and nothing else', async () => {
    const fleet = await makeFleet(FILES);
    const { url } = await serve({ root: fleet.root });
    const stateDir = scratch();
    const source = sourceOf(`${url}/fleet`, { stateDir });
    await source.load(fleet.commit, ['fleet.yaml'], never);
    const second = await commitFiles(fleet.folder, { 'fleet.yaml': 'labels: { a: b }\n' });
    await source.load(second, ['fleet.yaml'], never);
    const third = await commitFiles(fleet.folder, { 'fleet.yaml': 'labels: { a: c }\n' });
    await source.load(third, ['fleet.yaml'], never);
    await source.retain([fleet.commit, third]);
    const held = async (name: string) => {
      const oid = await git(fleet.folder, 'rev-parse', name);
      return existsSync(join(stateDir, 'git/objects', oid.slice(0, 2), oid.slice(2)));
    };
    for (const commit of [fleet.commit, third])
      for (const name of [commit, `${commit}^{tree}`, `${commit}:fleet.yaml`]) expect(await held(name)).toBe(true);
    for (const name of [`${second}^{tree}`, `${second}:fleet.yaml`]) expect(await held(name)).toBe(false);
    expect(await held(second), 'an ancestor is known by its commit').toBe(true);
    await source.retain([fleet.commit]);
    for (const name of [second, third]) expect(await held(name)).toBe(false);
  });

  it('loads a commit of which a part was fetched and dropped before', async () => {
    const fleet = await makeFleet(FILES);
    const { url } = await serve({ root: fleet.root });
    const source = sourceOf(`${url}/fleet`);
    const tip = await source.poll(never);
    if (tip === null) throw new Error('there is no tip');
    await source.lineage(tip, null, false, never);
    await source.retain([]);
    expect((await source.load(tip.commit, ['devices/edge-01'], never)).files.size).toBe(2);
  });

  it('collects around a commit that nobody should have made', async () => {
    const fleet = await makeFleet(FILES);
    const blob = await git(fleet.folder, 'rev-parse', 'HEAD:devices/edge-01/compose.yaml');
    const top = await git(fleet.folder, 'rev-parse', 'HEAD:devices');
    const tree = writeTree(fleet.folder, [
      { mode: '40000', name: 'aaa', oid: blob },
      { mode: '40000', name: 'devices', oid: top },
    ]);
    const commit = writeCommit(fleet.folder, tree, [fleet.commit], 1_700_000_000);
    await git(fleet.folder, 'update-ref', 'refs/heads/main', commit);
    const source = sourceOf(`file://${fleet.folder}`);
    const before = await source.load(commit, ['devices/edge-01'], never);
    await source.retain([commit]);
    expect(await source.load(commit, ['devices/edge-01'], never)).toEqual(before);
  });

  it('removes what a killed agent left half-done', async () => {
    const fleet = await makeFleet(FILES);
    const { url } = await serve({ root: fleet.root });
    const stateDir = scratch();
    mkdirSync(join(stateDir, 'git/snapshot-1/objects'), { recursive: true });
    writeFileSync(join(stateDir, 'git/incoming-1'), 'half');
    await sourceOf(`${url}/fleet`, { stateDir }).load(fleet.commit, ['fleet.yaml'], never);
    expect(readdirSync(join(stateDir, 'git'))).toEqual(['objects']);
  });

  it('of a folder that is held fetches what changed and nothing twice', async () => {
    const large = randomBytes(300_000);
    const fleet = await makeFleet({ ...FILES, 'devices/edge-01/large.bin': large });
    const { port } = await serve({ root: fleet.root });
    const proxy = await startChaosProxy(port);
    const source = sourceOf(`${proxy.url}/fleet`, { held: () => [fleet.commit] });
    await source.load(fleet.commit, ['devices/edge-01'], never);
    expect(proxy.seen.bytes).toBeGreaterThan(large.length);
    const second = await commitFiles(fleet.folder, { 'devices/edge-01/compose.yaml': 'services: { a: {} }\n' });
    proxy.seen.bytes = 0;
    const tree = await source.load(second, ['devices/edge-01'], never);
    expect(tree.files.size).toBe(3);
    expect(proxy.seen.bytes).toBeLessThan(5_000);
  });

  it('fetches again what was damaged on disk', async () => {
    const fleet = await makeFleet(FILES);
    const { url } = await serve({ root: fleet.root });
    const stateDir = scratch();
    const before = await sourceOf(`${url}/fleet`, { stateDir }).load(fleet.commit, ['devices/edge-01'], never);
    for (const name of [
      fleet.commit,
      `${fleet.commit}:devices/edge-01`,
      `${fleet.commit}:devices/edge-01/compose.yaml`,
    ]) {
      const oid = await git(fleet.folder, 'rev-parse', name);
      const file = join(stateDir, 'git/objects', oid.slice(0, 2), oid.slice(2));
      const bytes = readFileSync(file);
      bytes[bytes.length - 3] = (bytes.at(-3) ?? 0) ^ 0xff;
      for (const damaged of [bytes, bytes.subarray(0, 5), Buffer.alloc(0)]) {
        writeFileSync(file, damaged);
        const source = sourceOf(`${url}/fleet`, { stateDir });
        expect(await source.load(fleet.commit, ['devices/edge-01'], never)).toEqual(before);
      }
    }
    await gitOver(stateDir, 'cat-file', '-e', fleet.commit);
  });

  it('refuses a blob id that no held commit has', async () => {
    const fleet = await makeFleet(FILES);
    const { url } = await serve({ root: fleet.root });
    const source = sourceOf(`${url}/fleet`);
    await source.load(fleet.commit, ['fleet.yaml'], never);
    await expect(source.readBlob('0'.repeat(40), never)).rejects.toMatchObject({ code: 'GitUnreachable' });
  });
});

/** Git's own reading of the held objects. */
async function gitOver(stateDir: string, ...args: readonly string[]): Promise<string> {
  const gitdir = scratch();
  execFileSync('git', ['init', '--quiet', '--bare', gitdir]);
  const env = { ...process.env, GIT_OBJECT_DIRECTORY: join(stateDir, 'git/objects') };
  return execFileSync('git', ['--git-dir', gitdir, ...args], { env })
    .toString()
    .trim();
}
