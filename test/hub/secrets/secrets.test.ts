// `holdfast secrets` on a repository: who can open what, with identities of the real age tools and opened as a device does.
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSecrets } from '../../../agent/secrets/create-secrets.ts';
import { readSealed } from '../../../fleet/sops/sealed.ts';
import { treeOf } from '../../fleet/repo/tree.ts';
import { ageDecrypt, type MadeIdentity, makeIdentity } from '../../support/age.ts';
import { holdfast, type Ran, type TemporaryRepository, temporaryRepository } from '../cli/holdfast.ts';

const SEALED = 'devices/edge-01/till.sops.yaml';
const NOW = Date.parse('2026-02-03T04:05:06.789Z');

let repository: TemporaryRepository;
let keys: Record<'ops' | 'one' | 'two', MadeIdentity>;

const at = (path: string) => join(repository.folder, path);
const read = (path: string) => readFile(at(path), 'utf8');

beforeEach(async () => {
  repository = await temporaryRepository();
  const [ops, one, two] = await Promise.all(['ops', 'one', 'two'].map((name) => makeIdentity(at(`${name}.key`))));
  if (ops === undefined || one === undefined || two === undefined) throw new Error('no keys');
  keys = { ops, one, two };
  await repository.write('fleet.yaml', `secrets: { recipients: { ops: ${ops.recipient} } }\n`);
  await declare('edge-01', one.recipient);
  await declare('edge-02', two.recipient);
});

afterEach(() => repository.remove());

async function declare(device: string, recipient: string | null, files = 'till.sops.yaml'): Promise<void> {
  const secrets = recipient === null ? '' : `secrets: { recipient: ${recipient} }\n`;
  const apps = `apps: [{ name: till, compose: compose.yaml, secrets: [${files}] }]\n`;
  await repository.write(`devices/${device}/device.yaml`, secrets + apps);
  await repository.write(
    `devices/${device}/compose.yaml`,
    'services: { web: { image: "nginx:1", environment: { A: "${password}" } } }\n',
  );
}

function secrets(...args: string[]): Promise<Ran> {
  return holdfast(['secrets', ...args], { now: () => NOW, env: { ...process.env, SOPS_AGE_KEY_FILE: keys.ops.file } });
}

async function encrypted(plain = 'password: hunter22\n# a note\nport: 5432\n'): Promise<void> {
  await repository.write('devices/edge-01/till.yaml', plain);
  const ran = await secrets('encrypt', at('devices/edge-01/till.yaml'));
  expect(ran, ran.err).toMatchObject({ exit: 0 });
}

/** What a device with this identity reads in the file; null: nothing. */
async function openedBy(identity: MadeIdentity, path = SEALED): Promise<Record<string, string> | null> {
  const file = treeOf({ [path]: await read(path) }).files.get(path);
  const opener = createSecrets({ identityFiles: [identity.file], salt: '' });
  const opened = (await opener.open(file === undefined ? [] : [file], AbortSignal.timeout(30_000))).get(path);
  if (opened?.kind !== 'open') return null;
  return Object.fromEntries([...opened.values].map(([name, { text }]) => [name, text]));
}

describe('encrypt', () => {
  it('is for the device in whose folder the file is and for the people of fleet.yaml, and for nobody else', async () => {
    await encrypted();
    expect(await read(SEALED)).not.toMatch(/hunter22|a note|5432/);
    expect(await openedBy(keys.one)).toEqual({ password: 'hunter22', port: '5432' });
    expect(await openedBy(keys.ops)).toEqual({ password: 'hunter22', port: '5432' });
    expect(await openedBy(keys.two)).toBeNull();
  });

  it('makes files that the real age opens', async () => {
    await encrypted();
    const sealed = readSealed(SEALED, Buffer.from(await read(SEALED)));
    if (sealed.kind === 'closed') throw new Error(sealed.what);
    const { age, lastmodified } = sealed.value.metadata;
    expect(age.map(({ recipient }) => recipient)).toEqual([keys.one.recipient, keys.ops.recipient]);
    expect(lastmodified).toBe('2026-02-03T04:05:06Z');
    expect(await ageDecrypt(age[0]?.enc ?? '', keys.one.file)).toHaveLength(32);
  });

  it('says that the file in the clear is still there', async () => {
    await repository.write('devices/edge-01/a.env', 'A=secret-value\n');
    const ran = await secrets('encrypt', at('devices/edge-01/a.env'));
    expect(ran.err).toContain('still lies there in the clear');
    expect(await openedBy(keys.one, 'devices/edge-01/a.sops.env')).toEqual({ A: 'secret-value' });
  });

  it('of a shared file is for all devices that refer to it', async () => {
    await declare('edge-01', keys.one.recipient, '../../apps/shared.sops.yaml');
    await declare('edge-02', keys.two.recipient, '../../apps/shared.sops.yaml');
    await repository.write('apps/shared.yaml', 'password: shared-value\n');
    const ran = await secrets('encrypt', at('apps/shared.yaml'));
    expect(ran.exit, ran.err).toBe(0);
    expect(await openedBy(keys.one, 'apps/shared.sops.yaml')).not.toBeNull();
    expect(await openedBy(keys.two, 'apps/shared.sops.yaml')).not.toBeNull();
  });

  it('is for the devices that are named', async () => {
    await repository.write('apps/some.json', '{"a": "some-value"}');
    const ran = await secrets('encrypt', at('apps/some.json'), '--device', 'edge-02', '-o', at('apps/x.sops.json'));
    expect(ran.exit, ran.err).toBe(0);
    expect(await openedBy(keys.two, 'apps/x.sops.json')).toEqual({ a: 'some-value' });
    expect(await openedBy(keys.one, 'apps/x.sops.json')).toBeNull();
  });

  it.each<[string, () => Promise<unknown>, string[], number, RegExp]>([
    ['a device without a key', () => declare('edge-01', null), [], 1, /names no public key.*age-keygen -y/],
    ['a private key in Git', () => declare('edge-01', 'AGE-SECRET-KEY-1QQ'), [], 1, /private key/],
    ['an unknown device', async () => undefined, ['--device', 'edge-9'], 1, /declares no device "edge-9"/],
    ['another format', async () => undefined, ['-o', 'x.sops.json'], 2, /different formats/],
    ['broken YAML', () => repository.write('devices/edge-01/till.yaml', 'a: ['), [], 1, /not YAML/],
  ])('%s is refused', async (_, prepare, args, exit, said) => {
    await repository.write('devices/edge-01/till.yaml', 'password: hunter22\n');
    await prepare();
    const ran = await secrets('encrypt', at('devices/edge-01/till.yaml'), ...args);
    expect(ran.err).toMatch(said);
    expect(ran.exit).toBe(exit);
  });

  it('twice is refused', async () => {
    await encrypted();
    expect(await secrets('encrypt', at(SEALED))).toMatchObject({
      exit: 1,
      err: expect.stringMatching(/encrypted already/),
    });
  });
});

describe('edit', () => {
  async function editor(script: string): Promise<Record<string, string>> {
    const file = at('editor.sh');
    await writeFile(file, `#!/bin/sh\nstat -c '%a %n' "$1" > ${at('seen')}\n${script}\n`);
    await chmod(file, 0o755);
    return { ...process.env, SOPS_AGE_KEY_FILE: keys.ops.file, SOPS_EDITOR: file } as Record<string, string>;
  }
  /** What others left there, or hold there just now, is theirs. */
  const inMemory = async () => (await readdir('/dev/shm')).filter((name) => name.startsWith('holdfast-edit-'));
  const edit = async (script: string) =>
    await holdfast(['secrets', 'edit', at(SEALED)], { now: () => NOW + 60_000, env: await editor(script) });

  it('keeps the text of what did not change, and leaves nothing behind', async () => {
    await encrypted();
    const before = (await read(SEALED)).split('\n');
    const ran = await edit('sed -i s/5432/5433/ "$1"');
    expect(ran.exit, ran.err).toBe(0);
    const changed = (await read(SEALED)).split('\n').filter((line) => !before.includes(line));
    expect(changed.map((line) => line.trim().split(':')[0])).toEqual(['port', 'lastmodified', 'mac']);
    expect(await openedBy(keys.one)).toEqual({ password: 'hunter22', port: '5433' });
    const [mode, name = ''] = (await read('seen')).trim().split(' ');
    expect(mode).toBe('600');
    expect(name).toMatch(/^\/(dev\/shm|run)/);
    await expect(readFile(name)).rejects.toThrow('ENOENT');
  });

  it.each([
    ['nothing changed', 'true', 0, /nothing changed/],
    ['the editor fails', 'echo "a: b" > "$1"; exit 3', 1, /ended with 3/],
    ['what was written cannot be read', 'echo "a: [" > "$1"', 1, /was not changed: it is not YAML/],
  ])('%s: the file stays as it is', async (_, script, exit, said) => {
    await encrypted();
    const before = await read(SEALED);
    const kept = await inMemory();
    const ran = await edit(script);
    expect(ran.out + ran.err).toMatch(said);
    expect(ran.exit).toBe(exit);
    expect(await read(SEALED)).toBe(before);
    expect((await inMemory()).filter((name) => !kept.includes(name))).toEqual([]);
  });

  it('without an identity says where one is looked for', async () => {
    await encrypted();
    const ran = await holdfast(['secrets', 'edit', at(SEALED)], { env: { HOME: repository.folder } });
    expect(ran).toMatchObject({ exit: 1, err: expect.stringMatching(/SOPS_AGE_KEY_FILE.*keys\.txt/) });
  });

  it('with somebody else’s identity says who can', async () => {
    await encrypted();
    const ran = await holdfast(['secrets', 'edit', at(SEALED)], { env: { SOPS_AGE_KEY_FILE: keys.two.file } });
    expect(ran).toMatchObject({ exit: 1, err: expect.stringContaining(keys.ops.recipient) });
  });
});

describe('rekey', () => {
  it('adds who is new and keeps every ciphertext', async () => {
    await encrypted();
    const value = (await read(SEALED)).split('\n')[0];
    await repository.write(
      'fleet.yaml',
      `secrets: { recipients: { ops: ${keys.ops.recipient}, two: ${keys.two.recipient} } }\n`,
    );
    expect(await openedBy(keys.two)).toBeNull();
    const ran = await secrets('rekey', at(SEALED));
    expect(ran).toMatchObject({ exit: 0, out: expect.stringContaining('1 added, 0 removed') });
    expect(await openedBy(keys.two)).toEqual({ password: 'hunter22', port: '5432' });
    expect((await read(SEALED)).split('\n')[0]).toBe(value);
    expect((await secrets('rekey', at(SEALED))).out).toContain('as it should be');
  });

  it('gives a new data key when somebody was removed, so that a stolen device opens nothing more', async () => {
    await encrypted();
    const sealed = readSealed(SEALED, Buffer.from(await read(SEALED)));
    const stolen = sealed.kind === 'open' ? sealed.value.metadata.age[0] : undefined;
    const before = await ageDecrypt(stolen?.enc ?? '', keys.one.file);
    await declare('edge-01', keys.two.recipient);
    const ran = await secrets('rekey', '--all', at(SEALED));
    expect(ran.exit, ran.err).toBe(0);
    expect(ran.out).toContain('1 added, 1 removed, new data key');
    expect(ran.err).toContain('change those that matter');
    expect(await openedBy(keys.one)).toBeNull();
    expect(await openedBy(keys.two)).toEqual({ password: 'hunter22', port: '5432' });
    const now = readSealed(SEALED, Buffer.from(await read(SEALED)));
    const wrapped = now.kind === 'open' ? now.value.metadata.age[0]?.enc : undefined;
    expect(Buffer.from(before).equals(await ageDecrypt(wrapped ?? '', keys.two.file))).toBe(false);
  });

  it('goes on after a file that does not open, and says so', async () => {
    await encrypted();
    await repository.write('devices/edge-02/till.sops.yaml', 'a: b\n');
    const ran = await secrets('rekey', at('devices/edge-02/till.sops.yaml'), at(SEALED));
    expect(ran.exit).toBe(1);
    expect(ran.err).toContain('edge-02/till.sops.yaml: it is not encrypted');
    expect(ran.out).toContain('as it should be');
  });

  it('does not lock out who does it', async () => {
    await encrypted();
    await repository.write('fleet.yaml', `secrets: { recipients: { two: ${keys.two.recipient} } }\n`);
    const before = await read(SEALED);
    const ran = await secrets('rekey', at(SEALED));
    expect(ran).toMatchObject({ exit: 1, err: expect.stringMatching(`${keys.ops.recipient} to secrets.recipients`) });
    expect(await read(SEALED)).toBe(before);
  });

  it('of nothing is a mistake', async () => {
    expect((await secrets('rekey')).exit).toBe(2);
  });
});

describe('keygen', () => {
  it('makes what age-keygen would', async () => {
    const ran = await secrets('keygen', '-o', at('new.key'));
    const recipient = ran.out.trim().split(' ').at(-1) ?? '';
    expect((await readFile(at('new.key'), 'utf8')).split('\n')[1]).toBe(`# public key: ${recipient}`);
    await declare('edge-01', recipient);
    await encrypted();
    expect(await openedBy({ file: at('new.key'), recipient })).not.toBeNull();
    expect((await secrets('keygen', '-o', at('new.key'))).exit).toBe(1);
  });
});

describe('without any identity', () => {
  it('validate finds nothing false, and render shows no value', async () => {
    await encrypted();
    await rm(at('devices/edge-02'), { recursive: true });
    const checked = await holdfast(['validate', repository.folder]);
    expect(checked, checked.out).toMatchObject({ exit: 0 });
    const shown = await holdfast(['render', repository.folder, 'edge-01']);
    expect(shown.out).toContain('A: (redacted)');
  });

  it('validate names a file that is in the clear, and a variable that no file has', async () => {
    await encrypted('other: hunter22\n');
    await repository.write('devices/edge-02/till.sops.yaml', 'password: hunter22\n');
    const ran = await holdfast(['validate', repository.folder]);
    expect(ran.exit).toBe(1);
    expect(ran.out).toContain('devices/edge-02/till.sops.yaml cannot be opened: it is not encrypted with SOPS');
    expect(ran.out).toContain('variable password is not set');
  });
});
