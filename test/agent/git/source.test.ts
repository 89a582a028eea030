import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TEXT_BYTES } from '../../../fleet/model/source.ts';
import { git } from '../../../scripts/git-repository.ts';
import { commitFiles, makeFleet, never, scratch, serve, sourceOf } from './repository.ts';

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
    expect(await source.poll(never)).toBe(fleet.commit);
    const second = await commitFiles(fleet.folder, { 'fleet.yaml': 'labels: { a: b }\n' });
    expect(await source.poll(never)).toBe(second);
  });

  it('peels an annotated tag to its commit and loads it, though the branch went on', async () => {
    const fleet = await makeFleet(FILES);
    await git(fleet.folder, 'tag', '--annotate', '--message=one', 'v1');
    await commitFiles(fleet.folder, { 'fleet.yaml': 'labels: { later: x }\n' });
    const { url } = await serve({ root: fleet.root });
    const source = sourceOf(`${url}/fleet`, { ref: 'v1' });
    expect(await source.poll(never)).toBe(fleet.commit);
    const tree = await source.load(fleet.commit, ['fleet.yaml'], never);
    expect(Buffer.from(tree.files.get('fleet.yaml')?.bytes ?? []).toString()).toBe('labels: {}\n');
  });

  it('takes a full commit id as it is and loads it', async () => {
    const fleet = await makeFleet(FILES);
    await commitFiles(fleet.folder, { 'fleet.yaml': 'labels: { later: x }\n' });
    const { url } = await serve({ root: fleet.root });
    const source = sourceOf(`${url}/fleet`, { ref: fleet.commit });
    expect(await source.poll(never)).toBe(fleet.commit);
    const tree = await source.load(fleet.commit, ['fleet.yaml'], never);
    expect(tree.files.get('fleet.yaml')?.size).toBe('labels: {}\n'.length);
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
    await source.poll(never);
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
    const tree = await source.load(await source.poll(never), roots, never);
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
    const tree = await source.load(await source.poll(never), ['fleet.yaml'], never);
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
    const tree = await first.load(await first.poll(never), ['devices/edge-01'], never);
    await server.close();
    const second = sourceOf(`${server.url}/fleet`, { stateDir });
    await expect(second.poll(never)).rejects.toMatchObject({ code: 'GitUnreachable' });
    expect(await second.load(fleet.commit, ['devices/edge-01'], never)).toEqual(tree);
    const oid = tree.files.get('devices/edge-01/compose.yaml')?.oid ?? '';
    expect(Buffer.from(await second.readBlob(oid, never)).toString()).toBe(FILES['devices/edge-01/compose.yaml']);
  });

  it('never writes a work tree: the state folder holds bare repositories alone', async () => {
    const fleet = await makeFleet(FILES);
    const { url } = await serve({ root: fleet.root });
    const stateDir = scratch();
    const source = sourceOf(`${url}/fleet`, { stateDir });
    await source.load(fleet.commit, ['devices/edge-01'], never);
    expect(readdirSync(stateDir)).toEqual(['git']);
    expect(readdirSync(join(stateDir, 'git'))).toEqual([fleet.commit]);
    expect(existsSync(join(stateDir, 'git', fleet.commit, 'devices'))).toBe(false);
  });

  it('holds the newest two commits and those that must stay', async () => {
    const fleet = await makeFleet(FILES);
    const { url } = await serve({ root: fleet.root });
    const stateDir = scratch();
    const commits = [fleet.commit];
    const source = sourceOf(`${url}/fleet`, { stateDir, keep: () => [fleet.commit] });
    await source.load(fleet.commit, ['fleet.yaml'], never);
    for (const label of ['b', 'c', 'd']) {
      const commit = await commitFiles(fleet.folder, { 'fleet.yaml': `labels: { a: ${label} }\n` });
      commits.push(commit);
      await source.load(await source.poll(never), ['fleet.yaml'], never);
    }
    const [first = '', , third = '', fourth = ''] = commits;
    expect(readdirSync(join(stateDir, 'git')).sort()).toEqual([first, third, fourth].sort());
    const oid = await git(fleet.folder, 'rev-parse', `${first}:fleet.yaml`);
    expect(Buffer.from(await source.readBlob(oid, never)).toString()).toBe(FILES['fleet.yaml']);
  });

  it('fetches a held commit anew when its pack was damaged on disk', async () => {
    const fleet = await makeFleet(FILES);
    const { url } = await serve({ root: fleet.root });
    const stateDir = scratch();
    const before = await sourceOf(`${url}/fleet`, { stateDir }).load(fleet.commit, ['devices/edge-01'], never);
    const packs = join(stateDir, 'git', fleet.commit, 'objects/pack');
    const pack = join(packs, readdirSync(packs).find((name) => name.endsWith('.pack')) ?? '');
    const bytes = readFileSync(pack);
    bytes[40] = (bytes[40] ?? 0) ^ 0xff;
    writeFileSync(pack, bytes);
    expect(await sourceOf(`${url}/fleet`, { stateDir }).load(fleet.commit, ['devices/edge-01'], never)).toEqual(before);
    truncateSync(pack, 10);
    expect(await sourceOf(`${url}/fleet`, { stateDir }).load(fleet.commit, ['devices/edge-01'], never)).toEqual(before);
    execFileSync('git', ['--git-dir', join(stateDir, 'git', fleet.commit), 'cat-file', '-e', fleet.commit]);
  });

  it('refuses a blob id that no held commit has', async () => {
    const fleet = await makeFleet(FILES);
    const { url } = await serve({ root: fleet.root });
    const source = sourceOf(`${url}/fleet`);
    await source.load(fleet.commit, ['fleet.yaml'], never);
    await expect(source.readBlob('0'.repeat(40), never)).rejects.toMatchObject({ code: 'GitUnreachable' });
  });
});
