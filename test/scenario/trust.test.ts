// Whom a device believes: signatures, force pushes, rewinds, vanished refs, bundles. Whatever Git does, what runs goes on
// running, untouched, until something comes that may replace it.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { git } from '../../scripts/git-repository.ts';
import { containersOf } from '../support/containers.ts';
import { type Device, makeDevice } from '../support/device.ts';
import { cleanup } from '../support/engine.ts';
import { type Fleet, makeFleet } from '../support/fleet.ts';
import { type Program, type TemporaryFolder, temporaryFolder, uniqueId } from '../support/machine.ts';
import { waitFor } from '../support/wait.ts';

let folder: TemporaryFolder;
let fleet: Fleet;
let device: Device;
let repository: string;
const id = uniqueId();
const within = (what: string) => ({ timeoutMs: 30_000, what });

beforeAll(async () => {
  folder = await temporaryFolder();
  fleet = await makeFleet(folder.path);
  repository = join(folder.path, 'fleet');
  const signers = join(folder.path, 'allowed_signers');
  for (const name of ['alice', 'mallory'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', join(folder.path, name)]);
  const [type, key] = execFileSync('cat', [join(folder.path, 'alice.pub')])
    .toString()
    .split(' ');
  writeFileSync(signers, `alice@example.com namespaces="git" ${type} ${key}\n`);
  await git(repository, 'config', 'gpg.format', 'ssh');
  await git(repository, 'config', 'commit.gpgsign', 'true');
  await signAs('alice');
  await fleet.commit({ [`devices/${id}/compose.yaml`]: compose('1') });
  device = await makeDevice({
    id,
    url: fleet.url,
    folder: join(folder.path, id),
    more: `verify: { allowed_signers: ${signers} }\n`,
  });
});

afterAll(async () => {
  await cleanup(id);
  await fleet.close();
  await folder[Symbol.asyncDispose]();
});

async function signAs(name: 'alice' | 'mallory'): Promise<void> {
  await git(repository, 'config', 'user.signingkey', join(folder.path, `${name}.pub`));
}

function compose(release: string): string {
  return `services:
  web: { image: holdfast/busybox:1, command: [sleep, "100000"], stop_signal: SIGKILL, environment: { RELEASE: "${release}" } }
`;
}

async function running(): Promise<string> {
  return [...(await containersOf(id)).values()].map(({ Id, State }) => `${Id} ${State.StartedAt}`).join();
}

async function runs(release: string): Promise<boolean> {
  const container = (await containersOf(id)).get(`${id}-web-1`);
  return container?.State.Status === 'running' && container.Config.Env?.includes(`RELEASE=${release}`) === true;
}

const ready = () => device.status().conditions.find(({ type }) => type === 'Ready');

/** The agent has taken up its work, and all is well. */
async function isReady(program: Program): Promise<void> {
  await waitFor(() => program.output().includes('starting from'), within('the agent runs'));
  await waitFor(() => ready()?.status === 'True', within('it is ready'));
}

/** The agent reports `reason`, and what runs is what ran before. */
async function refuses(before: string, reason: string): Promise<string> {
  await waitFor(() => ready()?.reason === reason, within(`the agent says ${reason}`));
  const { output } = await device.agent('status');
  expect(output).toContain(`Ready False: ${reason}`);
  expect(await running()).toBe(before);
  return output;
}

describe('a device that verifies signatures', () => {
  it('runs what alice signed, and says so', async () => {
    const { code, output } = await device.agent('once');
    expect(code, output).toBe(0);
    expect(await runs('1')).toBe(true);
    const { output: status } = await device.agent('status');
    expect(status).toMatch(/signed by {2}alice@example\.com \(SHA256:/);
    expect(status).toMatch(/fetched {4}narrow/);
  });

  it('refuses what nobody or somebody else signed, and takes the next good commit', async () => {
    await using _program = await device.start();
    await waitFor(() => runs('1'), within('the device runs'));
    const before = await running();
    await git(repository, 'config', 'commit.gpgsign', 'false');
    await fleet.commit({ [`devices/${id}/compose.yaml`]: compose('unsigned') });
    expect(await refuses(before, 'VerificationError')).toContain('not signed');
    await git(repository, 'config', 'commit.gpgsign', 'true');
    await signAs('mallory');
    await fleet.commit({ [`devices/${id}/compose.yaml`]: compose('mallory') });
    await waitFor(
      () => device.status().conditions.some(({ message }) => message.includes('SHA256:')),
      within('the agent says whose key it was'),
    );
    expect((await device.agent('status')).output).toMatch(/SHA256:[^\n]*allow/);
    expect(await running()).toBe(before);
    await signAs('alice');
    await fleet.commit({ [`devices/${id}/compose.yaml`]: compose('2') });
    await waitFor(() => runs('2'), within('the good commit runs'));
  });

  it('never goes back, signed or not, until a person accepts that one commit on the host', async () => {
    await using program = await device.start();
    await isReady(program);
    const before = await running();
    const head = await git(repository, 'rev-parse', 'HEAD');
    const old = await git(repository, 'rev-list', '--max-parents=0', 'HEAD');
    await git(repository, 'reset', '--quiet', '--hard', old);
    const status = await refuses(before, 'RollbackRejected');
    expect(status).toContain(`holdfast-agent accept ${old}`);
    await git(repository, 'reset', '--quiet', '--hard', `${head}~1`);
    const forced = await fleet.commit({ [`devices/${id}/compose.yaml`]: compose('3') });
    await refuses(before, 'HistoryRewritten');
    const accepting = await device.agent('accept', forced);
    expect(accepting.code, accepting.output).toBe(0);
    await waitFor(() => runs('3'), within('the accepted commit runs'));
  });

  it('a ref that is deleted removes nothing, and neither does an empty folder', async () => {
    await using program = await device.start();
    await isReady(program);
    const before = await running();
    await git(repository, 'branch', '--move', 'main', 'elsewhere');
    await refuses(before, 'PruneGuard');
    await git(repository, 'branch', '--move', 'elsewhere', 'main');
    await fleet.commit({ [`devices/${id}`]: null, 'README.md': 'nothing here' });
    await refuses(before, 'PruneGuard');
    await fleet.commit({ [`devices/${id}/compose.yaml`]: compose('3') });
    await waitFor(() => ready()?.status === 'True', within('it is ready again'));
    expect(await running()).toBe(before);
  });

  it('takes a bundle through the same checks while Git is away', async () => {
    await using program = await device.start();
    await isReady(program);
    await fleet.away();
    try {
      const bundle = join(folder.path, 'fleet.bundle');
      const good = await fleet.commit({ [`devices/${id}/compose.yaml`]: compose('4') });
      await git(repository, 'bundle', 'create', '--quiet', bundle, 'main');
      const taken = await device.agent('import', bundle);
      expect(taken.code, taken.output).toBe(0);
      await waitFor(() => runs('4'), within('what the bundle declares runs'));
      const before = await running();
      await signAs('mallory');
      await fleet.commit({ [`devices/${id}/compose.yaml`]: compose('5') });
      await git(repository, 'bundle', 'create', '--quiet', bundle, 'main');
      const refused = await device.agent('import', bundle);
      expect(refused.code).toBe(1);
      expect(refused.output).toContain('SHA256:');
      expect(await running()).toBe(before);
      await git(repository, 'reset', '--quiet', '--hard', good);
    } finally {
      await signAs('alice');
      await fleet.back();
    }
  });
});

describe('holdfast-agent check', () => {
  it('finds nothing wrong here', async () => {
    const { code, output } = await device.agent('check');
    expect(code, output).toBe(0);
    for (const subject of ['source', 'trust', 'engine', 'disk', 'broker', 'clock'])
      expect(output).toMatch(new RegExp(`^(?:ok|warning) +${subject}`, 'm'));
    expect(output).toContain('alice@example.com');
  });

  it('says what is wrong with a server that is away, and what to do', async () => {
    await fleet.away();
    try {
      const { code, output } = await device.agent('check');
      expect(code).toBe(1);
      expect(output).toMatch(/^failed +source.*refused/m);
    } finally {
      await fleet.back();
    }
  });
});
