// The kinds of servers that people run: narrow where the server can, a snapshot under the same caps where it cannot, and the same
// files from both. nginx terminates TLS and asks for a password; behind it answers `git http-backend`.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { git } from '../../../scripts/git-repository.ts';
import { startNginx } from '../../support/nginx.ts';
import { makeKey, startSshd } from '../../support/sshd.ts';
import { makeCertificates } from '../mqtt/mosquitto.ts';
import { commitFiles, makeFleet, never, scratch, serve, sourceOf, tipOf } from './repository.ts';

const FILES = {
  'devices/edge-01/compose.yaml': 'services: {}\n',
  'devices/edge-01/conf/app.conf': 'listen 80\n',
  'devices/edge-02/compose.yaml': 'services: { other: {} }\n',
  'apps/kiosk/compose.yaml': 'services: { web: {} }\n',
  'fleet.yaml': 'labels: {}\n',
};
const ROOTS = ['devices/edge-01', 'apps/kiosk', 'fleet.yaml'];

/** First fetch, a change, a rewind: everything that a device asks of a server. */
async function walkThrough(url: string, folder: string, given: Parameters<typeof sourceOf>[1] = {}) {
  const source = sourceOf(url, given);
  const first = await tipOf(source);
  expect(first).toBe(await git(folder, 'rev-parse', 'HEAD'));
  const tree = await source.load(first, ROOTS, never);
  expect([...tree.files.keys()].sort()).toEqual([
    'apps/kiosk/compose.yaml',
    'devices/edge-01/compose.yaml',
    'devices/edge-01/conf/app.conf',
    'fleet.yaml',
  ]);
  for (let index = 0; index < 3; index++) await commitFiles(folder, { 'fleet.yaml': `labels: { n: "${index}" }\n` });
  const tip = await source.poll(never);
  if (tip === null) throw new Error('there is no tip');
  const { relation, commits } = await source.lineage(tip, first, true, never);
  expect({ relation, commits: commits.length }).toEqual({ relation: 'descends', commits: 3 });
  const later = await source.load(tip.commit, ROOTS, never);
  expect(Buffer.from(later.files.get('fleet.yaml')?.bytes ?? []).toString()).toBe('labels: { n: "2" }\n');
  expect(later.trees).toEqual(tree.trees);
  await git(folder, 'reset', '--quiet', '--hard', first);
  const rewound = await source.poll(never);
  expect((await source.lineage(rewound ?? tip, tip.commit, false, never)).relation).toBe('behind');
  await git(folder, 'checkout', '--quiet', '--orphan', 'fresh');
  await commitFiles(folder, { 'fleet.yaml': 'labels: { new: history }\n' });
  await git(folder, 'branch', '--force', 'main');
  const forced = await source.poll(never);
  expect((await source.lineage(forced ?? tip, tip.commit, false, never)).relation).toBe('apart');
  source.close();
  return source.way();
}

describe('a device is served', () => {
  it('narrowly by nginx with TLS and a password, in front of git http-backend', async () => {
    const fleet = await makeFleet(FILES);
    const certificates = scratch();
    makeCertificates(certificates);
    const login = { username: 'edge', password: 'pass word:1' };
    const nginx = await startNginx({ repositoriesRoot: fleet.root, certificates, ...login });
    const password_file = join(scratch(), 'password');
    writeFileSync(password_file, `${login.password}\n`);
    const auth = { username: login.username, password_file };
    const caFile = join(certificates, 'ca.pem');
    expect(await walkThrough(`${nginx.url}/fleet`, fleet.folder, { auth, caFile })).toBe('narrow');
  });

  it.each([
    [{}, 'narrow'],
    [{ filters: false }, 'snapshot (the server has filters off)'],
    [{ protocol: 'dropped' }, 'snapshot (the server speaks no protocol v2)'],
  ] as const)('by sshd with a forced git-upload-pack: %j', async (kind, way) => {
    const fleet = await makeFleet(FILES);
    const key = makeKey(scratch(), 'device', 'ed25519');
    const sshd = await startSshd({ root: fleet.root, publicKey: key.publicKey, ...kind });
    const known_hosts_file = join(scratch(), 'known_hosts');
    writeFileSync(known_hosts_file, `[${sshd.host}]:${sshd.port} ${sshd.hostKeys.ed25519}\n`);
    const auth = { ssh_key_file: key.file, known_hosts_file };
    const url = `ssh://${sshd.user}@${sshd.host}:${sshd.port}/fleet`;
    expect(await walkThrough(url, fleet.folder, { auth })).toBe(way);
  });

  it('by snapshots where filters are off, and says so', async () => {
    const fleet = await makeFleet(FILES);
    const { url } = await serve({ root: fleet.root, filters: false });
    expect(await walkThrough(`${url}/fleet`, fleet.folder)).toBe('snapshot (the server has filters off)');
  });

  it('by snapshots where the server speaks no protocol v2, and says so', async () => {
    const fleet = await makeFleet(FILES);
    const nginx = await startNginx({ repositoriesRoot: fleet.root, ignoresProtocol: true });
    expect(await walkThrough(`${nginx.url}/fleet`, fleet.folder)).toBe('snapshot (the server speaks no protocol v2)');
  });

  it('from a repository on the same host', async () => {
    const fleet = await makeFleet(FILES);
    expect(await walkThrough(`file://${fleet.folder}`, fleet.folder)).toBe('local repository');
  });

  it('not by a SHA-256 repository, which is refused clearly', async () => {
    const root = scratch();
    await git(root, 'init', '--quiet', '--object-format=sha256', '--initial-branch=main', 'fleet');
    await git(
      join(root, 'fleet'),
      '-c',
      'user.name=x',
      '-c',
      'user.email=x@example.com',
      'commit',
      '--quiet',
      '--allow-empty',
      '--message=x',
    );
    const { url } = await serve({ root });
    for (const each of [`${url}/fleet`, `file://${join(root, 'fleet')}`])
      await expect(sourceOf(each).poll(never)).rejects.toMatchObject({
        code: 'GitContentRefused',
        message: expect.stringContaining('SHA-256'),
      });
  });
});
