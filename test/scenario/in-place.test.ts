// Changes that keep the container, on the real Engine: its id and its start stay, while what it sees, is told, may use and is
// connected to change.
import { once } from 'node:events';
import { rename, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { ContainerInspect } from '../../fleet/engine/inspect.ts';
import { docker, dockerOk } from '../support/engine.ts';
import { uniqueId } from '../support/machine.ts';
import { makeSite } from '../support/site.ts';
import { waitFor } from '../support/wait.ts';

/** The Engine's proxy needs a moment for a port whose network has changed. */
async function answering(url: string): Promise<void> {
  await waitFor(async () => (await fetch(url)).status === 200, { timeoutMs: 10_000, what: `${url} answers` });
}

/** A device of its own for each test, with one app. */
async function makeHost() {
  const site = await makeSite();
  const app = uniqueId('app');
  await site.commit({ 'device.yaml': `apps: [ { name: ${app}, compose: compose.yaml } ]\n` });
  const one = async (name: string): Promise<ContainerInspect> => {
    const found = (await site.containers()).get(`${app}-${name}-1`);
    if (found === undefined) throw new Error(`no container of ${name}`);
    return found;
  };
  return {
    ...site,
    app,
    one,
    /** Which container it is, and since when it runs. */
    async life(name: string): Promise<string> {
      const { Id, State } = await one(name);
      return `${Id} ${State.StartedAt}`;
    },
    /** What a command in the container says. */
    async run(name: string, ...command: string[]): Promise<string> {
      const made = await dockerOk<{ Id: string }>('POST', `/containers/${(await one(name)).Id}/exec`, {
        ...{ AttachStdout: true, Tty: true, Cmd: command },
      });
      const said = await dockerOk<unknown>('POST', `/exec/${made.Id}/start`, { Detach: false, Tty: true });
      return String(said).replaceAll('\r', '');
    },
  };
}

/** Notes what it reads from its configuration at its start and at every SIGHUP. */
const PROGRAM = `note() { cat /etc/app.conf /etc/app/*.conf /run/secrets/* 2>/dev/null | tr '\\n' ' ' >> /tmp/read; echo >> /tmp/read; }; trap note HUP; note; while :; do sleep 0.1; done`;

const reloading = (reload: string, more = '') => `
services:
  web:
    image: holdfast/busybox:1
    command: [ "sh", "-c", ${JSON.stringify(PROGRAM.replaceAll('$', '$$$$'))} ]
    stop_signal: SIGKILL
    ${reload}
    volumes: [ "./app.conf:/etc/app.conf:ro", "./conf:/etc/app:ro" ]
${more}`;

describe.concurrent('content of a service with x-holdfast-reload', () => {
  it('is changed under the container, which is told: files, folders and secrets', async () => {
    await using host = await makeHost();
    const more = '    secrets: [ pin ]\nsecrets: { pin: { environment: PIN } }\n';
    const yaml = (pin: string) => `apps: [ { name: ${host.app}, compose: compose.yaml, env: { PIN: "${pin}" } } ]\n`;
    await host.declare({
      'compose.yaml': reloading('x-holdfast-reload: SIGHUP', more),
      'device.yaml': yaml('1111'),
      'app.conf': 'one\n',
      'conf/a.conf': 'a\n',
    });
    const before = await host.life('web');
    await host.declare({ 'app.conf': 'two, and longer\n' });
    await host.declare({ 'app.conf': '3\n', 'conf/a.conf': 'A\n', 'conf/b.conf': 'b\n' });
    await host.declare({ 'device.yaml': yaml('2222') });
    expect(await host.life('web')).toBe(before);
    expect(
      await host.run('web', 'cat', '/etc/app.conf', '/etc/app/a.conf', '/etc/app/b.conf', '/run/secrets/pin'),
    ).toBe('3\nA\nb\n2222');
    const read = (await host.run('web', 'cat', '/tmp/read'))
      .trim()
      .split('\n')
      .map((line) => line.trim());
    expect(read[0]).toBe('one a 1111');
    expect(read).toContain('two, and longer a 1111');
    expect(read.at(-1)).toBe('3 A b 2222');
    expect((await host.device.agent('plan')).code).toBe(0);
  });

  it('is put back under the container when it was edited on the host, which is told', async () => {
    await using host = await makeHost();
    await host.declare({
      'compose.yaml': reloading('x-holdfast-reload: SIGHUP'),
      'app.conf': 'one\n',
      'conf/a.conf': 'a\n',
    });
    const before = await host.life('web');
    const source =
      (await host.one('web')).Mounts?.find(({ Destination }) => Destination === '/etc/app.conf')?.Source ?? '';
    await writeFile(source, 'edited by hand\n');
    expect(await host.run('web', 'cat', '/etc/app.conf')).toBe('edited by hand\n');
    await host.declare({});
    expect(await host.run('web', 'cat', '/etc/app.conf')).toBe('one\n');
    expect(await host.life('web')).toBe(before);
    // An editor that replaces the file takes it from under the container: only a start shows it the next one.
    await writeFile(`${source}.new`, 'one\n', { mode: 0o644 });
    await rename(`${source}.new`, source);
    await host.declare({ 'app.conf': 'two\n' });
    expect(await host.run('web', 'cat', '/etc/app.conf')).toBe('two\n');
    expect((await host.life('web')).split(' ')[0]).toBe(before.split(' ')[0]);
    expect((await host.device.agent('plan')).code).toBe(0);
  });

  it('is told once the agent is back, when it died between the bytes and the signal', async () => {
    await using host = await makeHost();
    const files = { 'app.conf': 'one\n', 'conf/a.conf': 'a\n' };
    await host.declare({ 'compose.yaml': reloading('x-holdfast-reload: SIGHUP'), ...files });
    const before = await host.life('web');
    for (const text of ['two', 'three']) {
      await host.commit({ 'app.conf': `${text}\n` });
      {
        await using program = await host.device.start();
        await waitFor(() => program.output().includes(`"msg":"write content ${host.app}/web"`), {
          ...{ timeoutMs: 60_000, what: 'the bytes are written' },
        });
        program.child.kill('SIGKILL');
        await once(program.child, 'close');
      }
      await host.declare({});
      const read = (await host.run('web', 'cat', '/tmp/read')).trim().split('\n').at(-1);
      expect(read?.trim()).toBe(`${text} a`);
    }
    expect(await host.life('web')).toBe(before);
  });

  it('restarts the container where that is asked for, and replaces it where nothing is', async () => {
    await using host = await makeHost();
    const files = { 'app.conf': 'one\n', 'conf/a.conf': 'a\n' };
    await host.declare({ 'compose.yaml': reloading('x-holdfast-reload: restart'), ...files });
    const [first, started] = (await host.life('web')).split(' ');
    await host.declare({ 'app.conf': 'two\n' });
    const [second, restarted] = (await host.life('web')).split(' ');
    expect([second === first, restarted === started]).toEqual([true, false]);
    expect(await host.run('web', 'cat', '/etc/app.conf')).toBe('two\n');
    await host.declare({ 'compose.yaml': reloading('') });
    await host.declare({ 'app.conf': 'three\n' });
    expect((await host.life('web')).split(' ')[0]).not.toBe(first);
    expect(await host.run('web', 'cat', '/etc/app.conf')).toBe('three\n');
  });
});

const SLEEP = 'image: "holdfast/busybox:1", command: [sleep, "100000"], stop_signal: SIGKILL';

describe.concurrent('a network of another name', () => {
  it('is joined while the container runs, which keeps its ports and starts again on it; the old one goes', async () => {
    await using host = await makeHost();
    const compose = (networks: string) =>
      `services:\n  web: { image: "holdfast/busybox:1", command: [httpd, -f, -h, /etc], stop_signal: SIGKILL, ports: ["127.0.0.1:18421:80"] }\n${networks}`;
    await host.declare({ 'compose.yaml': compose('') });
    const before = await host.life('web');
    const network = `net-${host.id}`;
    await host.declare({ 'compose.yaml': compose(`networks: { default: { name: ${network} } }\n`) });
    expect(await host.life('web')).toBe(before);
    expect(Object.keys((await host.one('web')).NetworkSettings.Networks ?? {})).toEqual([network]);
    expect((await docker('GET', `/networks/${host.app}_default`)).status).toBe(404);
    await answering('http://127.0.0.1:18421/passwd');
    await dockerOk('POST', `/containers/${host.app}-web-1/restart?t=0`);
    await answering('http://127.0.0.1:18421/passwd');
    expect((await host.device.agent('plan')).code).toBe(0);
  });

  it('takes over the subnet of the old one', async () => {
    await using host = await makeHost();
    const compose = (key: string) =>
      `services:\n  web: { ${SLEEP}, networks: { ${key}: { ipv4_address: 10.242.7.9 } } }\nnetworks: { ${key}: { ipam: { config: [ { subnet: 10.242.7.0/24 } ] } } }\n`;
    await host.declare({ 'compose.yaml': compose('front') });
    const before = await host.life('web');
    await host.declare({ 'compose.yaml': compose('shop') });
    expect(await host.life('web')).toBe(before);
    expect((await host.one('web')).NetworkSettings.Networks?.[`${host.app}_shop`]?.IPAMConfig?.IPv4Address).toBe(
      '10.242.7.9',
    );
  });

  it('is told from another of that name, which is reported, and removed when it is ours and idle', async () => {
    await using host = await makeHost();
    const compose = (env: string) =>
      `services:\n  web: { ${SLEEP}, environment: { E: "${env}" }, networks: [front, back] }\nnetworks: { front: {}, back: {} }\n`;
    await host.declare({ 'compose.yaml': compose('1') });
    const twin = (key: string, Labels: object) =>
      dockerOk<{ Id: string }>('POST', '/networks/create', { Name: `${host.app}_${key}`, Labels });
    const ours = await twin('back', { 'io.holdfast.device': host.id });
    await host.declare({});
    expect((await docker('GET', `/networks/${ours.Id}`)).status).toBe(404);
    const strange = [await twin('front', {}), await twin('back', {})];
    await host.commit({ 'compose.yaml': compose('2') });
    const ran = await host.device.agent('once');
    expect(ran.output).toContain(`two networks are named \\"${host.app}_front\\"`);
    const { Config, State, NetworkSettings } = await host.one('web');
    expect([State.Status, Config.Env]).toEqual(['running', expect.arrayContaining(['E=2'])]);
    const joined = Object.values(NetworkSettings.Networks ?? {}).map(({ NetworkID }) => NetworkID);
    for (const { Id } of strange) {
      expect(joined).not.toContain(Id);
      await dockerOk('DELETE', `/networks/${Id}`);
    }
    await host.declare({});
  });
});

describe.concurrent('data', () => {
  it('stays in the volume that a service leaves, and is there again on the way back', async () => {
    await using host = await makeHost();
    const compose = (key: string) =>
      `services:\n  db: { ${SLEEP}, volumes: ["${key}:/data"] }\nvolumes: { ${key}: {} }\n`;
    await host.declare({ 'compose.yaml': compose('data') });
    await host.run('db', 'sh', '-c', 'echo precious > /data/file');
    await host.commit({ 'compose.yaml': compose('store') });
    expect((await host.device.agent('plan')).output).toContain(
      `the data stays in volume ${host.app}_data, which is kept; to go on with it, declare volumes.store.name: ${host.app}_data`,
    );
    await host.declare({});
    expect(await host.run('db', 'ls', '/data')).toBe('');
    await host.declare({ 'compose.yaml': compose('data') });
    expect(await host.run('db', 'cat', '/data/file')).toBe('precious\n');
  });

  it('of anonymous volumes survives a replacement, one under another name, and one in which the agent dies', async () => {
    await using host = await makeHost();
    const compose = (env: string, more = '') =>
      `services:\n  db: { ${SLEEP}, environment: { E: "${env}" }, volumes: ["/data"]${more} }\n`;
    await host.declare({ 'compose.yaml': compose('1') });
    await host.run('db', 'sh', '-c', 'echo precious > /data/file');
    const { Id } = await host.one('db');
    await host.declare({ 'compose.yaml': compose('2') });
    expect((await host.one('db')).Id).not.toBe(Id);
    expect(await host.run('db', 'cat', '/data/file')).toBe('precious\n');
    await host.declare({ 'compose.yaml': compose('3', `, container_name: ${host.app}-other`) });
    await host.declare({ 'compose.yaml': compose('3') });
    expect(await host.run('db', 'cat', '/data/file')).toBe('precious\n');
    for (const [env, sign] of [
      ['4', 'create '],
      ['5', 'stop '],
      ['6', 'start '],
      ['7', 'remove '],
    ] as const) {
      await host.commit({ 'compose.yaml': compose(env) });
      await using program = await host.device.start();
      await waitFor(() => program.output().includes(`"msg":"${sign}${host.app}/db"`), {
        ...{ timeoutMs: 60_000, what: `${sign}is done` },
      });
      program.child.kill('SIGKILL');
      await once(program.child, 'close');
      await host.declare({});
      expect((await host.one('db')).Config.Env).toContain(`E=${env}`);
      expect(await host.run('db', 'cat', '/data/file')).toBe('precious\n');
    }
  });
});

describe.concurrent('a container', () => {
  it('that was renamed by hand goes with its service; one that looks like it stays', async () => {
    await using host = await makeHost();
    const compose = (more: string) => `services:\n  web: { ${SLEEP} }\n${more}`;
    await host.declare({ 'compose.yaml': compose(`  db: { ${SLEEP} }\n`) });
    const db = await host.one('db');
    await dockerOk('POST', `/containers/${db.Id}/rename?name=backup-${host.id}`);
    const like = await dockerOk<{ Id: string }>('POST', `/containers/create?name=like-${host.id}`, {
      ...{ Image: 'holdfast/busybox:1', Cmd: ['sleep', '1000'], Labels: db.Config.Labels },
    });
    await dockerOk('POST', `/containers/${like.Id}/start`);
    const before = (await docker('GET', `/containers/${like.Id}/json`)).body;
    await host.commit({ 'compose.yaml': compose('') });
    // What nobody may remove but a person is left, and said.
    expect((await host.device.agent('once')).output).toContain(`container like-${host.id} is not declared`);
    expect((await docker('GET', `/containers/${db.Id}/json`)).status).toBe(404);
    expect((await docker('GET', `/containers/${like.Id}/json`)).body).toEqual(before);
  });

  it('changes its limits, restart policy, name, networks, aliases and address while it runs', async () => {
    await using host = await makeHost();
    const compose = (keys: string, networks: string) =>
      `services:\n  web: { ${SLEEP}, ${keys}, networks: { ${networks} } }\nnetworks: { front: { ipam: { config: [ { subnet: 10.242.8.0/24 } ] } }, back: {}, more: {} }\n`;
    await host.declare({
      'compose.yaml': compose(
        'mem_limit: 64m, mem_reservation: 48m, memswap_limit: 80m, cpu_shares: 512, cpuset: "0", pids_limit: 50, restart: always, cpus: 0.5',
        'front: { ipv4_address: 10.242.8.9 }, back: { aliases: [one] }',
      ),
    });
    const before = await host.life('web');
    // Each of these is refused unless the call says the others with it.
    await host.declare({
      'compose.yaml': compose(
        'mem_limit: 96m, mem_reservation: 64m, memswap_limit: 128m, cpu_shares: 256, cpuset: "0-1", restart: unless-stopped, cpus: 0.75',
        'front: { ipv4_address: 10.242.8.10 }, more: {}',
      ),
    });
    await host.declare({
      'compose.yaml': compose(
        'mem_limit: 32m, mem_reservation: 16m, memswap_limit: 40m, cpu_shares: 256, cpuset: "0-1", cpus: 0.75',
        'front: { ipv4_address: 10.242.8.10 }, more: {}',
      ),
    });
    expect(await host.life('web')).toBe(before);
    const { HostConfig, NetworkSettings } = await host.one('web');
    expect(HostConfig).toMatchObject({
      ...{ Memory: 32 << 20, MemoryReservation: 16 << 20, MemorySwap: 40 << 20, CpuShares: 256, CpusetCpus: '0-1' },
      ...{ NanoCpus: 75e7, RestartPolicy: { Name: 'no' } },
    });
    expect(HostConfig.PidsLimit ?? 0).toBeLessThanOrEqual(0);
    expect(Object.keys(NetworkSettings.Networks ?? {}).sort()).toEqual([`${host.app}_front`, `${host.app}_more`]);
    expect(NetworkSettings.Networks?.[`${host.app}_front`]?.IPAMConfig?.IPv4Address).toBe('10.242.8.10');
  });
});

describe.concurrent('two services', () => {
  it('swap their host ports in one commit', async () => {
    await using host = await makeHost();
    const serve = (text: string, port: number) =>
      `{ image: "holdfast/busybox:1", command: [sh, -c, "mkdir /www; echo ${text} > /www/index.html; exec httpd -f -h /www"], stop_signal: SIGKILL, ports: ["127.0.0.1:${port}:80"] }`;
    const compose = (a: number, b: number) => `services:\n  a: ${serve('a', a)}\n  b: ${serve('b', b)}\n`;
    const said = async (port: number) => (await (await fetch(`http://127.0.0.1:${port}/`)).text()).trim();
    await host.declare({ 'compose.yaml': compose(18431, 18432) });
    expect([await said(18431), await said(18432)]).toEqual(['a', 'b']);
    await host.declare({ 'compose.yaml': compose(18432, 18431) });
    expect([await said(18431), await said(18432)]).toEqual(['b', 'a']);
  });

  it('swap their container names in one commit', async () => {
    await using host = await makeHost();
    const [one, two] = [`one-${host.id}`, `two-${host.id}`];
    const compose = (a: string, b: string) =>
      `services:\n  a: { ${SLEEP}, container_name: ${a}, labels: { is: a } }\n  b: { ${SLEEP}, container_name: ${b}, labels: { is: b } }\n`;
    await host.declare({ 'compose.yaml': compose(one, two) });
    await host.declare({ 'compose.yaml': compose(two, one) });
    const found = await host.containers();
    expect([found.get(one)?.Config.Labels?.is, found.get(two)?.Config.Labels?.is]).toEqual(['b', 'a']);
    expect(found.size).toBe(2);
  });
});
