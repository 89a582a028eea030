// A repository whose 390 KB pack unpacks to 400 MB, on a real server: refused by what it declares, in the memory that the
// process had anyway, whichever way objects come.
import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { git } from '../../../scripts/git-repository.ts';
import { commitTree, makeFleet, scratch, serve, writeTree } from './repository.ts';

const MIB = 1024 * 1024;
const MOST_RSS_BYTES = 150 * MIB;
const RESULT = z.object({ code: z.string(), message: z.string(), alive: z.boolean(), rssBytes: z.number() });

async function makeBomb() {
  const fleet = await makeFleet({ 'fleet.yaml': 'labels: {}\n' });
  const zeros = `head -c ${400 * MIB} /dev/zero | git -C "${fleet.folder}" hash-object -w --stdin`;
  const oid = execFileSync('sh', ['-c', zeros]).toString().trim();
  await commitTree(fleet.folder, writeTree(fleet.folder, [{ mode: '100644', name: 'zeros.bin', oid }]));
  await git(fleet.folder, 'repack', '-adfq');
  return fleet;
}

/** The servers live in this process, which must not be held up. */
async function loadBeside(url: string) {
  const script = join(import.meta.dirname, 'measure-load.ts');
  const args = [script, url, scratch(), 'devices/edge-01'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: {}, timeout: 60_000 });
  return RESULT.parse(JSON.parse(stdout));
}

describe('a pack bomb', () => {
  it('is refused by its declared size, narrowly, by a snapshot and from a local repository', async () => {
    const fleet = await makeBomb();
    const [narrow, snapshot] = [await serve({ root: fleet.root }), await serve({ root: fleet.root, filters: false })];
    for (const url of [`${narrow.url}/fleet`, `${snapshot.url}/fleet`, `file://${fleet.folder}`]) {
      const { code, message, alive, rssBytes } = await loadBeside(url);
      expect({ code, alive }, `${url}: ${message}`).toEqual({ code: 'GitContentRefused', alive: true });
      expect(message).toContain(`${400 * MIB} bytes`);
      expect(rssBytes).toBeLessThan(MOST_RSS_BYTES);
    }
  });
});
