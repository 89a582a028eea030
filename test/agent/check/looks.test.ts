// The looks that need no real server: each with a small fake of what it looks at.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type BrokerAnswer, checkBroker } from '../../../agent/check/broker.ts';
import { checkClock } from '../../../agent/check/clock.ts';
import { checkDisk, type Room } from '../../../agent/check/disk.ts';
import { checkEngine } from '../../../agent/check/engine.ts';
import { checkSource, type SourceGiven } from '../../../agent/check/source.ts';
import { checkTrust, type TrustGiven } from '../../../agent/check/trust.ts';
import { createEngine } from '../../../agent/docker/create-engine.ts';
import type { Relation } from '../../../agent/git/source.ts';
import { type ErrorCode, HoldfastError } from '../../../fleet/error.ts';

const signal = new AbortController().signal;
const COMMIT = '1a2b3c4d'.padEnd(40, '0');
const APPLIED = '9f9f9f9f'.padEnd(40, '0');
const TIP = { commit: COMMIT, name: 'main', tag: null };

function rejecting(code: ErrorCode, message = 'it went wrong'): () => Promise<never> {
  return () => Promise.reject(new HoldfastError(code, message));
}

describe('the source', () => {
  const look = (given: Partial<SourceGiven> = {}) =>
    checkSource(
      {
        url: 'https://bot:secret@git.example.com/fleet.git?token=secret',
        path: 'devices/edge-01',
        tip: async () => TIP,
        resolve: async () => ({
          device: 'edge-01',
          revision: '',
          labels: {},
          suspend: false,
          intervalMs: null,
          apps: [],
          secretValues: [],
          salt: '',
          origins: {},
        }),
        way: () => 'narrow',
        ...given,
      },
      signal,
    );

  it('that can be had and resolves is ok, in one line without credentials', async () => {
    expect(await look()).toEqual({
      subject: 'source',
      verdict: 'ok',
      message: 'https://git.example.com/fleet.git, main at 1a2b3c4d, fetched narrowly; devices/edge-01 declares 0 apps',
      remedy: null,
    });
  });

  it('that hands out snapshots is a warning which says what that costs', async () => {
    const found = await look({ way: () => 'snapshot (the server has filters off)' });
    expect(found.verdict).toBe('warning');
    expect(found.message).toContain('the whole fleet repository travels on every commit');
    expect(found.remedy).toContain('uploadpack.allowFilter');
  });

  it.each([
    ['GitAuthentication', 'source.auth'],
    ['GitRefNotFound', 'source.ref'],
    ['GitUnreachable', 'source.url'],
    ['GitContentRefused', 'limits.source_bytes'],
    ['ConfigInvalid', 'agent configuration'],
  ] as const)('that fails with %s fails with what to do', async (code, todo) => {
    const found = await look({ tip: rejecting(code) });
    expect(found).toMatchObject({ verdict: 'failed', message: 'it went wrong' });
    expect(found.remedy).toContain(todo);
  });

  it.each([
    ['BuildFailed', 'push'],
    ['PolicyDenied', 'policy'],
    ['VerificationError', 'policy.images.cosign_keys'],
    ['ImagePullFailed', 'registry'],
    ['PruneGuard', 'devices/edge-01/compose.yaml'],
  ] as const)('whose commit fails with %s fails with the diagnostics', async (code, todo) => {
    const found = await look({ resolve: rejecting(code, 'a.yaml:1:1: wrong\n    x\n    ^') });
    expect(found.verdict).toBe('failed');
    expect(found.message).toBe('https://git.example.com/fleet.git, main at 1a2b3c4d:\na.yaml:1:1: wrong\n    x\n    ^');
    expect(found.remedy).toContain(todo);
  });

  it('that hands out snapshots of a bad commit tells both', async () => {
    const found = await look({ way: () => 'snapshot (x)', resolve: rejecting('BuildFailed') });
    expect(found.verdict).toBe('failed');
    expect(found.message).toContain('it went wrong');
    expect(found.message).toContain('travels on every commit');
  });

  it('that only takes what is handed in is ok', async () => {
    expect(await look({ tip: async () => null })).toMatchObject({ verdict: 'ok', remedy: null });
  });
});

describe('trust', () => {
  const lineage = (relation: Relation) => async () => ({
    relation,
    commits: [{ oid: COMMIT, raw: new Uint8Array() }],
    tag: null,
  });
  const verifier = {
    commit: async () => ({ name: 'alice@example.com', key: 'SHA256:abc' }),
    tag: rejecting('VerificationError'),
  };
  const look = (given: Partial<TrustGiven> = {}) =>
    checkTrust(
      {
        verifier,
        mode: 'tip',
        tip: async () => TIP,
        lineage: lineage('descends'),
        floor: () => APPLIED,
        override: async () => null,
        ...given,
      },
      signal,
    );

  it('is ok with the name of who signed', async () => {
    expect(await look()).toEqual({
      subject: 'trust',
      verdict: 'ok',
      message: 'main at 1a2b3c4d is signed by alice@example.com (SHA256:abc)',
      remedy: null,
    });
  });

  it('in everybody is a warning', async () => {
    const found = await look({ verifier: null });
    expect(found.verdict).toBe('warning');
    expect(found.message).toContain('unsigned commits are accepted');
    expect(found.remedy).toContain('verify.allowed_signers');
  });

  it('fails where the signature is refused', async () => {
    const refusing = { ...verifier, commit: rejecting('VerificationError', 'commit 1a2b3c4d is not signed') };
    const found = await look({ verifier: refusing });
    expect(found).toMatchObject({ verdict: 'failed', message: 'commit 1a2b3c4d is not signed' });
  });

  it.each([
    ['behind', 'RollbackRejected: main at 1a2b3c4d is older than 9f9f9f9f'],
    ['apart', 'HistoryRewritten: main at 1a2b3c4d does not descend from 9f9f9f9f'],
  ] as const)('fails where the tip is %s, and names the way out, whoever signed', async (relation, said) => {
    for (const who of [verifier, null]) {
      const found = await look({ lineage: lineage(relation), verifier: who });
      expect(found.verdict).toBe('failed');
      expect(found.message).toContain(said);
      expect(found.remedy).toContain(`holdfast-agent accept ${COMMIT}`);
    }
  });

  it('is ok where a person accepted this commit, and only this one', async () => {
    const found = await look({ lineage: lineage('apart'), override: async () => COMMIT });
    expect(found.verdict).toBe('ok');
    expect(found.message).toContain('was accepted on this host');
    expect((await look({ lineage: lineage('apart'), override: async () => APPLIED })).verdict).toBe('failed');
  });

  it('is a warning where the source cannot be read', async () => {
    const found = await look({ tip: rejecting('GitUnreachable') });
    expect(found.verdict).toBe('warning');
    expect(found.message).toContain('no commit to be judged');
  });

  it('fails where the state cannot be read, or the history leads past commits that nobody saw', async () => {
    expect((await look({ lineage: rejecting('StateUnavailable') })).verdict).toBe('failed');
    expect((await look({ lineage: rejecting('VerificationError') })).verdict).toBe('failed');
  });
});

describe('the Engine', () => {
  it('that answers is ok with its version', async () => {
    const info = async () => ({ version: '29.1.0', apiVersion: '1.52', os: 'linux', arch: 'arm64' });
    expect(await checkEngine({ socket: '/run/docker.sock', engine: { info } }, signal)).toEqual({
      subject: 'engine',
      verdict: 'ok',
      message: 'Docker 29.1.0 answers at /run/docker.sock, API 1.52, linux/arm64',
      remedy: null,
    });
  });

  it('that is not there, or is no socket, fails with what to do', async () => {
    const folder = scratch();
    const ask = (socket: string) => checkEngine({ socket, engine: createEngine({ socket }) }, signal);
    const absent = await ask(join(folder, 'docker.sock'));
    expect(absent.verdict).toBe('failed');
    expect(absent.message).toContain('there is no such socket');
    expect(absent.remedy).toContain('systemctl start docker');
    writeFileSync(join(folder, 'file'), '');
    expect(await ask(join(folder, 'file'))).toMatchObject({ verdict: 'failed' });
  });

  it('that refuses this user fails with who may', async () => {
    const cause = Object.assign(new Error('connect EACCES'), { code: 'EACCES' });
    const info = () => Promise.reject(new HoldfastError('DockerUnavailable', 'no', { cause }));
    const found = await checkEngine({ socket: '/run/docker.sock', engine: { info } }, signal);
    expect(found.remedy).toContain('group "docker"');
  });
});

describe('the disk', () => {
  const room =
    (given: Partial<Room> = {}) =>
    async () => ({
      ...{ bsize: 4096, blocks: 10_000_000, bavail: 5_000_000, files: 1_000_000, ffree: 900_000 },
      ...given,
    });

  it('with room is ok, and nothing is left on it', async () => {
    const stateDir = scratch();
    const found = await checkDisk({ stateDir, room: room() });
    expect(found.verdict).toBe('ok');
    expect(found.message).toBe(`${stateDir} has 20.5 GB free (50 %), 90 % of the inodes`);
    expect(readdirSync(stateDir)).toEqual([]);
  });

  it('of this host can be asked', async () => {
    expect((await checkDisk({ stateDir: scratch() })).message).toMatch(/has [\d.]+ [GM]B free \(\d+ %\)/);
  });

  it.each([
    ['warning', 'under a tenth free', { bavail: 999_999 }],
    ['warning', 'under 500 MB free', { blocks: 200_000, bavail: 122_000 }],
    ['warning', 'under a tenth of the inodes free', { ffree: 99_999 }],
    ['failed', 'under 50 MB free', { blocks: 20_000, bavail: 12_200 }],
    ['failed', 'next to no inode free', { ffree: 999 }],
    ['ok', 'no number of inodes', { files: 0, ffree: 0 }],
  ] as const)('is %s with %s', async (verdict, _name, given) => {
    const found = await checkDisk({ stateDir: scratch(), room: room(given) });
    expect(found.verdict).toBe(verdict);
    if (verdict !== 'ok') expect(found.remedy).toContain('docker image prune');
  });

  it('of a state that is not made yet is that of the folder it will be made in, and it is not made', async () => {
    const parent = scratch();
    const stateDir = join(parent, 'var', 'holdfast');
    const found = await checkDisk({ stateDir, room: room() });
    expect(found.verdict).toBe('ok');
    expect(found.message).toContain(`${parent} (${stateDir} is not made yet)`);
    expect(readdirSync(parent)).toEqual([]);
  });

  it('fails where the state cannot be: below a file, or where nothing can be written', async () => {
    const folder = scratch();
    writeFileSync(join(folder, 'file'), '');
    for (const path of ['file', 'file/below']) {
      const found = await checkDisk({ stateDir: join(folder, path), room: room() });
      expect(found).toMatchObject({ verdict: 'failed' });
      expect(found.message).toContain('not a folder');
    }
    const found = await checkDisk({ stateDir: '/proc', room: room() });
    expect(found.verdict).toBe('failed');
    expect(found.message).toContain('/proc cannot be written');
  });
});

describe('the broker', () => {
  const CONNECTED: BrokerAnswer = { kind: 'connected', protocol: 'MQTT 5' };
  const look = async (answers: readonly (BrokerAnswer | string)[], runs = false) => {
    const asked: string[] = [];
    const found = await checkBroker(
      {
        url: 'mqtts://edge-01:secret@hub.example.com:8883',
        clientId: 'holdfast:acme:edge-01',
        suffix: '00ff',
        agentRuns: async () => runs,
        connect: async (clientId) => {
          asked.push(clientId);
          const answer = answers[asked.length - 1] ?? 'asked too often';
          return typeof answer === 'string' ? { kind: 'failed', message: answer } : answer;
        },
      },
      signal,
    );
    return { ...found, asked };
  };

  it('that is not configured is ok, and said so', async () => {
    expect(await checkBroker(null, signal)).toMatchObject({
      verdict: 'ok',
      message: 'no broker is configured: this agent reports to nobody',
    });
  });

  it('is asked under an id that no agent has', async () => {
    const found = await look([CONNECTED]);
    expect(found).toMatchObject({
      verdict: 'ok',
      message: 'mqtts://hub.example.com:8883 lets this device in, MQTT 5',
      asked: ['holdfast:acme:edge-01:check-00ff'],
    });
  });

  it('that knows the id of the agent alone is asked under that one, where no agent runs', async () => {
    const found = await look(['Connection refused: Not authorized', CONNECTED]);
    expect(found.verdict).toBe('ok');
    expect(found.asked).toEqual(['holdfast:acme:edge-01:check-00ff', 'holdfast:acme:edge-01']);
  });

  it('is never asked under the id of an agent that runs', async () => {
    const found = await look(['Connection refused: Identifier rejected', CONNECTED], true);
    expect(found.verdict).toBe('warning');
    expect(found.asked).toHaveLength(1);
  });

  it.each([
    ['nothing listens there (connection refused) (ECONNREFUSED)', 'Start the broker'],
    ['its name does not resolve (ENOTFOUND)', 'mqtt.url'],
    [
      'its TLS certificate comes from an unknown CA; name that CA in ca_file (SELF_SIGNED_CERT_IN_CHAIN)',
      'mqtt.ca_file',
    ],
    ['it does not speak TLS there, or refuses this version of it (EPROTO)', 'mqtts://'],
    ['mqtt.password_file: /x cannot be read (ENOENT).', 'Correct that file'],
    ['Missing protocol', 'mqtt://host:1883'],
    ['it did not answer within 20 s', 'firewall'],
  ])('that fails with "%s" fails with what to do', async (message, todo) => {
    const found = await look([message]);
    expect(found.verdict).toBe('failed');
    expect(found.message).toBe(`mqtts://hub.example.com:8883 cannot be used: ${message}`);
    expect(found.remedy).toContain(todo);
    expect(found.asked).toHaveLength(1);
  });

  it('that refuses the credentials under either id fails with which to check', async () => {
    const refused = 'Connection refused: Bad User Name or Password';
    const found = await look([refused, refused]);
    expect(found.verdict).toBe('failed');
    expect(found.remedy).toContain('mqtt.password_file');
  });
});

describe('the clock', () => {
  const NOW = '2026-05-01T12:00:00.000Z';
  const look = (now: string, newest: string | null = null, synced = true) =>
    checkClock({
      now: () => new Date(now),
      synced: async () => synced,
      committedMs: async () => (newest === null ? null : Date.parse(newest)),
    });

  it('is ok where nothing speaks against it', async () => {
    const found = { subject: 'clock', verdict: 'ok', message: 'it is 2026-05-01T12:00:00Z here', remedy: null };
    expect(await look(NOW)).toEqual(found);
    expect(await look(NOW, '2026-05-02T11:59:59Z')).toEqual(found);
  });

  it('more than a day before the newest commit is a warning', async () => {
    const found = await look(NOW, '2026-05-02T12:00:01Z');
    expect(found.verdict).toBe('warning');
    expect(found.message).toContain('2026-05-02');
    expect(found.remedy).toContain('timedatectl');
  });

  it('that no time server confirmed is a warning', async () => {
    expect((await look(NOW, null, false)).verdict).toBe('warning');
  });

  it.each(['1970-01-01T00:00:10Z', '2024-12-31T23:59:59Z', '2106-02-07T06:28:15Z'])('at %s fails', async (now) => {
    expect((await look(now, '2026-05-01T00:00:00Z', false)).verdict).toBe('failed');
  });
});

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-look-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
