import { expect, it } from 'vitest';
import { judgeFolder, parseTree } from '../../../../agent/git/content/tree.ts';
import { pktPayloads } from '../../../../agent/git/pkt-line.ts';

const OID = 'ab'.repeat(20);

function rawEntry(mode: string, name: string): Buffer {
  return Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(OID, 'hex')]);
}

it('a tree object parses into its entries', () => {
  const raw = Buffer.concat([rawEntry('40000', 'conf'), rawEntry('100755', 'run.sh')]);
  expect(parseTree(raw, '')).toEqual([
    { name: 'conf', utf8: true, kind: 'folder', mode: '100644', oid: OID },
    { name: 'run.sh', utf8: true, kind: 'file', mode: '100755', oid: OID },
  ]);
});

it('a cut tree object, an unknown mode and an empty name are refused', () => {
  const raw = rawEntry('100644', 'a');
  expect(() => parseTree(raw.subarray(0, -1), 'devices')).toThrow('devices: its tree object is malformed');
  expect(() => judgeFolder(parseTree(rawEntry('100000', 'fifo'), 'devices'), 'devices')).toThrow('devices/fifo');
  expect(() => judgeFolder(parseTree(rawEntry('100644', ''), 'devices'), 'devices')).toThrow('leaves its folder');
});

it('names that are out of order or occur twice are refused, as git fsck does', () => {
  const unsorted = Buffer.concat([rawEntry('100644', 'b'), rawEntry('100644', 'a')]);
  expect(() => parseTree(unsorted, 'devices')).toThrow('not sorted');
  const twice = [rawEntry('100644', 'a'), rawEntry('100644', 'a.b'), rawEntry('40000', 'a')];
  expect(() => parseTree(Buffer.concat(twice), 'devices')).toThrow('devices/a: it occurs twice');
  const asFolder = [rawEntry('100644', 'a.b'), rawEntry('40000', 'a')];
  expect(parseTree(Buffer.concat(asFolder), 'devices')).toHaveLength(2);
});

it('pkt-lines parse into payloads, and broken framing is null', () => {
  expect(pktPayloads(Buffer.from('0008NAK\n0000'))?.map(String)).toEqual(['NAK\n']);
  expect(pktPayloads(Buffer.from('0008NAK'))).toBeNull();
  expect(pktPayloads(Buffer.from('00'))).toBeNull();
});
