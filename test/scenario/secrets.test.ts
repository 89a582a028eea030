// Secrets on the real Engine: what a SOPS file holds reaches the container that asks for it, with the right owner and mode, and
// nothing else on the way.
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MadeIdentity, makeIdentity } from '../support/age.ts';
import type { Device } from '../support/device.ts';
import { docker, dockerOk } from '../support/engine.ts';
import { type TemporaryFolder, temporaryFolder, uniqueId } from '../support/machine.ts';
import { makeSite, type Site } from '../support/site.ts';
import { sealedFor } from '../support/sops.ts';

const deviceYaml = (app: string, more = '') =>
  `apps: [{ name: ${app}, compose: compose.yaml, secrets: till.sops.yaml, env: { MODE: fast }${more} }]\n`;

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
let memory: string;
let identity: MadeIdentity;

beforeAll(async () => {
  folder = await temporaryFolder();
  memory = await mkdtemp('/dev/shm/holdfast-');
  identity = await makeIdentity(join(folder.path, 'age.key'));
});

afterAll(async () => {
  await rm(memory, { recursive: true, force: true });
  await folder[Symbol.asyncDispose]();
});

/** A device with an app of its own name, declared and not yet applied. */
async function prepared(id: string): Promise<Site> {
  const more = `runtime_dir: ${memory}\nsecrets: { identity_file: ${identity.file} }\n`;
  const site = await makeSite({ id, interval: '1h', more });
  await site.commit({
    'compose.yaml': compose(),
    'device.yaml': deviceYaml(id),
    'till.sops.yaml': await sealedFor('till.sops.yaml', sops(PASSWORD), [identity.recipient]),
  });
  return site;
}

async function once(device: Device, code = 0): Promise<string> {
  const ran = await device.agent('once');
  expect(ran.code, ran.output).toBe(code);
  return ran.output;
}

const service = async ({ id, containers }: Site, name: string) => (await containers()).get(`${id}-${name}-1`);

async function inContainer(site: Site, command: string): Promise<string> {
  const container = await service(site, 'web');
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

const HOOK = '\n    post_start: [{ command: [sh, -c, "cat /run/secrets/* >&2; echo $$DB_URL; exit 3"] }]';
const CHECK =
  '\n    healthcheck: { test: "cat /run/secrets/*; echo $$DB_URL; false", interval: 1s, retries: 1, start_period: 0s }';
const withMore = (more: string) => compose().replace('\n    restart: always', more);
/** What does not work, and says so in words that hold secrets. */
const FAILING: Readonly<Record<string, string>> = {
  hook: withMore(`\n    restart: always${HOOK}`),
  health: withMore(`\n    restart: always${CHECK}`),
  engine: withMore('\n    user: "$db_password"'),
  option: withMore('\n    logging: { driver: json-file, options: { max-size: "$db_password" } }'),
  policy: withMore('\n    tmpfs: ["/t"]\n    volumes: ["/srv/$db_password:/x"]'),
};

describe.concurrent('a secret', () => {
  it('is in the container with its owner and mode, and nowhere else', async () => {
    const id = uniqueId('secret');
    await using site = await prepared(id);
    const { device } = site;
    const plan = await device.agent('plan');
    expect(plan.code, plan.output).toBe(2);
    expectNone(plan.output, 'the plan');
    expectNone(await once(device), 'the log');
    expect(await inContainer(site, 'cat /run/secrets/db_password')).toBe(PASSWORD);
    expect(await inContainer(site, 'cat /etc/till.pem')).toBe(PEM);
    expect(await inContainer(site, 'stat -c "%u:%g %a" /run/secrets/db_password /etc/till.pem')).toBe(
      '0:0 444\n1234:2345 440\n',
    );
    expect(await inContainer(site, 'echo x > /run/secrets/db_password; echo $?')).toContain('Read-only');
    expect(await inContainer(site, 'echo $DB_URL')).toBe(`postgres://till:${PASSWORD}@db/fast\n`);

    const inspected = await service(site, 'web');
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
    await using site = await prepared(id);
    const { device } = site;
    await once(device);
    const before = [(await service(site, 'web'))?.Id, (await service(site, 'other'))?.Id];
    const rotated = await sealedFor('till.sops.yaml', sops(ROTATED), [identity.recipient]);
    await site.commit({ 'till.sops.yaml': rotated });
    const plan = await device.agent('plan');
    expect(plan.output).toMatch(/environment\.DB_URL/);
    expectNone(plan.output, 'the plan of the rotation');
    expectNone(await once(device), 'the log of the rotation');
    expect(await inContainer(site, 'cat /run/secrets/db_password')).toBe(ROTATED);
    const after = [(await service(site, 'web'))?.Id, (await service(site, 'other'))?.Id];
    expect(after[0]).not.toBe(before[0]);
    expect(after[1]).toBe(before[1]);
    expectNone((await device.agent('status', '-o', 'json')).output, 'the status');
    // The version before stays at hand while the new one has still to prove itself.
    await once(device);
    expect(await readdir(join(memory, id, 'secrets')), 'what was rotated away is gone').toHaveLength(2);
  });

  it.each<[string, (file: string) => Promise<void>]>([
    ['edited', (file) => writeFile(file, 'somebody else')],
    ['opened to all', (file) => chmod(file, 0o666)],
    ['lost', (file) => rm(file)],
  ])('that was %s on the host is put back', async (_how, act) => {
    const id = uniqueId('edit');
    await using site = await prepared(id);
    const { device } = site;
    await once(device);
    const secrets = join(memory, id, 'secrets');
    for (const name of await readdir(secrets)) await act(join(secrets, name));
    const plan = await device.agent('plan');
    expect(plan.code, plan.output).toBe(2);
    expectNone(plan.output, 'the plan');
    await once(device);
    expect(await inContainer(site, 'cat /run/secrets/db_password')).toBe(PASSWORD);
    expect(await inContainer(site, 'stat -c "%u:%g %a" /etc/till.pem')).toBe('1234:2345 440\n');
  });

  it('is back after a reboot, though the Engine started the container before it was', async () => {
    const id = uniqueId('reboot');
    await using site = await prepared(id);
    const { device } = site;
    await once(device);
    await docker('POST', `/containers/${id}-web-1/stop?t=1`);
    await rm(join(memory, id), { recursive: true });
    await docker('POST', `/containers/${id}-web-1/start`).catch(() => undefined);
    // Git may be out of reach just then: what was accepted holds the bytes.
    await site.fleet.away();
    try {
      expect(await once(device, 1)).toContain('GitOperationFailed');
    } finally {
      await site.fleet.back();
    }
    expect(await inContainer(site, 'cat /run/secrets/db_password')).toBe(PASSWORD);
  });

  it.each(Object.entries(FAILING))('is in nothing that a container or the Engine says of it: %s', async (how, text) => {
    await using site = await prepared(uniqueId('said'));
    const { device } = site;
    await site.commit({ 'compose.yaml': text, 'device.yaml': deviceYaml(site.id, ', health_timeout: 3s') });
    const said = await once(device, 1);
    expect(said).toContain('(redacted)');
    expectNone(said, how);
    for (const command of ['plan', 'status'] as const)
      for (const output of ['text', 'json'])
        expectNone((await device.agent(command, '-o', output)).output, `${command} ${output}`);
    expectNone((await device.agent('check')).output, 'the check');
  });

  it('that this device cannot open stops the revision, and nothing that runs', async () => {
    const id = uniqueId('closed');
    await using site = await prepared(id);
    const { device } = site;
    await once(device);
    const before = (await service(site, 'web'))?.Id;
    const stranger = await makeIdentity(join(folder.path, `${id}.key`));
    await site.commit({
      'till.sops.yaml': await sealedFor('till.sops.yaml', sops(ROTATED), [stranger.recipient]),
      'compose.yaml': compose(', NEW: "1"'),
    });
    const said = await once(device, 1);
    expect(said).toContain('till.sops.yaml cannot be opened: it is not encrypted for this device');
    expect(said).toContain(identity.recipient);
    expect(said).toContain('device.yaml:1:');
    expect(said).not.toContain('is not set');
    expect((await service(site, 'web'))?.Id).toBe(before);
    expect(await inContainer(site, 'cat /run/secrets/db_password')).toBe(PASSWORD);
    expect((await device.agent('status')).output).toContain('BuildFailed');
  });

  it('that only the owner of the device has is waited for, and never an empty folder', async () => {
    const id = uniqueId('owner');
    await using site = await prepared(id);
    const { device } = site;
    await once(device);
    const before = (await service(site, 'web'))?.Id;
    const compose_yaml = `${compose(', NEW: "1"').replace('- db_password', '- db_password\n      - pin')}  pin: { file: keys/pin.txt }\n`;
    await site.commit({ 'compose.yaml': compose_yaml });
    expect(await once(device, 1)).toContain('bind source path does not exist');
    expect((await service(site, 'web'))?.Id, 'what runs stays').toBe(before);

    const keys = join(device.stateDir, 'volumes', id, 'keys');
    expect(await readdir(keys), 'only where it belongs is made').toEqual([]);
    await writeFile(join(keys, 'pin.txt'), '4711');
    await once(device);
    expect(await inContainer(site, 'cat /run/secrets/pin')).toBe('4711');
    expect((await device.agent('plan')).code).toBe(0);
  });
});
