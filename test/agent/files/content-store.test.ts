// The content store on a real file system: what is written is what was declared, and every edit is seen.
import {
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { blobId } from '../../../agent/files/blob.ts';
import type { ContentStore } from '../../../agent/files/content.ts';
import { createContentStore } from '../../../agent/files/create-content-store.ts';
import type { Content, ContentFile } from '../../../fleet/model/mount.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/machine.ts';

const signal = new AbortController().signal;
const MEMORY = ['runtime', 'edge-01', 'secrets'];

let folder: TemporaryFolder;
let store: ContentStore;
let blobs: Map<string, Buffer>;

beforeEach(async () => {
  folder = await temporaryFolder();
  store = createContentStore({
    stateDir: folder.path,
    secretsDir: join(folder.path, ...MEMORY),
  });
  blobs = new Map();
});
afterEach(() => folder[Symbol.asyncDispose]());

const place = (...parts: string[]): string => join(folder.path, 'content', ...parts);
const readBlob = async (oid: string): Promise<Uint8Array> => {
  const bytes = blobs.get(oid);
  if (bytes === undefined) throw new Error(`no blob ${oid}`);
  return bytes;
};
const write = (content: Content): Promise<void> => store.write(content, readBlob, signal);
const look = async (content: Content): Promise<unknown> => (await store.look([content], signal)).get(content.id);

function blob(text: string): string {
  const oid = blobId(Buffer.from(text));
  blobs.set(oid, Buffer.from(text));
  return oid;
}

function file(text: string, mode: '100644' | '100755' = '100644'): Content & { kind: 'file' } {
  const oid = blob(text);
  return { kind: 'file', id: mode === '100755' ? `${oid}-x` : oid, path: 'web/nginx.conf', oid, mode };
}

function site(files: Readonly<Record<string, string>>, id = 'a-folder'): Content & { kind: 'folder' } {
  const listed = Object.entries(files).map(([path, text]): ContentFile => ({ path, oid: blob(text), mode: '100644' }));
  return { kind: 'folder', id, path: 'web/site', files: listed };
}

test("a blob id is Git's own", () => {
  expect(blobId(Buffer.from('hello\n'))).toBe('ce013625030ba8dba906f756967f9e9ca394464a');
  expect(blobId(Buffer.from('hello\n'), 64)).toBe('2cf8d83d9ee29543b34a87727421fdecb7e3f3a183d337639025de576db9ebb4');
});

describe('a file', () => {
  test('is missing, then written, then intact', async () => {
    const content = file('listen 80;\n');
    expect(await look(content)).toEqual({ kind: 'missing' });
    await write(content);
    expect(await readFile(place(content.id), 'utf8')).toBe('listen 80;\n');
    expect((await lstat(place(content.id))).mode & 0o7777).toBe(0o644);
    expect(await look(content)).toEqual({ kind: 'intact' });
  });

  test('keeps its executable bit, whatever the umask', async () => {
    const content = file('#!/bin/sh\n', '100755');
    const before = process.umask(0o077);
    try {
      await write(content);
    } finally {
      process.umask(before);
    }
    expect((await lstat(place(content.id))).mode & 0o7777).toBe(0o755);
    await chmod(place(content.id), 0o644);
    expect(await look(content)).toEqual({ kind: 'edited', paths: ['web/nginx.conf'] });
  });

  test('with one byte changed is edited, and a write makes it intact again', async () => {
    const content = file('listen 80;\n');
    await write(content);
    await look(content);
    await writeFile(place(content.id), 'listen 81;\n');
    expect(await look(content)).toEqual({ kind: 'edited', paths: ['web/nginx.conf'] });
    await write(content);
    expect(await look(content)).toEqual({ kind: 'intact' });
  });

  test('changed behind an old modification time, and after it was remembered, is edited', async () => {
    const content = file('listen 80;\n');
    await write(content);
    const past = new Date(Date.now() - 3_600_000);
    await utimes(place(content.id), past, past);
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    expect(await look(content)).toEqual({ kind: 'intact' });
    await writeFile(place(content.id), 'listen 81;\n');
    await utimes(place(content.id), past, past);
    expect(await look(content)).toEqual({ kind: 'edited', paths: ['web/nginx.conf'] });
  });

  test('replaced by a link to the same bytes is edited, and a write replaces the link and not what it points to', async () => {
    const content = file('listen 80;\n');
    await write(content);
    const outside = join(folder.path, 'outside');
    await rename(place(content.id), outside);
    await symlink(outside, place(content.id));
    expect(await look(content)).toMatchObject({ kind: 'edited' });
    await writeFile(outside, 'mine');
    await write(content);
    expect((await lstat(place(content.id))).isFile()).toBe(true);
    expect(await readFile(outside, 'utf8')).toBe('mine');
  });

  test('replaced by a folder is edited, and a write puts the file back', async () => {
    const content = file('listen 80;\n');
    await mkdir(place(content.id), { recursive: true });
    await writeFile(place(content.id, 'x'), '');
    expect(await look(content)).toMatchObject({ kind: 'edited' });
    await write(content);
    expect(await look(content)).toEqual({ kind: 'intact' });
  });
});

test('inline text is written as it is and compared by its bytes', async () => {
  const content: Content = { kind: 'inline', id: 'b0b', path: 'configs.motd', text: 'grüß Gott\n', mode: '100644' };
  await write(content);
  expect(await look(content)).toEqual({ kind: 'intact' });
  expect(await readFile(place('b0b'), 'utf8')).toBe('grüß Gott\n');
  await writeFile(place('b0b'), 'hello\n');
  expect(await look(content)).toEqual({ kind: 'edited', paths: ['configs.motd'] });
});

describe('a folder', () => {
  const files = { 'index.html': '<h1>', 'css/site.css': 'h1{}', 'css/more/deep.css': '' };

  test('is written with its folders and is intact', async () => {
    const content = site(files);
    expect(await look(content)).toEqual({ kind: 'missing' });
    await write(content);
    expect(await look(content)).toEqual({ kind: 'intact' });
    expect(await readFile(place('a-folder', 'css', 'site.css'), 'utf8')).toBe('h1{}');
    expect((await lstat(place('a-folder', 'css'))).mode & 0o7777).toBe(0o755);
  });

  test('names what is changed, missing, extra and of another mode', async () => {
    const content = site({ ...files, 'a.txt': 'a' });
    await write(content);
    await writeFile(place('a-folder', 'index.html'), '<h2>');
    await rm(place('a-folder', 'css', 'site.css'));
    await mkdir(place('a-folder', 'new'));
    await writeFile(place('a-folder', 'css', 'extra'), '');
    await chmod(place('a-folder', 'a.txt'), 0o600);
    expect(await look(content)).toEqual({
      kind: 'edited',
      paths: ['a.txt', 'css/extra', 'css/site.css', 'index.html', 'new/'],
    });
  });

  test('with thousands of edits names five', async () => {
    const content = site({ 'a.txt': 'a' });
    await write(content);
    for (let index = 0; index < 50; index++) await writeFile(place('a-folder', `extra-${index}`), '');
    const state = (await store.look([content], signal)).get(content.id);
    expect(state?.kind === 'edited' && state.paths.length).toBe(5);
  });

  test('whose subfolder became a link to the same files is edited', async () => {
    const content = site(files);
    await write(content);
    await rename(place('a-folder', 'css'), join(folder.path, 'elsewhere'));
    await symlink(join(folder.path, 'elsewhere'), place('a-folder', 'css'));
    expect(await look(content)).toEqual({ kind: 'edited', paths: ['css'] });
  });

  test('is replaced whole: nothing of an edited copy stays', async () => {
    const content = site(files);
    await write(content);
    await writeFile(place('a-folder', 'extra'), '');
    await write(content);
    expect(await look(content)).toEqual({ kind: 'intact' });
    expect(await readdir(place())).toEqual(['a-folder']);
  });

  test.each(['../out', '/etc/passwd', 'a/../../out', 'a//b', './a', 'a\\b', 'a\0b', ''])(
    'refuses the path %j',
    async (path) => {
      const content: Content = { ...site({}), files: [{ path, oid: blob('x'), mode: '100644' }] };
      await expect(write(content)).rejects.toMatchObject({ code: 'GitContentRefused' });
      expect(await readdir(folder.path)).toEqual(['content']);
      expect(await readdir(place())).toEqual([]);
    },
  );
});

test('an id that is not a plain name is refused', async () => {
  for (const id of ['../x', 'a/b', '', '.new-0', '..']) {
    await expect(write({ ...file('x'), id })).rejects.toMatchObject({ code: 'GitContentRefused' });
  }
});

test('bytes that are not those of the object id are refused and leave nothing', async () => {
  const content = file('declared');
  await expect(store.write(content, async () => Buffer.from('other'), signal)).rejects.toMatchObject({
    code: 'GitContentRefused',
  });
  expect(await readdir(place())).toEqual([]);
});

test('a failure half way keeps the old content and leaves no partial', async () => {
  const content = site({ 'a.txt': 'a', 'b.txt': 'b' });
  await write(content);
  blobs.delete(blobId(Buffer.from('b')));
  await expect(write(content)).rejects.toThrow('no blob');
  expect(await look(content)).toEqual({ kind: 'intact' });
  expect(await readdir(place())).toEqual(['a-folder']);
});

test('what a crash left unfinished is removed by the next write', async () => {
  await mkdir(place('.new-0123456789abcdef'), { recursive: true });
  await writeFile(place('.old-0123456789abcdef'), '');
  const content = file('x');
  await write(content);
  expect(await readdir(place())).toEqual([content.id]);
});

test('an aborted write rejects with the reason of the abort', async () => {
  const reason = new Error('the agent ends');
  await expect(store.write(file('x'), readBlob, AbortSignal.abort(reason))).rejects.toBe(reason);
});

test.each(['ENOSPC', 'EROFS', 'EIO'])('%s is disk pressure', async (code) => {
  const failing = async (): Promise<Uint8Array> => {
    throw Object.assign(new Error(`${code}: write`), { code });
  };
  await expect(store.write(file('x'), failing, signal)).rejects.toMatchObject({ code: 'DiskPressure' });
});

describe('a data folder', () => {
  test('is made with its parents, and made again is left as it is', async () => {
    await store.makeDataFolder('kiosk/db/data');
    await writeFile(join(folder.path, 'volumes', 'kiosk', 'db', 'data', 'row'), '1');
    await chmod(join(folder.path, 'volumes', 'kiosk', 'db', 'data'), 0o700);
    await store.makeDataFolder('kiosk/db/data');
    const data = join(folder.path, 'volumes', 'kiosk', 'db', 'data');
    expect(await readFile(join(data, 'row'), 'utf8')).toBe('1');
    expect((await lstat(data)).mode & 0o777).toBe(0o700);
  });

  test('is made by several at once that have parents in common', async () => {
    const paths = ['db/data', 'db/log', 'web/data', 'web/log'].map((name) => `kiosk/${name}`);
    await Promise.all(paths.map((path) => store.makeDataFolder(path)));
    for (const path of paths) expect((await lstat(join(folder.path, 'volumes', path))).isDirectory()).toBe(true);
  });

  test.each(['../x', 'kiosk/../../x', '/etc', 'kiosk//x', ''])('refuses %j', async (path) => {
    await expect(store.makeDataFolder(path)).rejects.toMatchObject({ code: 'PolicyDenied' });
  });

  test('is not made through a link that a container left in its own data', async () => {
    await store.makeDataFolder('kiosk/db');
    await symlink('/etc', join(folder.path, 'volumes', 'kiosk', 'db', 'link'));
    await expect(store.makeDataFolder('kiosk/db/link')).rejects.toMatchObject({ code: 'PolicyDenied' });
    await expect(store.makeDataFolder('kiosk/db/link/x')).rejects.toMatchObject({ code: 'PolicyDenied' });
  });
});

describe('collecting', () => {
  test('removes what nothing declares, leftovers too, and keeps the rest', async () => {
    const [kept, old, folderOld] = [file('kept'), file('old'), site({ 'a/b': 'x' }, 'old-folder')];
    for (const content of [kept, old, folderOld]) await write(content);
    await writeFile(place('.new-0123456789abcdef'), 'half');
    expect(await store.collect(new Set([kept.id]))).toBe(3);
    expect(await readdir(place())).toEqual([kept.id]);
    expect(await look(kept)).toEqual({ kind: 'intact' });
    expect(await look(old)).toEqual({ kind: 'missing' });
  });

  test('follows no link and removes nothing outside', async () => {
    await write(file('kept'));
    await mkdir(join(folder.path, 'outside'));
    await writeFile(join(folder.path, 'outside', 'precious'), 'x');
    await symlink(join(folder.path, 'outside'), place('link'));
    await store.collect(new Set());
    expect(await readdir(join(folder.path, 'outside'))).toEqual(['precious']);
    await rm(place(), { recursive: true, force: true });
    await symlink(join(folder.path, 'outside'), place());
    expect(await store.collect(new Set())).toBe(0);
    expect(await readdir(join(folder.path, 'outside'))).toEqual(['precious']);
  });

  test('of nothing is nothing', async () => {
    expect(await store.collect(new Set())).toBe(0);
  });
});

describe('secret content', () => {
  test.each(['', '..'])('is not written where somebody else could read or change it: %s', async (where) => {
    const memory = join(folder.path, 'shared', 'memory');
    await mkdir(memory, { recursive: true });
    const others = createContentStore({ stateDir: folder.path, secretsDir: memory });
    const content = secret('hunter22');
    await chmod(join(memory, where), 0o777);
    if (where === '') await chown(memory, 4321, 4321);
    await expect(others.write(content, readBlob, signal)).rejects.toMatchObject({ code: 'StateUnavailable' });
    expect(await readdir(memory)).toEqual([]);
    if (where === '') await chown(memory, 0, 0);
    await chmod(join(memory, '..'), 0o755);
    await others.write(content, readBlob, signal);
    expect((await lstat(memory)).mode & 0o777).toBe(0o700);
  });

  const secret = (
    bytes: string,
    access = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, mode: 0o440 },
  ) =>
    ({ kind: 'secret', id: 'keyed', path: 'secrets/a', bytes: Buffer.from(bytes).toString('base64'), access }) as const;
  const noBlob = async () => new Uint8Array();
  const signal = AbortSignal.timeout(10_000);

  test('lies in memory, for its owner, and is seen when it is edited, opened or given away', async () => {
    const declared = secret('hunter22');
    await store.write(declared, noBlob, signal);
    const file = join(folder.path, ...MEMORY, 'keyed');
    const stateOf = async () => (await store.look([declared], signal)).get('keyed')?.kind;
    expect(await stateOf()).toBe('intact');
    expect((await lstat(file)).mode & 0o777).toBe(0o440);
    expect((await lstat(join(folder.path, ...MEMORY))).mode & 0o777).toBe(0o700);
    await chmod(file, 0o444);
    expect(await stateOf()).toBe('edited');
    await store.write(declared, noBlob, signal);
    expect(await stateOf()).toBe('intact');
    expect((await store.look([secret('other')], signal)).get('keyed')?.kind).toBe('edited');
    const given = secret('hunter22', { uid: 4321, gid: 4321, mode: 0o440 });
    expect((await store.look([given], signal)).get('keyed')?.kind).toBe('edited');
    await rm(file);
    expect(await stateOf()).toBe('missing');
  });

  test('that nothing declares any more is removed', async () => {
    await store.write(secret('hunter22'), noBlob, signal);
    expect(await store.collect(new Set(['keyed']))).toBe(0);
    expect(await store.collect(new Set())).toBe(1);
    expect(await readdir(join(folder.path, ...MEMORY))).toEqual([]);
  });
});

test('the same folder is written for two services at once', async () => {
  const content = site({ 'a.conf': 'a', 'b.conf': 'b' });
  await Promise.all([write(content), write(content)]);
  expect(await look(content)).toEqual({ kind: 'intact' });
});

test('several contents and data folders are made at once on a new device', async () => {
  const texts = Array.from({ length: 8 }, (_, index) => `file ${index}`);
  await Promise.all([
    ...texts.map((text) => write(file(text))),
    ...texts.map((text) => store.makeDataFolder(`kiosk/${text}`)),
  ]);
  for (const text of texts) expect(await look(file(text))).toEqual({ kind: 'intact' });
});
