// The command line that gives access and takes it, against a hub that runs; what it writes is what an agent reads.
import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tryBroker } from '../../../agent/check/try-broker.ts';
import { loadConfig } from '../../../agent/config/load.ts';
import { agentClientId } from '../../../fleet/wire/topics.ts';
import { type Running, startHub } from '../running.ts';
import { holdfast } from './holdfast.ts';

let hub: Running;
let folder: string;
let admin: string;
const run = (line: string, env: Record<string, string> = {}) =>
  holdfast(line.split(' '), { env: { HOLDFAST_HUB: hub.http, HOLDFAST_HUB_TOKEN: admin, ...env }, now: Date.now });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-access-'));
  hub = await startHub('fleet: acme\nmqtt: { anonymous: false }');
  admin = (await holdfast(['token', 'create', 'root', '--db', hub.db])).out.trim();
});
afterAll(async () => {
  await hub.stop();
  await rm(folder, { recursive: true });
});

/** Does the broker let in whoever has this configuration? */
const connects = async (config: string) => {
  const { mqtt, fleet, device } = await loadConfig(config, {});
  if (mqtt === undefined) throw new Error('the configuration names no broker');
  const given = { config: mqtt, fleet, device, clientId: agentClientId(fleet, device) };
  return (await tryBroker(given, AbortSignal.timeout(10_000))).kind;
};

test('the first token is made in the store, beside a hub that runs, and holds there at once', async () => {
  expect(admin).toMatch(/^hft_/);
  expect((await run('status', { HOLDFAST_HUB_TOKEN: 'hft_wrong' })).err).toMatch(/needs a token.*HOLDFAST_HUB_TOKEN/);
  expect((await run('token list')).out).toMatch(/^NAME +ROLE[^\n]*\nroot +admin/);
  await writeFile(join(folder, 'token'), `${admin}\n`);
  const fromFile = await run(`token list --token-file ${join(folder, 'token')}`, { HOLDFAST_HUB_TOKEN: 'hft_wrong' });
  expect(fromFile.exit).toBe(0);
});

test('tokens are made with a role and a lifetime, printed once, and revoked', async () => {
  const made = await run('token create vera --role viewer --expires 720h');
  expect(made.out).toMatch(/^hft_[\w-]{43}\n$/);
  const vera = { HOLDFAST_HUB_TOKEN: made.out.trim() };
  expect((await run('get devices', vera)).exit).toBe(0);
  expect((await run('enroll edge-01', vera)).err).toContain('this needs the role admin, and vera is viewer');
  expect((await run('token create vera')).err).toContain('there is a token vera; revoke it first');
  expect((await run('token create Vera!')).err).toContain('cannot be the name of a token');
  expect((await run('token revoke vera')).exit).toBe(0);
  expect((await run('get devices', vera)).exit).toBe(1);
});

test('what enroll writes is what the agent uses as it is; revoke ends it, and enrolling anew begins it again', async () => {
  const written = join(folder, 'edge-01');
  const enrolled = await run(`enroll edge-01 --source https://git.example.com/fleet.git --write ${written}`);
  expect(enrolled.exit).toBe(0);
  const config = join(written, 'agent.yaml');
  expect(await loadConfig(config, {})).toMatchObject({
    device: 'edge-01',
    fleet: 'acme',
    source: { url: 'https://git.example.com/fleet.git' },
    mqtt: { url: hub.mqtt, username: 'edge-01', password_file: join(written, 'mqtt-password') },
  });
  for (const name of await readdir(written)) expect((await stat(join(written, name))).mode & 0o077).toBe(0);
  expect(await connects(config)).toBe('connected');
  expect((await run('revoke edge-01')).exit).toBe(0);
  expect(await connects(config)).toBe('failed');
  await writeFile(config, `${await readFile(config, 'utf8')}log: { level: debug }\n`);
  expect((await run(`enroll edge-01 --write ${written}`)).out).toContain('kept');
  expect(await readFile(config, 'utf8')).toContain('level: debug');
  expect(await connects(config)).toBe('connected');
});

test('the script that enroll prints does the same on the device', async () => {
  const there = join(folder, "it's there");
  const { out } = await holdfast(['enroll', 'edge-02', '--dir', there], {
    env: { HOLDFAST_HUB: hub.http, HOLDFAST_HUB_TOKEN: admin },
  });
  execFileSync('sh', [], { input: out, stdio: ['pipe', 'ignore', 'ignore'] });
  expect((await stat(join(there, 'mqtt-password'))).mode & 0o777).toBe(0o600);
  expect(await connects(join(there, 'agent.yaml'))).toBe('connected');
});

test('older credentials end when new ones are made', async () => {
  const [first, second] = [join(folder, 'first'), join(folder, 'second')];
  await run(`enroll edge-03 --write ${first}`);
  await run(`enroll edge-03 --write ${second}`);
  expect([await connects(join(first, 'agent.yaml')), await connects(join(second, 'agent.yaml'))]).toEqual([
    'failed',
    'connected',
  ]);
});

test('a folder that cannot be written costs a device nothing: its credentials hold', async () => {
  const written = join(folder, 'edge-04');
  await run(`enroll edge-04 --write ${written}`);
  const { exit, err } = await run(`enroll edge-04 --write ${join(written, 'agent.yaml', 'below')}`);
  expect([exit, err]).toEqual([2, expect.stringContaining('cannot write to')]);
  expect(await connects(join(written, 'agent.yaml'))).toBe('connected');
});

test('who did what is printed, oldest first', async () => {
  await run('enroll edge-05');
  await run('reconcile edge-05');
  const { out } = await run('audit --limit 2');
  expect(out.split('\n').slice(1, 3)).toEqual([
    expect.stringMatching(/root +admin +device\.enroll +acme\/edge-05 +done +127\.0\.0\.1/),
    expect.stringMatching(/root +admin +device\.reconcile +edge-05 +failed +127\.0\.0\.1/),
  ]);
  const made = JSON.parse((await run('audit --action token.create -o json')).out) as {
    items: { actor: string; subject: string }[];
  };
  expect(made.items.at(-1)).toMatchObject({ actor: 'local', subject: 'root', source: '' });
});

test('the users of an external broker are the devices that are enrolled', async () => {
  await run('enroll edge-06');
  await run('revoke edge-06');
  const users = (await run('broker users --for mosquitto --fleet acme')).out.trimEnd().split('\n');
  expect(users[0]).toMatch(/^edge-01:\$6\$[A-Za-z0-9+/]{16}\$[A-Za-z0-9+/]{86}==$/);
  expect(users.map((line) => line.split(':')[0])).not.toContain('edge-06');
  const emqx = (await run('broker users --for emqx --fleet acme')).out.split('\n');
  expect(emqx[0]).toBe('user_id,password_hash,salt,is_superuser');
  expect(emqx[1]).toMatch(/^edge-01,[0-9a-f]{128},[\w-]{12},false$/);
  expect((await run('broker users --for emqx')).out).toBe('user_id,password_hash,salt,is_superuser\n');
});
