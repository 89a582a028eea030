// What the Git tests share: scratch folders, repositories with any content (made with plumbing), a Git server, a source.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createSource, type SourceOptions } from '../../../agent/git/create-source.ts';
import type { Source } from '../../../agent/git/source.ts';
import { commitAll, git, makeRepository } from '../../../scripts/git-repository.ts';
import { type GitServer, type GitServerOptions, serveGit } from '../../../scripts/git-server.ts';

export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-git-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes files and commits them on main; returns the commit id. */
export async function commitFiles(folder: string, files: Readonly<Record<string, string | Buffer>>): Promise<string> {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return await commitAll(folder, `Add ${Object.keys(files).length} files`);
}

export async function makeFleet(
  files: Readonly<Record<string, string | Buffer>>,
): Promise<{ root: string; folder: string; commit: string }> {
  const root = scratch();
  const folder = join(root, 'fleet');
  await makeRepository(folder);
  const commit = await commitFiles(folder, files);
  return { root, folder, commit };
}

export interface RawEntry {
  readonly mode: string;
  readonly name: string | Buffer;
  readonly oid: string;
}

/** A tree object with any names and modes, sorted as Git sorts, written without its own checks; returns its id. */
export function writeTree(folder: string, entries: readonly RawEntry[]): string {
  const sorted = [...entries].sort((a, b) => Buffer.compare(sortedAs(a), sortedAs(b)));
  const raw = Buffer.concat(
    sorted.flatMap(({ mode, name, oid }) => [
      Buffer.from(`${mode} `),
      Buffer.from(name),
      Buffer.from([0]),
      Buffer.from(oid, 'hex'),
    ]),
  );
  return hashObject(folder, 'tree', raw);
}

function sortedAs({ mode, name }: RawEntry): Buffer {
  return Buffer.concat([Buffer.from(name), Buffer.from(mode === '40000' ? '/' : '')]);
}

export function writeBlob(folder: string, content: string): string {
  return hashObject(folder, 'blob', Buffer.from(content));
}

/** A commit object with any time; returns its id. */
export function writeCommit(folder: string, tree: string, parents: readonly string[], unixTime: number): string {
  const who = `Somebody <somebody@example.com> ${unixTime} +0000`;
  const lines = [`tree ${tree}`, ...parents.map((parent) => `parent ${parent}`), `author ${who}`, `committer ${who}`];
  return hashObject(folder, 'commit', Buffer.from(`${lines.join('\n')}\n\nMade by hand\n`));
}

/** Puts `tree` at `devices/edge-01` of a new commit and moves main to it; returns the commit id. */
export async function commitTree(folder: string, tree: string): Promise<string> {
  const devices = writeTree(folder, [{ mode: '40000', name: 'edge-01', oid: tree }]);
  const top = writeTree(folder, [{ mode: '40000', name: 'devices', oid: devices }]);
  const commit = await git(folder, 'commit-tree', top, '-m', 'Made by hand');
  await git(folder, 'update-ref', 'refs/heads/main', commit);
  return commit;
}

export async function serve(options: GitServerOptions): Promise<GitServer> {
  const server = await serveGit(options);
  onTestFinished(() => server.close());
  return server;
}

export function sourceOf(url: string, given: Partial<SourceOptions> = {}): Source {
  return createSource({
    url,
    ref: 'main',
    allowHttp: false,
    timeoutMs: 20_000,
    maxBytes: 64 * 1024 * 1024,
    stateDir: scratch(),
    ...given,
  });
}

/** The commit that the source's ref names now. */
export async function tipOf(source: Source): Promise<string> {
  return (await source.poll(never))?.commit ?? '';
}

export const never = new AbortController().signal;

/** The bytes of an object as git has them. */
export async function readRaw(folder: string, type: string, name: string): Promise<string> {
  return execFileSync('git', ['-C', folder, 'cat-file', type, name]).toString();
}

function hashObject(folder: string, type: string, content: Buffer): string {
  const args = ['-C', folder, 'hash-object', '-t', type, '-w', '--literally', '--stdin'];
  return execFileSync('git', args, { input: content }).toString().trim();
}
