// known_hosts as OpenSSH reads it: line by line the same as ssh-keygen -F, and what follows for a key.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  fingerprint,
  isNamed,
  judgeHostKey,
  type KnownHost,
  keyType,
  knownFor,
  parseKnownHosts,
} from '../../../../agent/git/transport/known-hosts.ts';
import { hostKeyAlgorithms } from '../../../../agent/git/transport/ssh-host-key.ts';
import { scratch } from '../repository.ts';

/** Any bytes will do behind the name of the type. */
function publicKey(type: string, seed: string): string {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(type.length);
  const rest = Buffer.from([0, 0, 0, 32]);
  const body = createHash('sha256').update(seed).digest();
  return `${type} ${Buffer.concat([head, Buffer.from(type), rest, body]).toString('base64')}`;
}

function keyOf(line: string): Buffer {
  return Buffer.from(line.split(' ')[1] ?? '', 'base64');
}

/** The same numbers at each run. */
function dice(seed: string): (sides: number) => number {
  let turn = 0;
  return (sides) => createHash('sha256').update(`${seed}:${turn++}`).digest().readUInt32BE(0) % sides;
}

const LABELS = ['git', 'Git', 'a', 'edge-01', '10', '0', 'example', 'com', 'EXAMPLE'];

function generate(roll: (sides: number) => number) {
  const pick = <T>(from: readonly T[]): T => from[roll(from.length)] as T;
  const name = (): string => Array.from({ length: 1 + roll(3) }, () => pick(LABELS)).join('.');
  const withPort = (text: string): string => (roll(4) === 0 ? `[${text}]:${pick(['22', '2222', '29418'])}` : text);
  const pattern = (): string => {
    const text = [...withPort(name())].map((each) => (roll(8) === 0 ? pick(['*', '?', '**', '']) : each)).join('');
    return (roll(6) === 0 ? '!' : '') + (text === '' ? '*' : text);
  };
  const hashed = (): string => {
    const salt = createHash('sha1')
      .update(String(roll(1e9)))
      .digest();
    const hash = createHmac('sha1', salt).update(withPort(name()).toLowerCase()).digest('base64');
    return `|1|${salt.toString('base64')}|${hash}`;
  };
  const line = (): string => {
    const kind = roll(20);
    if (kind === 0) return pick(['', '   ', '# a comment', '\t# another git.example']);
    const names = kind < 6 ? hashed() : Array.from({ length: 1 + roll(4) }, pattern).join(',');
    const marker = pick(['', '', '', '', '@revoked ', '@cert-authority ', '@other ', '@revoked @revoked ']);
    return `${pick(['', '', '  '])}${marker}${names}${pick([' ', '\t', '  '])}${publicKey('ssh-ed25519', names)} me`;
  };
  return { line, host: () => withPort(name().toLowerCase()) };
}

/** The numbers of the lines that ssh-keygen finds, with their markers. */
function found(file: string, host: string): readonly string[] {
  const { stdout } = spawnSync('ssh-keygen', ['-F', host, '-f', file], { encoding: 'utf8' });
  return [...stdout.matchAll(/^# Host .* found: line (\d+) ?(\w*) *$/gm)].map(([, line, marker]) => `${line}${marker}`);
}

const MARKERS = { none: '', revoked: 'REVOKED', 'cert-authority': 'CA' } as const;

describe('compared with ssh-keygen -F', () => {
  it('the same lines are about the same hosts', () => {
    const roll = dice('holdfast');
    const { line, host } = generate(roll);
    const file = join(scratch(), 'known_hosts');
    const lines = Array.from({ length: 600 }, line);
    writeFileSync(file, `${lines.join('\n')}\n`);
    const entries = parseKnownHosts(readFileSync(file, 'utf8'));
    let matches = 0;
    for (let turn = 0; turn < 300; turn++) {
      const name = host();
      const ours = entries
        .filter(({ names }) => isNamed(names, name))
        .map((each: KnownHost) => `${each.line}${MARKERS[each.marker]}`);
      expect({ name, ours }).toEqual({ name, ours: found(file, name) });
      matches += ours.length;
    }
    expect(matches).toBeGreaterThan(1000);
  });

  it('what ssh-keygen hashed is found, and nothing else', () => {
    const file = join(scratch(), 'known_hosts');
    const hosts = ['git.example.com', '[git.example.com]:2222', '192.0.2.7', '[2001:db8::1]:2222', 'Upper.example.com'];
    writeFileSync(file, hosts.map((each) => `${each} ${publicKey('ssh-ed25519', each)}\n`).join(''));
    execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' });
    const entries = parseKnownHosts(readFileSync(file, 'utf8'));
    expect(entries).toHaveLength(hosts.length);
    const linesOf = (host: string, port: number) => knownFor(entries, host, port).map(({ line }) => line);
    expect(linesOf('git.example.com', 22)).toEqual([1]);
    expect(linesOf('git.example.com', 2222)).toEqual([1, 2]);
    expect(linesOf('192.0.2.7', 22)).toEqual([3]);
    expect(linesOf('2001:db8::1', 2222)).toEqual([4]);
    expect(linesOf('2001:db8::1', 22)).toEqual([]);
    expect(linesOf('upper.example.com', 22)).toEqual([5]);
    expect(linesOf('UPPER.example.com', 22)).toEqual([5]);
    expect(linesOf('other.example.com', 22)).toEqual([]);
  });

  it('fingerprints are those of ssh-keygen -l', () => {
    const folder = scratch();
    for (const type of ['ed25519', 'ecdsa', 'rsa']) {
      const file = join(folder, type);
      execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', file]);
      const key = keyOf(readFileSync(`${file}.pub`, 'utf8'));
      const said = execFileSync('ssh-keygen', ['-l', '-f', file]).toString();
      expect(said).toContain(` ${fingerprint(key)} `);
      expect(keyType(key)).toMatch(type);
    }
  });
});

describe('a key', () => {
  const mine = publicKey('ssh-ed25519', 'mine');
  const other = publicKey('ssh-ed25519', 'other');
  const judge = (text: string, port = 22) => judgeHostKey(parseKnownHosts(text), 'git.example.com', port, keyOf(mine));

  it.each([
    [`git.example.com ${mine}`, 22, 'known'],
    [`git.example.com ${mine}\r`, 22, 'known'],
    [`git.example.com ${other}\ngit.example.com ${mine}`, 22, 'known'],
    [`*.example.com,!git.* ${mine}`, 22, 'unknown'],
    [`!git.example.com,* ${mine}`, 22, 'unknown'],
    [`git.example.com ${other}`, 22, 'changed'],
    [`git.example.com ${publicKey('ssh-rsa', 'other')}`, 22, 'changed'],
    [`[git.example.com]:2222 ${mine}`, 2222, 'known'],
    [`[git.example.com]:2222 ${mine}`, 22, 'unknown'],
    [`git.example.com ${mine}`, 2222, 'known'],
    [`git.example.com ${other}`, 2222, 'unknown'],
    [`git.example.com ${mine}\n[git.example.com]:2222 ${other}`, 2222, 'known'],
    [`git.example.com ${mine}\n@revoked * ${mine}`, 22, 'revoked'],
    [`@revoked git.example.com ${other}`, 22, 'unknown'],
    [`@revoked other.example.com ${mine}\ngit.example.com ${mine}`, 22, 'known'],
    [`@cert-authority * ${mine}`, 22, 'unknown'],
    [`@other git.example.com ${mine}`, 22, 'unknown'],
    [`git.example.com ssh-rsa ${mine.split(' ')[1]}`, 22, 'unknown'],
    ['git.example.com 2048 65537 1234567890', 22, 'unknown'],
    ['git.example.com ssh-ed25519', 22, 'unknown'],
    ['', 22, 'unknown'],
  ] as const)('%s at port %i: %s', (text, port, kind) => {
    expect(judge(text, port).kind).toBe(kind);
  });

  it('an authority is mentioned when nothing else is about the host', () => {
    expect(judge(`@cert-authority *.example.com ${other}`)).toEqual({ kind: 'unknown', authorityOnly: true });
    expect(judge(`@cert-authority *.example.org ${other}`)).toEqual({ kind: 'unknown', authorityOnly: false });
    expect(judge(`@cert-authority * ${other}\ngit.example.com ${other}`).kind).toBe('changed');
  });

  it('of a known type is asked for first; SHA-1 and DSA never', () => {
    const known = parseKnownHosts(
      [
        `git.example.com ${publicKey('ssh-rsa', 'a')}`,
        `git.example.com ${publicKey('ssh-dss', 'b')}`,
        `@revoked git.example.com ${publicKey('ecdsa-sha2-nistp256', 'c')}`,
      ].join('\n'),
    );
    const asked = hostKeyAlgorithms(known, 'git.example.com', 22);
    expect(asked.slice(0, 3)).toEqual(['rsa-sha2-512', 'rsa-sha2-256', 'ssh-ed25519']);
    expect(asked).not.toContain('ssh-rsa');
    expect(asked).not.toContain('ssh-dss');
  });

  it('with a pattern made to be slow is judged all the same', () => {
    const pattern = `${'*a'.repeat(400)}b`;
    expect(isNamed(pattern, 'a'.repeat(253))).toBe(false);
  });
});
