// Secrets on the real Engine: what a SOPS file holds reaches the container that asks for it, with the right owner and mode, and
// nothing else on the way.
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type MadeIdentity, makeIdentity } from '../support/age.ts';
import { containersOf } from '../support/containers.ts';
import { type Device, makeDevice } from '../support/device.ts';
import { cleanup, docker, dockerOk } from '../support/engine.ts';
import { type Fleet, makeFleet } from '../support/fleet.ts';
import { type TemporaryFolder, temporaryFolder, uniqueId } from '../support/machine.ts';
import { sealedFor } from '../support/sops.ts';

const DEVICE_YAML = 'apps: [{ name: vault, compose: compose.yaml, secrets: till.sops.yaml, env: { MODE: fast } }]\n';

const compose = (extra = '') => `
services:
  web:
    image: holdfast/busybox:1
    command: ["sh", "-c", "trap exit TERM; cat /run/secrets/*; echo $$DB_URL; while :; do sleep 0.1; done"]
    restart: always
    environment: { DB_URL: "postgres://till:\${db_password}@db/\${MODE}", PLAIN: "yes"${extra} }
    secrets:
      - db_password
      - { source: pem, target: /etc/till.pem, uid: "1234", gid: "2345", mode: 0o440 }
  other:
    image: holdfast/busybox:1
    command: ["sh", "-c", "exec sleep 100000"]
    stop_signal: SIGKILL
secrets:
  db_password: { external: true }
  pem: { file: till.sops.yaml, x-holdfast-key: tls.key }
`;

const PASSWORD = 'correct-horse-battery';
const ROTATED = 'rotated-staple-4711';
const PEM = 'pem-line-one-of-the-key\npem-line-two-of-the-key\n';
const sops = (password: string) =>
  `db_password: ${password}\ntls:\n  key: |\n    ${PEM.trim().replace('\n', '\n    ')}\n`;

let folder: TemporaryFolder;
let fleet: Fleet;
let memory: string;
let identity: MadeIdentity;

beforeAll(async () => {
  folder = await temporaryFolder();
  fleet = await makeFleet(folder.path);
  memory = await mkdtemp('/dev/shm/holdfast-');
  identity = await makeIdentity(join(folder.path, 'age.key'));
});

afterAll(async () => {
  await fleet.close();
  await rm(memory, { recursive: true, force: true });
  await folder[Symbol.asyncDispose]();
});

async function prepared(id: string): Promise<Device> {
  const base = `devices/${id}`;
  await fleet.commit({
    [`${base}/compose.yaml`]: compose(),
    [`${base}/device.yaml`]: DEVICE_YAML,
    [`${base}/till.sops.yaml`]: await sealedFor('till.sops.yaml', sops(PASSWORD), [identity.recipient]),
  });
  const more = `runtime_dir: ${memory}\nsecrets: { identity_file: ${identity.file} }\n`;
  return await makeDevice({ id, url: fleet.url, folder: join(folder.path, id), interval: '1h', more });
}

async function once(device: Device, code = 0): Promise<string> {
  const ran = await device.agent('once');
  expect(ran.code, ran.output).toBe(code);
  return ran.output;
}

const service = async (id: string, name: string) => (await containersOf(id)).get(`vault-${name}-1`);

async function inContainer(id: string, command: string): Promise<string> {
  const container = await service(id, 'web');
  const made = await dockerOk<{ Id: string }>('POST', `/containers/${container?.Id}/exec`, {
    Cmd: ['sh', '-c', command],
    AttachStdout: true,
    AttachStderr: true,
    Tty: true,
  });
  const out = await dockerOk<unknown>('POST', `/exec/${made.Id}/start`, { Detach: false, Tty: true });
  return String(out).replaceAll('\r\n', '\n');
}

/** Where each form of a secret must never be. */
function expectNone(text: string, where: string): void {
  for (const secret of [PASSWORD, ROTATED, ...PEM.trim().split('\n')]) {
    for (const form of [secret, Buffer.from(secret).toString('base64').slice(0, 16)]) {
      expect(text.includes(form), `${where} holds ${form}`).toBe(false);
    }
  }
}

describe('a secret', () => {
  it('is in the container with its owner and mode, and nowhere else', async () => {
    const id = uniqueId('secret');
    onTestFinished(() => cleanup(id));
    const device = await prepared(id);
    const plan = await device.agent('plan');
    expect(plan.code, plan.output).toBe(2);
    expectNone(plan.output, 'the plan');
    expectNone(await once(device), 'the log');
    expect(await inContainer(id, 'cat /run/secrets/db_password')).toBe(PASSWORD);
    expect(await inContainer(id, 'cat /etc/till.pem')).toBe(PEM);
    expect(await inContainer(id, 'stat -c "%u:%g %a" /run/secrets/db_password /etc/till.pem')).toBe(
      '0:0 444\n1234:2345 440\n',
    );
    expect(await inContainer(id, 'echo x > /run/secrets/db_password; echo $?')).toContain('Read-only');
    expect(await inContainer(id, 'echo $DB_URL')).toBe(`postgres://till:${PASSWORD}@db/fast\n`);

    const inspected = await service(id, 'web');
    const { Env, ...config } = inspected?.Config ?? {};
    expectNone(JSON.stringify({ ...inspected, Config: config }), 'inspect beyond the environment');
    expect(JSON.stringify(Env)).toContain(PASSWORD);
    for (const output of ['text', 'json'])
      expectNone((await device.agent('status', '-o', output)).output, 'the status');
    const again = await device.agent('plan', '-o', 'json');
    expect(again.code, again.output).toBe(0);
    expectNone(again.output, 'the second plan');

    const [home] = [join(memory, id)];
    expect((await stat(join(home, 'secrets'))).mode & 0o777).toBe(0o700);
    expect((await readdir(join(home, 'secrets'))).length).toBe(2);
    expect((await stat(join(device.stateDir, 'state.db'))).mode & 0o777).toBe(0o600);
  });

  it('that is rotated replaces what mounts it, and only that', async () => {
    const id = uniqueId('rotate');
    onTestFinished(() => cleanup(id));
    const device = await prepared(id);
    await once(device);
    const before = [(await service(id, 'web'))?.Id, (await service(id, 'other'))?.Id];
    const rotated = await sealedFor('till.sops.yaml', sops(ROTATED), [identity.recipient]);
    await fleet.commit({ [`devices/${id}/till.sops.yaml`]: rotated });
    const plan = await device.agent('plan');
    expect(plan.output).toMatch(/environment\.DB_URL/);
    expectNone(plan.output, 'the plan of the rotation');
    expectNone(await once(device), 'the log of the rotation');
    expect(await inContainer(id, 'cat /run/secrets/db_password')).toBe(ROTATED);
    const after = [(await service(id, 'web'))?.Id, (await service(id, 'other'))?.Id];
    expect(after[0]).not.toBe(before[0]);
    expect(after[1]).toBe(before[1]);
    expectNone((await device.agent('status', '-o', 'json')).output, 'the status');
    // The version before stays at hand while the new one has still to prove itself.
    await once(device);
    expect(await readdir(join(memory, id, 'secrets')), 'what was rotated away is gone').toHaveLength(2);
  });

  it('that was edited, opened to all or lost on the host is put back', async () => {
    const id = uniqueId('edit');
    onTestFinished(() => cleanup(id));
    const device = await prepared(id);
    await once(device);
    const secrets = join(memory, id, 'secrets');
    const touch: Record<string, (file: string) => Promise<void>> = {
      edited: (file) => writeFile(file, 'somebody else'),
      opened: (file) => chmod(file, 0o666),
      lost: (file) => rm(file),
    };
    for (const [how, act] of Object.entries(touch)) {
      for (const name of await readdir(secrets)) await act(join(secrets, name));
      const plan = await device.agent('plan');
      expect(plan.code, `${how}: ${plan.output}`).toBe(2);
      expectNone(plan.output, 'the plan');
      await once(device);
      expect(await inContainer(id, 'cat /run/secrets/db_password'), how).toBe(PASSWORD);
      expect(await inContainer(id, 'stat -c "%u:%g %a" /etc/till.pem'), how).toBe('1234:2345 440\n');
    }
  });

  it('is back after a reboot, though the Engine started the container before it was', async () => {
    const id = uniqueId('reboot');
    onTestFinished(() => cleanup(id));
    const device = await prepared(id);
    await once(device);
    await docker('POST', '/containers/vault-web-1/stop?t=1');
    await rm(join(memory, id), { recursive: true });
    await docker('POST', '/containers/vault-web-1/start').catch(() => undefined);
    // Git may be out of reach just then: what was accepted holds the bytes.
    await fleet.away();
    try {
      expect(await once(device, 1)).toContain('GitOperationFailed');
    } finally {
      await fleet.back();
    }
    expect(await inContainer(id, 'cat /run/secrets/db_password')).toBe(PASSWORD);
  });

  it('is in nothing that a container or the Engine says of it', async () => {
    const id = uniqueId('said');
    onTestFinished(() => cleanup(id));
    const device = await prepared(id);
    const hook = '\n    post_start: [{ command: [sh, -c, "cat /run/secrets/* >&2; echo $$DB_URL; exit 3"] }]';
    const check =
      '\n    healthcheck: { test: "cat /run/secrets/*; echo $$DB_URL; false", interval: 1s, retries: 1, start_period: 0s }';
    const failing = {
      hook: compose().replace('\n    restart: always', `\n    restart: always${hook}`),
      health: compose().replace('\n    restart: always', `\n    restart: always${check}`),
      engine: compose().replace('\n    restart: always', '\n    user: "$db_password"'),
      option: compose().replace(
        '\n    restart: always',
        '\n    logging: { driver: json-file, options: { max-size: "$db_password" } }',
      ),
      policy: compose().replace('\n    restart: always', '\n    tmpfs: ["/t"]\n    volumes: ["/srv/$db_password:/x"]'),
    };
    for (const [how, text] of Object.entries(failing)) {
      const hasty = DEVICE_YAML.replace(' }]', ', health_timeout: 3s }]');
      await fleet.commit({ [`devices/${id}/compose.yaml`]: text, [`devices/${id}/device.yaml`]: hasty });
      const said = await once(device, 1);
      expect(said, how).toContain('(redacted)');
      expectNone(said, how);
      for (const command of ['plan', 'status'] as const)
        for (const output of ['text', 'json'])
          expectNone((await device.agent(command, '-o', output)).output, `${how}: ${command} ${output}`);
    }
    expectNone((await device.agent('check')).output, 'the check');
  });

  it('that this device cannot open stops the revision, and nothing that runs', async () => {
    const id = uniqueId('closed');
    onTestFinished(() => cleanup(id));
    const device = await prepared(id);
    await once(device);
    const before = (await service(id, 'web'))?.Id;
    const stranger = await makeIdentity(join(folder.path, `${id}.key`));
    await fleet.commit({
      [`devices/${id}/till.sops.yaml`]: await sealedFor('till.sops.yaml', sops(ROTATED), [stranger.recipient]),
      [`devices/${id}/compose.yaml`]: compose(', NEW: "1"'),
    });
    const said = await once(device, 1);
    expect(said).toContain('till.sops.yaml cannot be opened: it is not encrypted for this device');
    expect(said).toContain(identity.recipient);
    expect(said).toContain('device.yaml:1:');
    expect(said).not.toContain('is not set');
    expect((await service(id, 'web'))?.Id).toBe(before);
    expect(await inContainer(id, 'cat /run/secrets/db_password')).toBe(PASSWORD);
    expect((await device.agent('status')).output).toContain('BuildFailed');
  });

  it('that only the owner of the device has is waited for, and never an empty folder', async () => {
    const id = uniqueId('owner');
    onTestFinished(() => cleanup(id));
    const device = await prepared(id);
    await once(device);
    const before = (await service(id, 'web'))?.Id;
    const compose_yaml = `${compose(', NEW: "1"').replace('- db_password', '- db_password\n      - pin')}  pin: { file: keys/pin.txt }\n`;
    await fleet.commit({ [`devices/${id}/compose.yaml`]: compose_yaml });
    expect(await once(device, 1)).toContain('bind source path does not exist');
    expect((await service(id, 'web'))?.Id, 'what runs stays').toBe(before);

    const keys = join(device.stateDir, 'volumes', 'vault', 'keys');
    expect(await readdir(keys), 'only where it belongs is made').toEqual([]);
    await writeFile(join(keys, 'pin.txt'), '4711');
    await once(device);
    expect(await inContainer(id, 'cat /run/secrets/pin')).toBe('4711');
    expect((await device.agent('plan')).code).toBe(0);
  });
});
