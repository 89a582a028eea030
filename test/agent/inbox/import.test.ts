// The commands `import` and `accept`, as a person at the host runs them.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInbox } from '../../../agent/inbox/inbox.ts';
import { openStore } from '../../../agent/store/open-store.ts';
import { commitFiles, scratch, sourceOf } from '../git/repository.ts';
import { type Bench, makeBench, signAsAlice } from '../trust/signing.ts';

const MAIN = join(import.meta.dirname, '..', '..', '..', 'agent', 'main.ts');
const compose = (image: string) => `services: { web: { image: "${image}", env_file: app.env } }\n`;

let bench: Bench;
const commits: string[] = [];
const bundles = { first: '', all: '', next: '', bad: '', rewritten: '' };

beforeAll(async () => {
  bench = await makeBench();
  const { git, folder, repository } = bench;
  await signAsAlice(bench);
  const bundle = async (name: keyof typeof bundles, ...what: readonly string[]) => {
    bundles[name] = join(folder, `${name}.bundle`);
    await git('bundle', 'create', '--quiet', bundles[name], ...what);
  };
  const commit = async (image: string) =>
    commits.push(await commitFiles(repository, { 'devices/edge-01/compose.yaml': compose(image) }));
  // It does not change: what builds on the first commit does not bring it.
  mkdirSync(join(repository, 'devices/edge-01'), { recursive: true });
  writeFileSync(join(repository, 'devices/edge-01/app.env'), 'TZ=UTC\n');
  await commit('nginx:1');
  await bundle('first', 'main');
  await commit('nginx:2');
  await bundle('all', 'main');
  await bundle('next', 'main~1..main');
  await commit('nginx:3');
  writeFileSync(join(repository, 'devices/edge-01/compose.yaml'), 'services: { web: { imag: x } }\n');
  await git('commit', '--quiet', '--all', '--message=bad');
  await bundle('bad', 'main');
  await git('checkout', '--quiet', '--orphan', 'other');
  await commit('nginx:9');
  await git('branch', '--force', 'main', 'other');
  await bundle('rewritten', 'main');
});

afterAll(() => bench.close());

interface Host {
  readonly stateDir: string;
  readonly handedIn: () => readonly string[];
  readonly run: (...args: readonly string[]) => Promise<{ code: number; out: string; err: string }>;
}

/** A host of which the first commit was applied, unless it is new. */
function host({ applied = commits[0] ?? '', verify = false, ref = 'main' } = {}): Host {
  const root = scratch();
  const stateDir = join(root, 'state');
  mkdirSync(stateDir);
  if (applied !== '') {
    const store = openStore({ stateDir });
    store.putApplied(`main@sha1:${applied}`);
    store.close();
  }
  const lines = ['device: edge-01', `state_dir: ${stateDir}`, `source: { url: 'import:', ref: ${ref} }`];
  if (verify) lines.push(`verify: { allowed_signers: ${join(bench.folder, 'allowed')} }`);
  const config = join(root, 'agent.yaml');
  writeFileSync(config, `${lines.join('\n')}\n`);
  return {
    stateDir,
    handedIn: () => (existsSync(join(stateDir, 'inbox')) ? readdirSync(join(stateDir, 'inbox')) : []),
    async run(command, ...args) {
      const whole = [MAIN, command ?? '', '--config', config, ...args];
      const { promise, child } = spawned(whole);
      const [out, err] = await promise;
      return { code: child.exitCode ?? -1, out, err };
    },
  };
}

function spawned(args: readonly string[]) {
  const running = promisify(execFile)(process.execPath, [...args], { timeout: 20_000 });
  const promise = running.then(
    ({ stdout, stderr }) => [stdout, stderr] as const,
    (error: { stdout: string; stderr: string }) => [error.stdout, error.stderr] as const,
  );
  return { promise, child: running.child };
}

describe('import', () => {
  it('hands in a bundle that the agent will take, and says who signed it', async () => {
    const { run, stateDir } = host({ verify: true });
    const { code, out, err } = await run('import', bundles.all);
    expect(err).toBe('');
    expect(code).toBe(0);
    expect(out).toMatch(
      new RegExp(`^main@sha1:${commits[1]} signed by alice@example.com \\(SHA256:.*\\): it is taken`),
    );
    const place = (await createInbox(stateDir).bundle()) ?? '';
    expect(readFileSync(place)).toEqual(readFileSync(bundles.all));
  });

  it('says that the agent takes it at once where one runs, and works beside it', async () => {
    const { run, stateDir } = host();
    const store = openStore({ stateDir });
    const { code, out } = await run('import', bundles.all);
    store.close();
    expect(code).toBe(0);
    expect(out).toContain('(signature not verified): handed to the agent; it takes it within seconds');
  });

  it.each([
    ['that does not resolve', () => bundles.bad, {}, 'imag'],
    ['of another history', () => bundles.rewritten, {}, 'does not descend'],
    ['without the ref', () => bundles.all, { ref: 'release' }, 'refs/heads/main'],
    ['that is none', () => join(bench.folder, 'alice.pub'), {}, 'no Git bundle'],
    ['that is not there', () => '/nowhere/x.bundle', {}, 'does not exist'],
  ])('refuses a bundle %s, and hands in nothing', async (_name, file, given, said) => {
    const { run, handedIn } = host(given);
    const { code, out, err } = await run('import', file());
    expect(code).toBe(1);
    expect(out).toBe('');
    expect(err).toContain(said);
    expect(handedIn()).toEqual([]);
  });

  it('refuses a bundle of an older revision, and one that nobody allowed has signed', async () => {
    const older = host({ applied: commits[1] ?? '' });
    expect((await older.run('import', bundles.first)).err).toContain('older');
    writeFileSync(join(bench.folder, 'nobody'), '\n');
    const strict = host({ verify: true });
    const file = join(strict.stateDir, '..', 'agent.yaml');
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace(join(bench.folder, 'allowed'), join(bench.folder, 'nobody')),
    );
    const { code, err } = await strict.run('import', bundles.all);
    expect([code, err]).toEqual([1, expect.stringContaining('commit ')]);
    expect([...older.handedIn(), ...strict.handedIn()]).toEqual([]);
  });

  it('takes another history that a person has accepted', async () => {
    const { run, handedIn } = host();
    const id = commits.at(-1) ?? '';
    expect((await run('accept', id)).code).toBe(0);
    const { code, out } = await run('import', bundles.rewritten);
    expect([code, out]).toEqual([0, expect.stringContaining(`main@sha1:${id}`)]);
    expect(handedIn()).toHaveLength(2);
  });

  it('judges a bundle that builds on what the device holds', async () => {
    const { run, stateDir } = host({ verify: true });
    const held = sourceOf(`file://${bundles.first}`, { stateDir });
    await held.load(commits[0] ?? '', ['devices/edge-01'], new AbortController().signal);
    held.close();
    const { code, out } = await run('import', bundles.next);
    expect(code).toBe(0);
    expect(out).toContain('signed by alice@example.com');
    expect(out.trimEnd().split('\n')).toHaveLength(1);
  });

  it('leaves to the agent what it cannot judge of a bundle that builds on an earlier one', async () => {
    const { run, handedIn } = host({ applied: 'f'.repeat(40), verify: true });
    const { code, out } = await run('import', bundles.next);
    expect(code).toBe(0);
    expect(out).toContain('what could not be judged here, the agent judges');
    expect(handedIn()).toHaveLength(1);
  });
});

describe('accept', () => {
  it('hands in one commit, and says what that means', async () => {
    const { run, stateDir } = host();
    const id = 'AB'.repeat(20);
    const { code, out } = await run('accept', id);
    expect(code).toBe(0);
    expect(out).toContain('this commit only');
    expect(out).toContain('Signatures are still checked');
    expect(await createInbox(stateDir).accepted()).toBe(id.toLowerCase());
  });

  it.each(['main', 'abcdef1', 'a'.repeat(64)])('refuses %s: only a whole commit id names one commit', async (text) => {
    const { run, handedIn } = host();
    const { code, err } = await run('accept', text);
    expect([code, err]).toEqual([1, expect.stringContaining('is no commit id')]);
    expect(handedIn()).toEqual([]);
  });
});
