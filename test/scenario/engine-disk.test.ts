// The content store on disks that are full and disks that are read-only: real tmpfs mounts of a fixed size.
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { blobId } from '../../agent/files/blob.ts';
import { createContentStore } from '../../agent/files/create-content-store.ts';
import type { Content } from '../../fleet/model/mount.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/machine.ts';

const signal = new AbortController().signal;
let folder: TemporaryFolder;
let disk: string;

beforeEach(async () => {
  folder = await temporaryFolder();
  disk = join(folder.path, 'disk');
  await mkdir(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk]);
});
afterEach(async () => {
  execFileSync('umount', [disk]);
  await folder[Symbol.asyncDispose]();
});

const bytes = Buffer.alloc(100 * 1024, 7);
const content: Content = {
  kind: 'folder',
  id: 'site',
  path: 'web/site',
  files: ['a', 'b'].map((path) => ({ path, oid: blobId(bytes), mode: '100644' as const })),
};
const readBlob = async (): Promise<Uint8Array> => bytes;

test('a full disk is DiskPressure, what was there stays, and the partial is gone', async () => {
  const store = createContentStore({ stateDir: disk, secretsDir: join(disk, 'secrets') });
  await store.write(content, readBlob, signal);
  await expect(store.write({ ...content, id: 'other' }, readBlob, signal)).rejects.toMatchObject({
    code: 'DiskPressure',
  });
  expect(await readdir(join(disk, 'content'))).toEqual(['site']);
  expect((await store.look([content], signal)).get('site')).toEqual({ kind: 'intact' });
});

test('a read-only disk is DiskPressure for writes, and looks go on', async () => {
  const store = createContentStore({ stateDir: disk, secretsDir: join(disk, 'secrets') });
  await store.write(content, readBlob, signal);
  execFileSync('mount', ['-o', 'remount,ro', disk]);
  await expect(store.write({ ...content, id: 'other' }, readBlob, signal)).rejects.toMatchObject({
    code: 'DiskPressure',
  });
  await expect(store.makeDataFolder('kiosk/db')).rejects.toMatchObject({ code: 'DiskPressure' });
  expect((await store.look([content], signal)).get('site')).toEqual({ kind: 'intact' });
});

test('a disk without a free byte still reads', async () => {
  const store = createContentStore({ stateDir: disk, secretsDir: join(disk, 'secrets') });
  await store.write(content, readBlob, signal);
  await writeFile(join(disk, 'filler'), Buffer.alloc(256 * 1024)).catch(() => undefined);
  expect((await store.look([content], signal)).get('site')).toEqual({ kind: 'intact' });
});
