import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ObjectDamaged, ObjectMissing, openObjects } from '../../../agent/git/objects.ts';
import { git } from '../../../scripts/git-repository.ts';
import { makeFleet } from './repository.ts';

// Pack index, version 2 (gitformat-pack): header and fan-out, then ids, CRCs, offsets, two checksums.
const IDS_AT = 8 + 256 * 4;

it('an index that gives another object for an id is found out by the bytes', async () => {
  const { folder } = await makeFleet({ 'a.txt': 'the one\n', 'b.txt': 'the other\n' });
  execFileSync('git', ['-C', folder, 'repack', '-adfq']);
  const gitdir = join(folder, '.git');
  const oids = [await git(folder, 'rev-parse', 'HEAD:a.txt'), await git(folder, 'rev-parse', 'HEAD:b.txt')];
  const [a = '', b = ''] = oids;
  expect(Buffer.from(await openObjects(gitdir).read(a, 'blob')).toString()).toBe('the one\n');
  await expect(openObjects(gitdir).read('0'.repeat(40), 'blob')).rejects.toBeInstanceOf(ObjectMissing);
  await expect(openObjects(gitdir).read(a, 'tree')).rejects.toMatchObject({ code: 'GitContentRefused' });

  const packs = join(gitdir, 'objects/pack');
  const file = join(packs, readdirSync(packs).find((name) => name.endsWith('.idx')) ?? '');
  const index = readFileSync(file);
  const count = index.readUInt32BE(8 + 255 * 4);
  const [atA, atB] = [a, b].map((oid) => {
    const position = (index.indexOf(Buffer.from(oid, 'hex'), IDS_AT) - IDS_AT) / 20;
    return IDS_AT + count * 24 + position * 4;
  }) as [number, number];
  const offsetA = index.readUInt32BE(atA);
  index.writeUInt32BE(index.readUInt32BE(atB), atA);
  index.writeUInt32BE(offsetA, atB);
  createHash('sha1')
    .update(index.subarray(0, -20))
    .digest()
    .copy(index, index.length - 20);
  chmodSync(file, 0o644);
  writeFileSync(file, index);
  await expect(openObjects(gitdir).read(a, 'blob')).rejects.toBeInstanceOf(ObjectDamaged);
});
