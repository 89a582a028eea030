// Seeded repositories whose files resemble each other, so that Git packs them as deltas; and what Git itself says of
// their objects.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

export type Random = () => number;

/** Between 0 and 1, the same for the same seed. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function run(folder: string, args: readonly string[], input: string | Buffer = ''): Buffer {
  const env = { PATH: process.env.PATH, HOME: folder, GIT_CONFIG_NOSYSTEM: '1' };
  return execFileSync('git', ['-C', folder, ...args], { input, env, maxBuffer: 512 * 1024 * 1024, stdio: 'pipe' });
}

/** A bare repository with a line of commits on main, an annotated tag for every tenth, and some branches merged. */
export function makeRandom(folder: string, seed: number, commits: number): void {
  const random = seeded(seed);
  mkdirSync(folder, { recursive: true });
  run(folder, ['init', '--quiet', '--bare', '--initial-branch=main']);
  const lines = Array.from({ length: 200 }, () => `line ${Math.floor(random() * 1e9).toString(36)}`);
  const parts: string[] = [];
  const text = (content: string): string => `data ${Buffer.byteLength(content)}\n${content}\n`;
  for (let at = 0; at < commits; at++) {
    parts.push(
      `commit refs/heads/main\nmark :${at + 1}\ncommitter A <a@holdfast.invalid> ${1_700_000_000 + at} +0000\n`,
    );
    parts.push(text(`commit ${at}`));
    if (at > 0) parts.push(`from :${at}\n`);
    if (at % 7 === 6) parts.push(`merge :${at - 3}\n`);
    for (let file = 0; file < 3; file++) {
      lines[Math.floor(random() * lines.length)] = `changed ${at} ${random()}`;
      const content = lines.slice(0, 20 + Math.floor(random() * 180)).join('\n');
      parts.push(`M 100644 inline devices/edge-${Math.floor(random() * 40)}/compose.yaml\n${text(content)}`);
    }
    if (at % 10 === 9)
      parts.push(
        `tag v${at}\nfrom :${at + 1}\ntagger A <a@holdfast.invalid> ${1_700_000_000 + at} +0000\n${text(`tag ${at}`)}`,
      );
  }
  run(folder, ['fast-import', '--quiet', '--force'], parts.join(''));
}

export function allObjects(folder: string): string[] {
  const listed = run(folder, ['cat-file', '--batch-all-objects', '--batch-check=%(objectname)']).toString();
  return listed.split('\n').filter((line) => line !== '');
}

/** What Git holds, by id. */
export function gitObjects(folder: string): Map<string, { type: string; bytes: Buffer }> {
  const raw = run(folder, ['cat-file', '--batch-all-objects', '--batch']);
  const found = new Map<string, { type: string; bytes: Buffer }>();
  for (let at = 0; at < raw.length; ) {
    const end = raw.indexOf('\n', at);
    const [oid = '', type = '', size = ''] = raw.toString('latin1', at, end).split(' ');
    found.set(oid, { type, bytes: raw.subarray(end + 1, end + 1 + Number(size)) });
    at = end + 1 + Number(size) + 1;
  }
  return found;
}

export function packOf(folder: string, options: readonly string[], oids = allObjects(folder)): Buffer {
  return run(folder, ['pack-objects', '--stdout', '-q', ...options], `${oids.join('\n')}\n`);
}
