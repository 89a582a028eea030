// Whom the SSH transport trusts and who it is, against a real sshd with keys that ssh-keygen made.
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSshKey } from '../../../../agent/git/transport/ssh-key.ts';
import { reasonOf } from '../../../../fleet/error.ts';
import { type KeyType, makeKey } from '../../../support/sshd.ts';
import { waitFor } from '../../../support/wait.ts';
import { scratch } from '../repository.ts';
import { failureOf } from './converse.ts';
import { type Behind, converse, gitBehindSshd, knownHosts, poll } from './ssh-converse.ts';

const KEY_TYPES = ['ed25519', 'ecdsa', 'rsa'] as const;

function fingerprintOf(publicKey: string): string {
  return execFileSync('ssh-keygen', ['-l', '-f', '-'], { input: publicKey }).toString().split(' ')[1] ?? '';
}

/** The conversation's failure, with what must be true of each: sshd never got so far as to be told a user. */
async function refusedHost(behind: Behind, knownHostsFile: string): Promise<string> {
  const error = await failureOf(poll(converse(behind, { knownHostsFile })));
  expect(error.code).toBe('GitAuthentication');
  expect(error.message).toContain(knownHostsFile);
  expect(behind.sshd.log()).not.toMatch(/Accepted|Failed|invalid user|authenticating user/);
  expect(behind.sshd.ran()).toEqual([]);
  return error.message;
}

describe('the host key', () => {
  it.each(KEY_TYPES)('a server with all types of keys shows the one that is known: %s', async (type) => {
    const behind = await gitBehindSshd({ hostKeys: KEY_TYPES });
    const line = `[127.0.0.1]:${behind.sshd.port} ${behind.sshd.hostKeys[type]}`;
    const knownHostsFile = knownHosts(behind.root, '# made by hand', '', line);
    expect(await poll(converse(behind, { knownHostsFile }))).toContain(behind.commit);
  });

  it('a file that ssh-keygen hashed is understood', async () => {
    const behind = await gitBehindSshd();
    execFileSync('ssh-keygen', ['-q', '-H', '-f', behind.knownHostsFile], { stdio: 'ignore' });
    expect(execFileSync('cat', [behind.knownHostsFile]).toString()).toMatch(/^\|1\|/);
    expect(await poll(converse(behind))).toContain(behind.commit);
  });

  it('a line for the plain host counts at another port if it holds the very key', async () => {
    const behind = await gitBehindSshd();
    const knownHostsFile = knownHosts(behind.root, `127.0.0.1 ${behind.sshd.hostKeys.ed25519}`);
    expect(await poll(converse(behind, { knownHostsFile }))).toContain(behind.commit);
  });

  it('an unknown host is refused before anything is sent, with the fingerprint to compare', async () => {
    const behind = await gitBehindSshd();
    const other = makeKey(behind.root, 'other', 'ed25519').publicKey;
    const said = await refusedHost(behind, knownHosts(behind.root, `git.example.com ${other}`));
    expect(said).toContain(`the host key of 127.0.0.1 is not in`);
    expect(said).toContain(`ssh-keyscan -p ${behind.sshd.port} 127.0.0.1`);
    expect(said).toContain(fingerprintOf(behind.sshd.hostKeys.ed25519 ?? ''));
    expect(said).not.toMatch(/CHANGED/);
  });

  it.each(['ed25519', 'rsa'] as const)(
    'a changed host key is refused as such, with both fingerprints (%s)',
    async (type) => {
      const behind = await gitBehindSshd();
      const other = makeKey(behind.root, 'other', type).publicKey;
      const line = `[127.0.0.1]:${behind.sshd.port} ${other}`;
      const said = await refusedHost(behind, knownHosts(behind.root, line));
      expect(said).toMatch(/has CHANGED/);
      expect(said).toContain(fingerprintOf(other));
      expect(said).toContain(fingerprintOf(behind.sshd.hostKeys.ed25519 ?? ''));
    },
  );

  it('a revoked key is refused, even where another line knows it', async () => {
    const behind = await gitBehindSshd();
    const { port, hostKeys } = behind.sshd;
    const line = `[127.0.0.1]:${port} ${hostKeys.ed25519}`;
    expect(await refusedHost(behind, knownHosts(behind.root, line, `@revoked * ${hostKeys.ed25519}`))).toMatch(
      /\(line 2\) marks as @revoked/,
    );
  });

  it('an authority alone is not enough, and that is said', async () => {
    const behind = await gitBehindSshd();
    const line = `@cert-authority * ${behind.sshd.hostKeys.ed25519}`;
    expect(await refusedHost(behind, knownHosts(behind.root, line))).toMatch(/host certificates are not supported/);
  });

  it('a file of known hosts that is missing is named', async () => {
    const behind = await gitBehindSshd();
    const said = await refusedHost(behind, '/nonexistent/known_hosts');
    expect(said).toMatch(/source\.auth\.known_hosts_file: \/nonexistent\/known_hosts cannot be read \(ENOENT\)/);
  });

  it('without a key or known hosts in the configuration nothing begins', async () => {
    const behind = await gitBehindSshd();
    expect(() => converse(behind, { knownHostsFile: undefined })).toThrow(/Set source\.auth\.known_hosts_file/);
    expect(() => converse(behind, { keyFile: undefined })).toThrow(/Set source\.auth\.ssh_key_file/);
  });
});

describe('the key', () => {
  const FORMATS: readonly (readonly [KeyType, readonly string[]])[] = [
    ['ed25519', []],
    ['ecdsa', ['-b', '256']],
    ['ecdsa', ['-b', '384']],
    ['ecdsa', ['-b', '521']],
    ['rsa', []],
    ['rsa', ['-m', 'PEM']],
    ['rsa', ['-m', 'PKCS8']],
    ['ecdsa', ['-m', 'PEM']],
    ['ecdsa', ['-m', 'PKCS8']],
  ];

  it('every type and format that ssh-keygen writes lets in', async () => {
    const behind = await gitBehindSshd();
    const folder = scratch();
    const keys = FORMATS.map(([type, args], index) => makeKey(folder, `id${index}`, type, args));
    for (const { publicKey } of keys) behind.sshd.authorize(publicKey);
    for (const { file } of keys) expect(await poll(converse(behind, { keyFile: file }))).toContain(behind.commit);
  });

  it('a key that the server does not know is named with its user and fingerprint', async () => {
    const behind = await gitBehindSshd();
    const { file, publicKey } = makeKey(scratch(), 'stranger', 'ed25519');
    const error = await failureOf(poll(converse(behind, { keyFile: file })));
    expect(reasonOf(error)).toBe('AuthenticationFailed');
    expect(error.message).toContain(`does not let ${behind.sshd.user} in with the key ${fingerprintOf(publicKey)}`);
    expect(error.message).toContain(file);
    await waitFor(() => /closed by authenticating user/.test(behind.sshd.log()), {
      timeoutMs: 10_000,
      what: 'sshd says that it was left',
    });
    expect(behind.sshd.log().match(/Failed \w+ for/g)).toHaveLength(1);
  });

  it('a user that the server does not know is refused the same way', async () => {
    const behind = await gitBehindSshd();
    const error = await failureOf(poll(converse(behind, { user: 'nobody-here' })));
    expect(error.code).toBe('GitAuthentication');
    expect(error.message).toContain('does not let nobody-here in');
  });

  it('an exchanged key file is used by the next connection', async () => {
    const behind = await gitBehindSshd();
    const { file } = makeKey(scratch(), 'stranger', 'ed25519');
    await failureOf(poll(converse(behind, { keyFile: file })));
    writeFileSync(file, execFileSync('cat', [behind.key.file]));
    expect(await poll(converse(behind, { keyFile: file }))).toContain(behind.commit);
  });

  it('a key that the agent cannot use is named, and never shown', async () => {
    const behind = await gitBehindSshd();
    const folder = scratch();
    const file = (name: string, text: string | Buffer): string => {
      writeFileSync(join(folder, name), text, { mode: 0o600 });
      return join(folder, name);
    };
    const passphrase = ['-N', 'secret-0815'];
    const pkcs8 = { type: 'pkcs8', format: 'pem' } as const;
    const ed25519 = generateKeyPairSync('ed25519').privateKey.export(pkcs8);
    const cases: readonly (readonly [string, RegExp])[] = [
      [makeKey(folder, 'openssh', 'ed25519', passphrase).file, /protected by a passphrase/],
      [makeKey(folder, 'pem', 'rsa', ['-m', 'PEM', ...passphrase]).file, /protected by a passphrase/],
      [makeKey(folder, 'pkcs8', 'ecdsa', ['-m', 'PKCS8', ...passphrase]).file, /protected by a passphrase/],
      ['/nonexistent/id', /cannot be read \(ENOENT\)/],
      [folder, /cannot be read \(EISDIR\)/],
      [file('garbage', 'secret-0815'), /holds no private key that can be read/],
      [file('empty', ''), /holds no private key that can be read/],
      [file('other', ed25519), /holds no private key that can be read.*ssh-keygen -t ed25519/],
      [file('public', behind.key.publicKey), /holds a public key/],
    ];
    for (const [keyFile, said] of cases) {
      const error = await failureOf(poll(converse(behind, { keyFile })));
      expect(error.code).toBe('GitAuthentication');
      expect(error.message).toMatch(said);
      expect(error.message).toContain(`source.auth.ssh_key_file: ${keyFile}`);
      expect(error.message).not.toContain('0815');
    }
    expect(behind.sshd.log()).not.toMatch(/Accepted|authenticating user/);
  });

  it('a key file that others can read is refused, with what to run', async () => {
    const behind = await gitBehindSshd();
    for (const mode of [0o640, 0o604, 0o660]) {
      chmodSync(behind.key.file, mode);
      const error = await failureOf(poll(converse(behind)));
      expect(error.code).toBe('GitAuthentication');
      expect(error.message).toContain(
        `its mode 0${mode.toString(8)} lets others read it. Run "chmod 600 ${behind.key.file}"`,
      );
    }
    chmodSync(behind.key.file, 0o400);
    expect(await poll(converse(behind))).toContain(behind.commit);
  });

  it('the mode of a file of somebody else is theirs, as with ssh', async () => {
    const behind = await gitBehindSshd();
    chmodSync(behind.key.file, 0o640);
    chownSync(behind.key.file, 65534, 0);
    expect(await poll(converse(behind))).toContain(behind.commit);
  });
});

describe('algorithms', () => {
  it.each([
    ['KexAlgorithms diffie-hellman-group14-sha1', /key exchange/],
    ['MACs hmac-sha1', /MAC/],
    ['Ciphers aes256-cbc', /cipher/],
    ['HostKeyAlgorithms ssh-rsa', /host key/],
  ])('a server with nothing better than "%s" is not talked to', async (line, said) => {
    const ciphers = line.startsWith('MACs') ? ['Ciphers aes256-ctr'] : [];
    const behind = await gitBehindSshd({ hostKeys: ['rsa'], lines: [line, ...ciphers] });
    const error = await failureOf(poll(converse(behind)));
    expect(error.code).toBe('GitUnreachable');
    expect(error.message).toMatch(said);
    expect(behind.sshd.ran()).toEqual([]);
  });

  it('an RSA key is never used with SHA-1, whatever the server takes', async () => {
    const behind = await gitBehindSshd({ lines: ['PubkeyAcceptedAlgorithms ssh-rsa'] });
    const { file, publicKey } = makeKey(scratch(), 'rsa', 'rsa');
    behind.sshd.authorize(publicKey);
    const error = await failureOf(poll(converse(behind, { keyFile: file })));
    expect(error.code).toBe('GitAuthentication');
    const key = await readSshKey(file);
    expect(key.sign('text', 'sha256')).toBeInstanceOf(Buffer);
    for (const hash of ['sha1', undefined]) expect(key.sign('text', hash)).toBeInstanceOf(Error);
  });
});
