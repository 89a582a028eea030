// A device opens what is encrypted for it, with identities and files of the real age tools; and says what to do where it cannot.
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkSecrets } from '../../../agent/check/secrets.ts';
import { createSecrets } from '../../../agent/secrets/create-secrets.ts';
import { MAX_VALUES } from '../../../fleet/mask.ts';
import type { SecretFile } from '../../../fleet/model/secret-file.ts';
import type { SourceFile } from '../../../fleet/model/source.ts';
import { treeOf } from '../../fleet/repo/tree.ts';
import { ageDecrypt, ageEncrypt, type MadeIdentity, makeIdentity } from '../../support/age.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/machine.ts';
import { sealedFor, sealedText } from '../../support/sops.ts';

const signal = AbortSignal.timeout(60_000);
let folder: TemporaryFolder;
let own: MadeIdentity;
let other: MadeIdentity;

beforeAll(async () => {
  folder = await temporaryFolder();
  own = await makeIdentity(join(folder.path, 'own.key'));
  other = await makeIdentity(join(folder.path, 'other.key'));
});

afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

function fileOf(path: string, text: string | Uint8Array): SourceFile {
  const file = treeOf({ [path]: text }).files.get(path);
  if (file === undefined) throw new Error(path);
  return file;
}

async function openWith(
  identityFiles: readonly string[],
  path: string,
  text: string | Uint8Array,
): Promise<SecretFile> {
  const opened = await createSecrets({ identityFiles, salt: 's' }).open([fileOf(path, text)], signal);
  const file = opened.get(path);
  if (file === undefined) throw new Error(`${path} was not opened`);
  return file;
}

describe('a file for this device', () => {
  it.each(['a.sops.yaml', 'a.json', 'a.env', 'a.bin'])(
    '%s opens with an identity that age-keygen made',
    async (path) => {
      const plain = path.endsWith('.json')
        ? '{"A": "hunter22"}'
        : path.endsWith('.env')
          ? 'A=hunter22\n'
          : 'A: hunter22\n';
      const sealed = await sealedFor(path, plain, [other.recipient, own.recipient]);
      const file = await openWith([own.file], path, sealed);
      expect(file.kind === 'open' && [...file.values.values()][0]?.text).toContain('hunter22');
    },
  );

  it('opens with an older identity of a further file', async () => {
    const sealed = await sealedFor('a.yaml', 'a: hunter22\n', [other.recipient]);
    expect(await openWith([own.file, other.file], 'a.yaml', sealed)).toMatchObject({ kind: 'open' });
  });

  it('opens whatever recipient its line names, when the key is ours', async () => {
    const key = new Uint8Array(32).fill(7);
    const age = [{ recipient: 'age1unknown', enc: await ageEncrypt(key, [own.recipient]) }];
    expect(await openWith([own.file], 'a.yaml', sealedText('a.yaml', 'a: b\n', { key, age }))).toMatchObject({
      kind: 'open',
    });
    expect(await ageDecrypt(age[0]?.enc ?? '', own.file)).toEqual(Buffer.from(key));
  });

  it('hides its values from then on, in every form', async () => {
    const secrets = createSecrets({ identityFiles: [own.file], salt: 's' });
    const sealed = await sealedFor('a.yaml', 'a: "hunter22 &/"\npin: 4711\nb_unencrypted: berlin\n', [own.recipient]);
    expect(secrets.hide('hunter22 &/')).toBe('hunter22 &/');
    await secrets.open([fileOf('a.yaml', sealed)], signal);
    const base64 = Buffer.from('hunter22 &/').toString('base64');
    expect(secrets.hide(`x hunter22 &/ ${base64} ${encodeURIComponent('hunter22 &/')} 4711 berlin`)).toBe(
      `x (redacted) (redacted)${'='.repeat(base64.length - base64.replace(/=/g, '').length)} (redacted) (redacted) berlin`,
    );
    secrets.learn(Array.from({ length: MAX_VALUES }, (_, index) => `value-${index}`));
    expect(secrets.hide(`value-${MAX_VALUES - 1}`)).toBe('(redacted)');
  });
});

describe('what does not open says why and what to do', () => {
  const closed = (what: RegExp, hint: RegExp) => ({
    kind: 'closed',
    what: expect.stringMatching(what),
    hint: expect.stringMatching(hint),
  });

  it('a file for others names the key to add', async () => {
    const sealed = await sealedFor('a.yaml', 'a: hunter22\n', [other.recipient]);
    const file = await openWith([own.file], 'a.yaml', sealed);
    expect(file).toMatchObject(closed(/not encrypted for this device/, new RegExp(own.recipient)));
  });

  it('no identity', async () => {
    const sealed = await sealedFor('a.yaml', 'a: hunter22\n', [own.recipient]);
    expect(await openWith([], 'a.yaml', sealed)).toMatchObject(closed(/no identity/, /identity_file/));
  });

  it('a damaged data key', async () => {
    const age = [
      { recipient: own.recipient, enc: (await ageEncrypt(new Uint8Array(32), [own.recipient])).slice(0, 200) },
    ];
    const sealed = sealedText('a.yaml', 'a: b\n', { age });
    expect(await openWith([own.file], 'a.yaml', sealed)).toMatchObject(closed(/does not open/, /rekey/));
  });

  it('a data key of the wrong length', async () => {
    const age = [{ recipient: own.recipient, enc: await ageEncrypt(new Uint8Array(16), [own.recipient]) }];
    const sealed = sealedText('a.yaml', 'a: b\n', { age });
    expect(await openWith([own.file], 'a.yaml', sealed)).toMatchObject(closed(/wrong length/, /./));
  });

  it('a file that only PGP opens', async () => {
    const pgp = sealedText('a.yaml', 'a: b\n', { age: [] }).replace('age: []', 'pgp: [{fp: X, enc: Y}]');
    expect(await openWith([own.file], 'a.yaml', pgp)).toMatchObject(closed(/encrypted for pgp/, /age1/));
  });

  it.each<[string, string, number, RegExp, RegExp]>([
    ['shared', 'AGE-SECRET-KEY-1', 0o640, /has the mode 0640/, /chmod 600/],
    ['empty', '# nothing\n', 0o600, /holds no identity/, /age-keygen/],
    ['foreign', 'ssh-ed25519 AAAA', 0o600, /no age identity/, /AGE-SECRET-KEY/],
    ['locked', '-----BEGIN AGE ENCRYPTED FILE-----\nAAAA', 0o600, /locked with a passphrase/, /age-keygen/],
    ['locked-binary', 'age-encryption.org/v1\n-> scrypt x 18', 0o600, /locked with a passphrase/, /age-keygen/],
    ['public', 'age1xyz', 0o600, /a public key/, /age-keygen/],
    ['plugin', 'AGE-PLUGIN-YUBIKEY-1X', 0o600, /plugin/, /age-keygen/],
    ['absent', '', 0, /does not exist/, /age-keygen/],
  ])('an identity file that is %s', async (name, text, mode, what, hint) => {
    const file = join(folder.path, name);
    if (mode > 0) {
      await writeFile(file, text);
      await chmod(file, mode);
    }
    const sealed = await sealedFor('a.yaml', 'a: hunter22\n', [own.recipient]);
    expect(await openWith([file], 'a.yaml', sealed)).toMatchObject(closed(what, hint));
    const secrets = { identity_file: file, identity_files: [] };
    expect(await checkSecrets({ secrets, runtime_dir: '/dev/shm/x' })).toMatchObject({ verdict: 'failed' });
  });
});

describe('the check', () => {
  it('names the public key, and wants the secrets in memory', async () => {
    const secrets = { identity_file: own.file, identity_files: [] };
    const well = await checkSecrets({ secrets, runtime_dir: '/dev/shm/holdfast-check' });
    expect(well).toMatchObject({ verdict: 'ok', message: expect.stringContaining(own.recipient) });
    const disk = join(folder.path, 'runtime');
    await mkdir(disk);
    expect(await checkSecrets({ secrets, runtime_dir: disk })).toMatchObject({ verdict: 'warning', remedy: /tmpfs/ });
  });
});
