// Repositories with any content, by a seed: ordinary folders, and in some of them one thing that must not reach a host.
// Objects are written straight to disk, so that thousands take seconds and Git's own checks do not stand in the way.
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import type { ObjectType } from '../../../../agent/git/upstream.ts';

export interface Entry {
  readonly mode: string;
  readonly name: Buffer;
  readonly oid: string;
}

export interface Writer {
  put(type: ObjectType, bytes: Buffer): string;
}

/** A number in [0, 1) at each call, the same for the same seed. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function writerInto(gitdir: string): Writer {
  return {
    put(type, bytes) {
      const whole = Buffer.concat([Buffer.from(`${type} ${bytes.length}\0`), bytes]);
      const oid = createHash('sha1').update(whole).digest('hex');
      const folder = join(gitdir, 'objects', oid.slice(0, 2));
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, oid.slice(2)), deflateSync(whole, { level: 1 }));
      return oid;
    },
  };
}

export function rawTree(entries: readonly Entry[], sorted = true): Buffer {
  const order = sorted ? [...entries].sort((a, b) => Buffer.compare(sortedAs(a), sortedAs(b))) : entries;
  return Buffer.concat(
    order.flatMap(({ mode, name, oid }) => [Buffer.from(`${mode} `), name, Buffer.from([0]), Buffer.from(oid, 'hex')]),
  );
}

function sortedAs({ mode, name }: Entry): Buffer {
  return /^0?40000$/.test(mode) ? Buffer.concat([name, Buffer.from('/')]) : name;
}

const NAMES = ['compose.yaml', 'device.yaml', '.env', 'conf', 'a', 'a.b', 'a-b', 'Ä.txt', 'data', 'x y', 'nginx.conf'];
const HOSTILE_NAMES = [
  ...['..', '.', '', '.git', '.GIT', 'git~1', '.git ', '.git.', '.g\u200cit', 'a/b', 'a\\b', 'a\nb', '\u001b[2J'],
].map((name) => Buffer.from(name));

/** What makes a folder one that must be refused; `none` most of the time. */
const SPOILS = [
  'none',
  'none',
  'none',
  'name',
  'link',
  'submodule',
  'utf8',
  'case',
  'unsorted',
  'twice',
  'lfs',
  'mode',
];

export interface Made {
  readonly commit: string;
  /** What was put in that has to be refused; `none`: nothing. */
  readonly spoil: string;
}

/** One commit whose folder `devices/edge-01` is made by the seed. */
export function makeCommit(writer: Writer, seed: number): Made {
  const random = randomOf(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const spoil = pick(SPOILS);
  let spoiled = spoil === 'none';
  const own = folderOf(0);
  const devices = writer.put('tree', rawTree([{ mode: '40000', name: Buffer.from('edge-01'), oid: own }]));
  const top = writer.put('tree', rawTree([{ mode: '40000', name: Buffer.from('devices'), oid: devices }]));
  const who = `A <a@example.com> ${1_700_000_000 + seed} +0000`;
  const commit = writer.put('commit', Buffer.from(`tree ${top}\nauthor ${who}\ncommitter ${who}\n\n${seed}\n`));
  return { commit, spoil };

  function folderOf(depth: number): string {
    const entries: Entry[] = [];
    const names = new Set(Array.from({ length: 1 + Math.floor(random() * 5) }, () => pick(NAMES)));
    for (const name of names) {
      const folder = depth < 3 && random() < 0.25;
      const mode = folder ? '40000' : pick(['100644', '100644', '100755']);
      entries.push({ mode, name: Buffer.from(name), oid: folder ? folderOf(depth + 1) : blob() });
    }
    // The outermost folder comes last: what was not spoiled deeper is spoiled there.
    if (!spoiled && (depth === 0 || random() < 0.3)) {
      spoiled = true;
      return writer.put('tree', spoilt(entries));
    }
    return writer.put('tree', rawTree(entries));
  }

  function blob(): string {
    const length = random() < 0.02 ? 300_000 : Math.floor(random() * 200);
    return writer.put('blob', Buffer.from(`${random()}`.repeat(20).slice(0, length)));
  }

  function spoilt(entries: Entry[]): Buffer {
    const more = (mode: string, name: string | Buffer, oid = blob()): Buffer =>
      rawTree([...entries, { mode, name: Buffer.from(name), oid }]);
    switch (spoil) {
      case 'name':
        return more(
          pick(['100644', '40000']),
          pick(HOSTILE_NAMES),
          pick([blob(), writer.put('tree', Buffer.alloc(0))]),
        );
      case 'link':
        return more('120000', 'link', writer.put('blob', Buffer.from(pick(['/etc/passwd', '../..', 'compose.yaml']))));
      case 'submodule':
        return more('160000', 'vendor', '1'.repeat(40));
      case 'utf8':
        return more('100644', Buffer.from([0x62, 0xff, 0xfe]));
      case 'case': {
        const [upper, lower] = pick([
          ['README', 'readme'],
          ['caf\u00e9', 'cafe\u0301'],
          ['stra\u00dfe', 'STRA\u00dfE'],
        ]) as [string, string];
        entries.push({ mode: '100644', name: Buffer.from(upper), oid: blob() });
        return more('100644', lower);
      }
      case 'unsorted': {
        const two = ['zz', 'yy'].map((name) => ({ mode: '100644', name: Buffer.from(name), oid: blob() }));
        return rawTree([...entries, ...two], false);
      }
      case 'twice':
        return Buffer.concat([
          more('100644', 'zz'),
          rawTree([{ mode: '40000', name: Buffer.from('zz'), oid: blob() }]),
        ]);
      case 'lfs':
        return more('100644', 'logo.png', writer.put('blob', Buffer.from(LFS_POINTER)));
      default:
        return more(pick(['100000', '10644', '140000', '0', '40755']), 'odd');
    }
  }
}

const LFS_POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 12345\n`;
