// Rules of drift on the real Engine: what a person may do and keep, what somebody keeps setting, and what was done inside.
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { Status } from '../../fleet/wire/messages.ts';
import { docker } from '../support/engine.ts';
import type { Program } from '../support/machine.ts';
import { makeSite, type Site } from '../support/site.ts';
import { waitFor } from '../support/wait.ts';

interface Web {
  readonly limit?: string;
  readonly color?: string;
}

/** Two services; `web` has a limit and a variable that tests change. */
function compose({ limit = '64m', color = 'red' }: Web = {}): string {
  // No good end: of one that ended with 0 the Engine may have forgotten that it was stopped.
  const command = '["sh", "-c", "trap \'exit 3\' TERM; while :; do sleep 0.1; done"]';
  return `
services:
  web:
    image: holdfast/busybox:1
    command: ${command}
    mem_limit: ${limit}
    environment: { COLOR: ${color} }
    healthcheck: { test: ["CMD", "true"], interval: 1s }
  other:
    image: holdfast/busybox:1
    command: ${command}
`;
}

const files = (app: string, drift: string, parts: Web = {}) => ({
  'compose.yaml': compose(parts),
  'device.yaml': `apps: [ { name: ${app}, compose: compose.yaml, health_timeout: 60s, drift: ${drift} } ]\n`,
});

async function siteWith(drift: string, interval = '1h'): Promise<Site> {
  const site = await makeSite({ interval });
  await site.declare(files(site.id, drift));
  return site;
}

const ready = ({ conditions }: Status) => conditions.find(({ type }) => type === 'Ready');

describe.concurrent('a field that is only warned of', () => {
  it('stays as a person set it, while a new revision passes its gate and other drift is corrected', async () => {
    const rules = '{ warn: ["services.other.state", "services.web.mem_limit"] }';
    await using site = await siteWith(rules);
    const { id, device } = site;
    await docker('POST', `/containers/${id}-other-1/stop`);
    await docker('POST', `/containers/${id}-web-1/update`, { Memory: 32 << 20, MemorySwap: 64 << 20 });
    await docker('POST', `/containers/${id}-web-1/pause`);
    await device.agent('once');
    const status = device.status();
    expect(status.drift.map(({ resource, field }) => `${resource} ${field}`)).toEqual([
      `service:${id}/other state`,
      `service:${id}/web mem_limit`,
    ]);
    expect(ready(status)).toMatchObject({ status: 'False', reason: 'DriftDetected' });
    const found = await site.containers();
    expect(found.get(`${id}-other-1`)?.State.Status).toBe('exited');
    expect(found.get(`${id}-web-1`)?.State.Status).toBe('running');
    expect(found.get(`${id}-web-1`)?.HostConfig.Memory).toBe(32 << 20);

    await site.commit(files(id, rules, { color: 'blue' }));
    const ran = await device.agent('once');
    const after = await site.containers();
    expect(after.get(`${id}-web-1`)?.HostConfig.Memory, 'made anew, it is as declared').toBe(64 << 20);
    expect(after.get(`${id}-web-1`)?.Config.Env).toContain('COLOR=blue');
    expect(after.get(`${id}-other-1`)?.State.Status, 'nobody asked for it').toBe('exited');
    const { revision, drift } = device.status();
    expect(revision.last_good, `the gate does not wait for what was stopped on purpose\n${ran.output}`).toBe(
      revision.desired,
    );
    expect(drift.map(({ resource, field }) => `${resource} ${field}`)).toEqual([`service:${id}/other state`]);
  });
});

describe.concurrent('something that sets a field again each time', () => {
  it('is reported as a fight, costs little, and holds up nothing else', async () => {
    await using site = await siteWith('correct', '1s');
    const { id, device } = site;
    await using program = await device.start();
    const synced = () => device.status().sync === 'Synced';
    await waitFor(synced, { timeoutMs: 60_000, what: 'the device is in sync' });
    const web = async () => (await site.containers()).get(`${id}-web-1`);
    const stop = new AbortController();
    const fighting = setLimitUntil(stop.signal, `${id}-web-1`);
    try {
      await waitFor(() => program.output().includes('something else sets it'), {
        timeoutMs: 60_000,
        what: 'a fight is reported',
      });
      const line = program
        .output()
        .split('\n')
        .find((one) => one.includes('something else sets it'));
      expect(line).toMatch(/"reason":"DriftDetected"/);
      expect(line).toMatch(/corrected 5 times in \d+s.*next correction in (2\d|30)s/);

      const steps = () => program.output().split('"msg":"update ').length;
      const [before, busy] = [steps(), await cpuSeconds(program)];
      await new Promise((resolve) => setTimeout(resolve, 10_000));
      expect(steps(), 'nothing is corrected meanwhile').toBe(before);
      expect((await cpuSeconds(program)) - busy, 'CPU seconds in ten').toBeLessThan(1);
      expect(device.status().drift).toMatchObject([{ field: 'mem_limit', by: expect.stringMatching(/^update at/) }]);

      await docker('POST', `/containers/${id}-other-1/kill`);
      const runs = async () => (await site.containers()).get(`${id}-other-1`)?.State.Status === 'running';
      await waitFor(runs, { timeoutMs: 5000, what: 'another service is started again' });

      await site.commit(files(id, 'correct', { color: 'blue' }));
      const blue = async () => (await web())?.Config.Env?.includes('COLOR=blue') === true;
      await waitFor(blue, { timeoutMs: 15_000, what: 'a change from Git is applied' });
    } finally {
      stop.abort();
      await fighting;
    }
  });
});

describe.concurrent('inside', () => {
  it('files and exec sessions are told where the device asks for it, and make it no less ready', async () => {
    await using site = await siteWith('{ inside: 1s, ignore: ["services.web.files./opt/*"] }');
    const { id, device } = site;
    expect(device.status().drift, 'a health check is no session').toEqual([]);
    await exec(`${id}-web-1`, [
      'sh',
      '-c',
      'mkdir -p /opt/a /tmp/b; echo x > /opt/a/ignored; echo x > /tmp/b/c; echo x > /etc/mine',
    ]);
    await exec(`${id}-web-1`, ['sleep', '1000']);
    expect((await device.agent('once')).code).toBe(0);
    const status = device.status();
    expect(status.drift).toMatchObject([
      {
        resource: `service:${id}/web`,
        kind: 'unexpected',
        field: 'files',
        observed: ['A /etc/mine'],
        by: expect.stringMatching(/^exec "/),
      },
      { resource: `service:${id}/web`, kind: 'unexpected', field: 'exec', observed: ['sleep …'] },
    ]);
    expect(ready(status)).toMatchObject({ status: 'True' });
  });

  it('nothing is told where nobody asks', async () => {
    await using site = await siteWith('correct');
    const { id, device } = site;
    await exec(`${id}-web-1`, ['touch', '/etc/mine']);
    expect((await device.agent('once')).code).toBe(0);
    expect(device.status().drift).toEqual([]);
  });
});

async function setLimitUntil(signal: AbortSignal, container: string): Promise<void> {
  while (!signal.aborted) {
    await docker('POST', `/containers/${container}/update`, { Memory: 32 << 20, MemorySwap: 64 << 20 });
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

async function exec(container: string, command: readonly string[]): Promise<void> {
  const { body } = await docker<{ Id: string }>('POST', `/containers/${container}/exec`, { Cmd: command });
  await docker('POST', `/exec/${body.Id}/start`, { Detach: true, Tty: false });
  await new Promise((resolve) => setTimeout(resolve, 500));
}

/** User and system time of the agent's process. */
async function cpuSeconds(program: Program): Promise<number> {
  const stat = await readFile(`/proc/${program.child.pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
