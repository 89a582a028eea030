// The files that Holdfast reads out of a commit are those that git reads, byte for byte, and what git's own checks refuse is
// refused: over thousands of commits, each made by its seed.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createSource } from '../../../../agent/git/create-source.ts';
import type { Source } from '../../../../agent/git/source.ts';
import { HoldfastError } from '../../../../fleet/error.ts';
import type { SourceTree } from '../../../../fleet/model/source.ts';
import { never, serve } from '../repository.ts';
import { type Made, makeCommit, writerInto } from './random-repository.ts';

const PATH = 'devices/edge-01';
const LOCAL_SEEDS = 2000;
const SERVED_SEEDS = 150;
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_OUTPUT = 512 * 1024 * 1024;
/** Thousands of small files: in memory where the machine has such a place. */
const PLACE = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

function makeRepository(from: number, count: number) {
  const root = mkdtempSync(join(PLACE, 'holdfast-differential-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const gitdir = join(root, 'fleet.git');
  execFileSync('git', ['init', '--quiet', '--bare', gitdir]);
  const writer = writerInto(gitdir);
  const made = Array.from({ length: count }, (_, index) => makeCommit(writer, from + index));
  return { root, gitdir, made };
}

/** The files of each commit, or why it is refused; each device starts with nothing. */
async function loadAll(root: string, url: string, made: readonly Made[]): Promise<(SourceTree | HoldfastError)[]> {
  const loaded: (SourceTree | HoldfastError)[] = [];
  for (const { commit } of made) {
    const stateDir = mkdtempSync(join(root, 'state-'));
    const options = { url, ref: 'main', allowHttp: false, timeoutMs: 20_000, maxBytes: MAX_BYTES, stateDir };
    const source: Source = createSource(options);
    try {
      loaded.push(await source.load(commit, [PATH], never));
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      loaded.push(error);
    } finally {
      source.close();
      rmSync(stateDir, { recursive: true, force: true });
    }
  }
  return loaded;
}

/** Trees that `git fsck --strict` finds wrong. */
function badTrees(gitdir: string): ReadonlySet<string> {
  const command = `git --git-dir "${gitdir}" fsck --strict --no-progress --no-dangling 2>&1 || true`;
  const said = execFileSync('sh', ['-c', command], { maxBuffer: MAX_OUTPUT }).toString();
  return new Set([...said.matchAll(/^error in tree ([0-9a-f]{40})/gm)].map((match) => match[1] ?? ''));
}

/** What git itself lists in these commits, `mode oid path`; each has no parents. */
function listByGit(gitdir: string, commits: readonly string[]): ReadonlyMap<string, string[]> {
  const args = ['--git-dir', gitdir, '-c', 'core.quotePath=false', 'diff-tree', '--stdin', '-r', '--root'];
  const said = execFileSync('git', args, { input: `${commits.join('\n')}\n`, maxBuffer: MAX_OUTPUT }).toString();
  const listed = new Map<string, string[]>();
  let files: string[] = [];
  for (const line of said.split('\n')) {
    const [, mode, oid, path] = /^:000000 (\d{6}) 0{40} ([0-9a-f]{40}) A\t(.*)$/.exec(line) ?? [];
    if (mode !== undefined) files.push(`${mode} ${oid} ${path}`);
    else if (line !== '') {
      files = [];
      listed.set(line, files);
    }
  }
  return listed;
}

/** What git itself reads, by id. */
function readByGit(gitdir: string, oids: ReadonlySet<string>): ReadonlyMap<string, Buffer> {
  const args = ['--git-dir', gitdir, 'cat-file', '--batch'];
  const all = execFileSync('git', args, { input: `${[...oids].join('\n')}\n`, maxBuffer: MAX_OUTPUT });
  const blobs = new Map<string, Buffer>();
  for (let at = 0; at < all.length; ) {
    const end = all.indexOf('\n', at);
    const [oid = '', , size] = all.toString('latin1', at, end).split(' ');
    blobs.set(oid, all.subarray(end + 1, end + 1 + Number(size)));
    at = end + 1 + Number(size) + 1;
  }
  return blobs;
}

function compare(gitdir: string, made: readonly Made[], loaded: readonly (SourceTree | HoldfastError)[]) {
  const bad = badTrees(gitdir);
  const accepted: (Made & { tree: SourceTree })[] = [];
  for (const [index, each] of made.entries()) {
    const found = loaded[index];
    if (found === undefined || found instanceof HoldfastError)
      expect(each.spoil, `${each.commit} is ordinary and was refused: ${found?.message}`).not.toBe('none');
    else accepted.push({ ...each, tree: found });
  }
  const listed = listByGit(
    gitdir,
    accepted.map(({ commit }) => commit),
  );
  const files = accepted.flatMap(({ tree }) => [...tree.files.values()]);
  const blobs = readByGit(gitdir, new Set(files.map(({ oid }) => oid)));
  for (const { commit, spoil, tree } of accepted) {
    expect(spoil, `${commit} was accepted`).toBe('none');
    for (const oid of tree.trees.values()) expect(bad.has(oid), `${oid} is refused by git fsck`).toBe(false);
    const ours = [...tree.files.values()].map(({ mode, oid, path }) => `${mode} ${oid} ${path}`);
    expect(ours.sort()).toEqual(listed.get(commit)?.sort());
  }
  for (const { oid, size, bytes } of files) {
    const wanted = blobs.get(oid) ?? Buffer.alloc(0);
    expect(size).toBe(wanted.length);
    if (bytes !== undefined) expect(Buffer.compare(bytes, wanted), oid).toBe(0);
  }
  return { accepted: accepted.length, bad: bad.size };
}

describe('the same files as git, and nothing that git refuses', () => {
  it(`over ${LOCAL_SEEDS} commits of a local repository`, { timeout: 120_000 }, async () => {
    const { root, gitdir, made } = makeRepository(1, LOCAL_SEEDS);
    const { accepted, bad } = compare(gitdir, made, await loadAll(root, `file://${gitdir}`, made));
    expect(accepted).toBeGreaterThan(LOCAL_SEEDS / 8);
    expect(bad).toBeGreaterThan(LOCAL_SEEDS / 20);
  });

  it(`over ${SERVED_SEEDS} commits fetched narrowly`, { timeout: 120_000 }, async () => {
    const { root, gitdir, made } = makeRepository(1_000_000, SERVED_SEEDS);
    const { url } = await serve({ root });
    const { accepted } = compare(gitdir, made, await loadAll(root, `${url}/fleet.git`, made));
    expect(accepted).toBeGreaterThan(SERVED_SEEDS / 8);
  });
});
