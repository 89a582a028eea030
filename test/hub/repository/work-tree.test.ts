import { execFileSync } from 'node:child_process';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TEXT_BYTES } from '../../../fleet/model/source.ts';
import { openWorkTree } from '../../../hub/repository/work-tree.ts';
import { type TemporaryRepository, temporaryRepository } from '../cli/holdfast.ts';

let repo: TemporaryRepository;
beforeEach(async () => {
  repo = await temporaryRepository();
});
afterEach(() => repo.remove());

test("object ids are Git's own", async () => {
  await repo.write('devices/edge-01/compose.yaml', 'services: {}\n');
  await repo.write('devices/edge-01/html/index.html', 'hello\n');
  await repo.write('devices/edge-01/html.txt', 'sorted before the folder html/ by Git\n');
  await repo.write('devices/edge-01/large', 'x'.repeat(TEXT_BYTES + 1));
  await repo.write('devices/edge-01/run.sh', '#!/bin/sh\n');
  await chmod(join(repo.folder, 'devices/edge-01/run.sh'), 0o755);
  await mkdir(join(repo.folder, 'empty'));
  const git = (...args: string[]) => execFileSync('git', args, { cwd: repo.folder, encoding: 'utf8' }).trim();
  git('init', '-q');
  git('add', '-A');
  const { tree, faults } = openWorkTree(repo.folder, () => true).load(['']);
  expect(faults).toEqual([]);
  expect(tree.trees.get('')).toBe(git('write-tree'));
  for (const [path, file] of tree.files) expect(file.oid).toBe(git('rev-parse', `:${path}`));
  expect(tree.files.size).toBe(5);
  expect(tree.files.get('devices/edge-01/run.sh')?.mode).toBe('100755');
  expect(tree.files.get('devices/edge-01/large')?.bytes).toBeUndefined();
  expect([...tree.trees.keys()].sort()).toEqual(['', 'devices', 'devices/edge-01', 'devices/edge-01/html']);
});

test('a folder that is not there, and one that is a file, are empty and a file', async () => {
  await repo.write('apps/kiosk', 'x');
  const { tree } = openWorkTree(repo.folder, () => true).load(['nowhere', 'apps/kiosk']);
  expect([...tree.files.keys()]).toEqual(['apps/kiosk']);
});
