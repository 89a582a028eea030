import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packProblem } from '../../../agent/git/pack.ts';
import { pktPayloads } from '../../../agent/git/pkt-line.ts';
import { judgeFolder, parseTree } from '../../../agent/git/tree.ts';
import { makeFleet } from './repository.ts';

const OID = 'ab'.repeat(20);
const LIMITS = { objectBytes: 1_000_000, totalBytes: 2_000_000, objects: 1000 };

function rawEntry(mode: string, name: string): Buffer {
  return Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(OID, 'hex')]);
}

it('a tree object parses into its entries', () => {
  const raw = Buffer.concat([rawEntry('100755', 'run.sh'), rawEntry('40000', 'conf')]);
  expect(parseTree(raw, '')).toEqual([
    { name: 'run.sh', kind: 'file', mode: '100755', oid: OID },
    { name: 'conf', kind: 'folder', mode: '100644', oid: OID },
  ]);
});

it('a cut tree object, an unknown mode and an empty name are refused', () => {
  const raw = rawEntry('100644', 'a');
  expect(() => parseTree(raw.subarray(0, -1), 'devices')).toThrow('devices: its tree object is malformed');
  expect(() => parseTree(rawEntry('100000', 'fifo'), 'devices')).toThrow('devices/fifo');
  expect(() => judgeFolder(parseTree(rawEntry('100644', ''), 'devices'), 'devices')).toThrow('leaves its folder');
});

it('pkt-lines parse into payloads, and broken framing is null', () => {
  expect(pktPayloads(Buffer.from('0008NAK\n0000'))?.map(String)).toEqual(['NAK\n']);
  expect(pktPayloads(Buffer.from('0008NAK'))).toBeNull();
  expect(pktPayloads(Buffer.from('00'))).toBeNull();
});

it("git's own packs, deltas included, pass; a cut, changed or oversized one does not", async () => {
  const text = Array.from({ length: 3000 }, (_, index) => `line ${index}`).join('\n');
  const fleet = await makeFleet({ 'a.txt': text, 'b.txt': `${text}\nmore`, 'c.txt': `less\n${text}` });
  execFileSync('git', ['-C', fleet.folder, 'repack', '-adfq']);
  const packs = join(fleet.folder, '.git/objects/pack');
  const name =
    execFileSync('ls', [packs])
      .toString()
      .split('\n')
      .find((each) => each.endsWith('.pack')) ?? '';
  const pack = readFileSync(join(packs, name));
  expect(execFileSync('git', ['verify-pack', '-v', join(packs, name)]).toString()).toMatch(/chain length/);
  expect(packProblem(pack, LIMITS)).toBeNull();
  expect(packProblem(pack.subarray(0, -1), LIMITS)).toContain('cut');
  expect(packProblem(Buffer.alloc(0), LIMITS)).toContain('cut');
  expect(packProblem(pack, { ...LIMITS, objectBytes: 10_000 })).toContain('more than 10000');
  expect(packProblem(pack, { ...LIMITS, totalBytes: 60_000 })).toContain('more than 60000');
  expect(packProblem(pack, { ...LIMITS, objects: 2 })).toContain('more than 2');
});
