// Content at a place of its own, on a real file system: what sees it keeps seeing it, and what was taken from under it is noticed.
import { lstat, mkdir, open, readdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { blobId } from '../../../agent/files/blob.ts';
import type { ContentStore, LiveWrite } from '../../../agent/files/content.ts';
import { createContentStore } from '../../../agent/files/create-content-store.ts';
import type { Access, Content } from '../../../fleet/model/mount.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/machine.ts';

const signal = new AbortController().signal;
const PLACE = 'live-0123-0';

let folder: TemporaryFolder;
let store: ContentStore;
const blobs = new Map<string, Buffer>();

beforeEach(async () => {
  folder = await temporaryFolder();
  store = createContentStore({ stateDir: folder.path, secretsDir: join(folder.path, 'runtime', 'edge-01', 'secrets') });
});
afterEach(() => folder[Symbol.asyncDispose]());

const readBlob = async (oid: string): Promise<Uint8Array> => blobs.get(oid) ?? Promise.reject(new Error(`no ${oid}`));
const mounted = (...path: string[]): string => join(folder.path, 'content', PLACE, 'content', ...path);
const write = (content: Content, way: LiveWrite['way']): Promise<void> =>
  store.writeLive({ content, place: PLACE, way }, readBlob, signal);
const look = async (content: Content): Promise<unknown> =>
  (await store.look([], signal, [{ place: PLACE, content }])).get(PLACE);
const inode = async (place: string): Promise<number> => (await lstat(place)).ino;

function blob(text: string): string {
  const oid = blobId(Buffer.from(text));
  blobs.set(oid, Buffer.from(text));
  return oid;
}

function file(text: string, access?: Access): Content {
  const oid = blob(text);
  return { kind: 'file', id: oid, path: 'app.conf', oid, mode: '100644', ...(access === undefined ? {} : { access }) };
}

function site(files: Readonly<Record<string, string>>): Content {
  const listed = Object.entries(files).map(([path, text]) => ({ path, oid: blob(text), mode: '100644' }) as const);
  return { kind: 'folder', id: 'some-folder', path: 'site', files: listed };
}

test('a file is missing, then written, then intact, and of other content edited', async () => {
  expect(await look(file('one'))).toEqual({ kind: 'missing' });
  await write(file('one'), 'first');
  expect(await look(file('one'))).toEqual({ kind: 'intact' });
  expect(await look(file('two'))).toEqual({ kind: 'edited', paths: ['app.conf'] });
});

test.each(['longer than one', '1', ''])('who has a file open sees it written over with %j', async (text) => {
  await write(file('one'), 'first');
  await using handle = await open(mounted());
  await write(file(text), 'over');
  expect(await readFile(mounted(), 'utf8')).toBe(text);
  expect((await handle.stat()).ino).toBe(await inode(mounted()));
  expect(await look(file(text))).toEqual({ kind: 'intact' });
});

test('mode changes with the bytes', async () => {
  const { uid, gid } = await lstat(folder.path);
  await write(file('one'), 'first');
  const closed = file('two', { uid, gid, mode: 0o400 });
  await write(closed, 'over');
  expect((await lstat(mounted())).mode & 0o777).toBe(0o400);
  expect(await look(closed)).toEqual({ kind: 'intact' });
});

test('a file that was half written is seen, and written again into the same file', async () => {
  await write(file('one'), 'first');
  const before = await inode(mounted());
  await truncate(mounted(), 1);
  expect(await look(file('one'))).toEqual({ kind: 'edited', paths: ['app.conf'] });
  await write(file('one'), 'over');
  expect(await inode(mounted())).toBe(before);
});

test('a file that an editor replaced is another one: not written over, and made anew', async () => {
  await write(file('one'), 'first');
  await writeFile(join(folder.path, 'other'), 'one', { mode: 0o644 });
  await rename(join(folder.path, 'other'), mounted());
  expect(await look(file('one'))).toEqual({ kind: 'intact', moved: true });
  expect(await look(file('two'))).toEqual({ kind: 'edited', paths: ['app.conf'], moved: true });
  await expect(write(file('two'), 'over')).rejects.toThrow(/replaced on this host/);
  expect(await readFile(mounted(), 'utf8')).toBe('one');
  await write(file('two'), 'anew');
  expect(await look(file('two'))).toEqual({ kind: 'intact' });
});

test('content that is not at hand changes nothing', async () => {
  await write(file('one'), 'first');
  const absent: Content = { kind: 'file', id: 'x', path: 'app.conf', oid: 'f'.repeat(40), mode: '100644' };
  await expect(write(absent, 'over')).rejects.toThrow();
  expect(await look(file('one'))).toEqual({ kind: 'intact' });
  expect(await readdir(join(folder.path, 'content'))).toEqual([PLACE]);
});

test('a folder stays, its files change one by one, and what is right is not touched', async () => {
  await write(site({ 'a.conf': 'a', 'sub/b.conf': 'b', 'gone/c.conf': 'c', kind: 'file' }), 'first');
  const [folderBefore, same] = [await inode(mounted()), await inode(mounted('a.conf'))];
  const next = site({ 'a.conf': 'a', 'sub/b.conf': 'B', 'kind/d.conf': 'd' });
  expect(await look(next)).toMatchObject({ kind: 'edited' });
  await write(next, 'over');
  expect(await look(next)).toEqual({ kind: 'intact' });
  expect([await inode(mounted()), await inode(mounted('a.conf'))]).toEqual([folderBefore, same]);
  expect((await readdir(mounted(), { recursive: true })).sort()).toEqual(
    ['a.conf', 'kind', 'kind/d.conf', 'sub', 'sub/b.conf'].sort(),
  );
});

test('a folder in the place of a file, or a file in the place of a folder, is another one', async () => {
  await write(file('one'), 'first');
  expect(await look(site({ 'a.conf': 'a' }))).toMatchObject({ kind: 'edited', moved: true });
  await write(site({ 'a.conf': 'a' }), 'anew');
  expect(await look(file('one'))).toMatchObject({ kind: 'edited', moved: true });
});

test('what was put in the place of the whole is never followed', async () => {
  await write(file('one'), 'first');
  await rm(join(folder.path, 'content', PLACE), { recursive: true });
  await mkdir(join(folder.path, 'elsewhere'));
  await symlink(join(folder.path, 'elsewhere'), join(folder.path, 'content', PLACE));
  expect(await look(file('one'))).toEqual({ kind: 'missing' });
  await write(file('one'), 'anew');
  expect(await readdir(join(folder.path, 'elsewhere'))).toEqual([]);
  expect(await look(file('one'))).toEqual({ kind: 'intact' });
});

test('a secret lies in memory, for its owner alone, and is written over like any other', async () => {
  const { uid, gid } = await lstat(folder.path);
  const secret = (text: string): Content => ({
    kind: 'secret',
    id: `id-${text}`,
    path: 'till.sops.yaml',
    bytes: Buffer.from(text).toString('base64'),
    access: { uid, gid, mode: 0o400 },
  });
  await write(secret('one'), 'first');
  const place = join(folder.path, 'runtime', 'edge-01', 'secrets', PLACE, 'content');
  const before = await inode(place);
  await write(secret('two'), 'over');
  expect([await readFile(place, 'utf8'), await inode(place)]).toEqual(['two', before]);
  expect(await look(secret('two'))).toEqual({ kind: 'intact' });
});

test('a place that nothing mounts any more is collected', async () => {
  await write(file('one'), 'first');
  expect(await store.collect(new Set([PLACE]))).toBe(0);
  expect(await store.collect(new Set())).toBe(1);
});
