// The private Engine itself: several side by side, and nothing left when one stops or when its starter dies.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { startEngine } from '../../scripts/engine.ts';
import { ensureImages } from '../../scripts/images.ts';
import { docker, dockerOk } from '../support/engine.ts';
import { freePort } from '../support/machine.ts';

const folder = (): Promise<string> => mkdtemp(join(tmpdir(), 'hf-private-'));

test('one that stops takes its containers, processes, mounts, links and rules with it, and leaves the other alone', async () => {
  const dir = await folder();
  const engine = await startEngine({ dir });
  const run = dirname(engine.socket);
  const { socket } = engine;
  const port = await freePort();
  try {
    await ensureImages(socket, ['holdfast/busybox:1']);
    const { Id } = await dockerOk<{ Id: string }>('POST', '/networks/create', { Name: 'front' }, { socket });
    const body = {
      Image: 'holdfast/busybox:1',
      Cmd: ['httpd', '-f', '-h', '/www'],
      ExposedPorts: { '80/tcp': {} },
      HostConfig: { NetworkMode: 'front', PortBindings: { '80/tcp': [{ HostPort: String(port) }] } },
    };
    await dockerOk('POST', '/containers/create?name=web', body, { socket });
    await dockerOk('POST', '/containers/web/start', undefined, { socket });
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('release 1\n');
    expect((await docker('GET', '/containers/web/json')).status).toBe(404);
    const bridges = [`hf-${run.split('-')[1]}`, `br-${Id.slice(0, 12)}`];
    expect(traces(run, dir, bridges).length).toBeGreaterThan(4);
    await engine.stop();
    expect(traces(run, dir, bridges)).toEqual([]);
  } finally {
    await engine.stop();
  }
  expect((await docker('GET', '/_ping')).status).toBe(200);
});

test('one whose starter was killed is cleaned up by the next that starts', async () => {
  const dir = await folder();
  const script = `import { startEngine } from '${join(process.cwd(), 'scripts/engine.ts')}';
    console.log((await startEngine({ dir: ${JSON.stringify(dir)} })).socket); setInterval(() => {}, 1000);`;
  const starter = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(starter.stdout, 'data');
  const run = dirname(String(line).trim());
  expect((await docker('GET', '/_ping', undefined, { socket: join(run, 'docker.sock') })).status).toBe(200);
  starter.kill('SIGKILL');
  await once(starter, 'exit');
  const next = await startEngine({ dir: await folder(), firewall: false });
  await next.stop();
  expect(traces(run, dir, [`hf-${run.split('-')[1]}`])).toEqual([]);
});

test('one that cannot start shows the end of its log and leaves nothing', async () => {
  const dir = await folder();
  const before = readdirSync('/run').filter((name) => name.startsWith('hf-'));
  const path = process.env.PATH;
  process.env.PATH = '/nonexistent';
  try {
    await expect(startEngine({ dir, firewall: false })).rejects.toThrow();
  } finally {
    process.env.PATH = path;
  }
  expect(existsSync(dir)).toBe(false);
  expect(readdirSync('/run').filter((name) => name.startsWith('hf-') && !before.includes(name))).toEqual([]);
});

/** Everything on this machine that still belongs to an Engine, for people to read. */
function traces(run: string, dir: string, bridges: readonly string[]): readonly string[] {
  const found = [run, dir].filter((path) => existsSync(path));
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
      if (command.includes(`${run}/exec`)) found.push(command);
    } catch {
      // The process ended while it was looked at.
    }
  }
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  found.push(...mounts.filter((line) => line.includes(` ${dir}/`) || line.includes(` ${run}/`)));
  found.push(...bridges.filter((bridge) => existsSync(`/sys/class/net/${bridge}`)));
  const rules = execFileSync('iptables-save', { encoding: 'utf8' }).split('\n');
  found.push(...rules.filter((rule) => bridges.some((bridge) => rule.split(' ').includes(bridge))));
  return found;
}
