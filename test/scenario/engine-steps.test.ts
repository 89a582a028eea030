// Every step kind, and the look, against a real Engine; what happened is read from the Engine itself.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createEngine } from '../../agent/docker/create-engine.ts';
import type { Look } from '../../agent/docker/engine.ts';
import type { ContainerCreate } from '../../fleet/engine/create.ts';
import type { ContainerInspect, NetworkInspect } from '../../fleet/engine/inspect.ts';
import { cleanup, docker, dockerOk, engineSocket } from '../support/engine.ts';
import { takenPort, uniqueId } from '../support/machine.ts';
import { asStep } from '../support/steps.ts';
import { waitFor } from '../support/wait.ts';

const signal = new AbortController().signal;
const engine = createEngine({ socket: engineSocket() });
const { steps } = engine;
let device: string;
let labels: Record<string, string>;
let web: string;

beforeEach(() => {
  device = uniqueId('edge');
  labels = { 'io.holdfast.device': device };
  web = `${device}-web-1`;
});
afterEach(() => cleanup(device));

function body(over: Partial<ContainerCreate> = {}): ContainerCreate {
  return {
    Image: 'holdfast/busybox:1',
    Cmd: ['sleep', '1000'],
    Labels: labels,
    StopTimeout: 1,
    HostConfig: {},
    ...over,
  };
}
const create = (name: string, over: Partial<ContainerCreate> = {}): Promise<void> =>
  steps['create-container'](asStep({ kind: 'create-container', name, body: body(over) }), signal);
const start = (container: string): Promise<void> =>
  steps['start-container'](asStep({ kind: 'start-container', container }), signal);
const stop = (container: string, timeoutS: number | null = 1): Promise<void> =>
  steps['stop-container'](asStep({ kind: 'stop-container', container, timeoutS }), signal);
const inspect = (container: string): Promise<ContainerInspect> =>
  dockerOk<ContainerInspect>('GET', `/containers/${container}/json`);
const status = async (container: string): Promise<string> => (await inspect(container)).State.Status;
const makeNetwork = (name: string): Promise<void> => {
  const network = {
    Name: name,
    CheckDuplicate: true,
    Internal: true,
    Attachable: false,
    Options: {},
    Labels: labels,
  } as const;
  return steps['create-network'](asStep({ kind: 'create-network', body: network }), signal);
};
const look = (over: Partial<Look> = {}) =>
  engine.observe({ device, containerNames: [], networkNames: [], volumeNames: [], images: [], ...over }, signal);
const awaitIt = (
  container: string,
  condition: 'service_started' | 'service_healthy' | 'service_completed_successfully',
) => steps['await-service'](asStep({ kind: 'await-service', container, condition, timeoutMs: 8_000 }), signal);

describe('a container', () => {
  test('is created, started, stopped, and each is a success when it is already so', async () => {
    await create(web);
    expect(await status(web)).toBe('created');
    await start(web);
    await start(web);
    expect(await status(web)).toBe('running');
    await stop(web);
    await stop(web, null);
    expect(await status(web)).toBe('exited');
  });

  test('is removed by force with its anonymous volumes kept, and removing it again is a success', async () => {
    await create(web, { HostConfig: { Mounts: [{ Type: 'volume', Target: '/data' }] } });
    await start(web);
    const [mount] = (await inspect(web)).Mounts ?? [];
    const remove = () =>
      steps['remove-container'](asStep({ kind: 'remove-container', container: web, name: web }), signal);
    await remove();
    await remove();
    expect((await docker('GET', `/containers/${web}/json`)).status).toBe(404);
    expect((await docker('GET', `/volumes/${mount?.Name}`)).status).toBe(200);
    await dockerOk('DELETE', `/volumes/${mount?.Name}`);
  });

  test('whose name is taken is a NameConflict, and the holder is untouched', async () => {
    await create(web);
    const holder = (await inspect(web)).Id;
    await expect(create(web)).rejects.toMatchObject({ code: 'NameConflict' });
    expect((await inspect(web)).Id).toBe(holder);
  });

  test('without its image is refused in the words of the Engine', async () => {
    const creating = create(web, { Image: 'holdfast/absent:1' });
    await expect(creating).rejects.toMatchObject({
      code: 'DockerRefused',
      message: expect.stringMatching(/No such image: holdfast\/absent:1/),
    });
  });

  test('on a port that is taken is refused, naming the port', async () => {
    await using server = await takenPort();
    const ports = { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: String(server.port) }] };
    await create(web, { ExposedPorts: { '80/tcp': {} }, HostConfig: { PortBindings: ports } });
    await expect(start(web)).rejects.toMatchObject({
      code: 'DockerRefused',
      message: expect.stringContaining(String(server.port)),
    });
  });

  test('is renamed, unless the name is taken', async () => {
    await create(web);
    await create(`${web}-b`);
    const rename = (name: string) =>
      steps['rename-container'](asStep({ kind: 'rename-container', container: web, name }), signal);
    await expect(rename(`${web}-b`)).rejects.toMatchObject({ code: 'NameConflict' });
    await rename(web);
    await rename(`${web}-c`);
    expect(await status(`${web}-c`)).toBe('created');
  });

  test('is updated in place', async () => {
    await create(web);
    const update = { Memory: 64 * 1024 * 1024, MemorySwap: -1, RestartPolicy: { Name: 'always' } };
    await steps['update-container'](asStep({ kind: 'update-container', container: web, update }), signal);
    const { HostConfig } = await inspect(web);
    expect(HostConfig.Memory).toBe(update.Memory);
    expect(HostConfig.RestartPolicy?.Name).toBe('always');
  });

  test('is restarted and unpaused', async () => {
    await create(web);
    await start(web);
    const before = (await inspect(web)).State.StartedAt;
    await steps['restart-container'](asStep({ kind: 'restart-container', container: web, timeoutS: 0 }), signal);
    expect((await inspect(web)).State.StartedAt).not.toBe(before);
    await dockerOk('POST', `/containers/${web}/pause`);
    const unpause = () => steps['unpause-container'](asStep({ kind: 'unpause-container', container: web }), signal);
    await unpause();
    await unpause();
    expect(await status(web)).toBe('running');
  });
});

describe('networks and volumes', () => {
  test('a network is made once, and removing it twice is a success', async () => {
    await makeNetwork(device);
    await expect(makeNetwork(device)).rejects.toMatchObject({ code: 'NameConflict' });
    const remove = () =>
      steps['remove-network'](asStep({ kind: 'remove-network', network: device, name: device }), signal);
    await remove();
    await remove();
    expect((await docker('GET', `/networks/${device}`)).status).toBe(404);
  });

  test('a container is connected with its aliases and disconnected, running or not', async () => {
    for (const running of [false, true]) {
      const [network, name] = [`${device}-${running}`, `${web}-${running}`];
      await makeNetwork(network);
      await create(name);
      if (running) await start(name);
      const endpoint = { Aliases: ['front'] };
      const connect = () =>
        steps['connect-network'](asStep({ kind: 'connect-network', container: name, network, endpoint }), signal);
      await connect();
      await connect();
      expect((await inspect(name)).NetworkSettings.Networks?.[network]?.Aliases).toContain('front');
      const disconnect = () =>
        steps['disconnect-network'](asStep({ kind: 'disconnect-network', container: name, network }), signal);
      await disconnect();
      await disconnect();
      expect((await inspect(name)).NetworkSettings.Networks).not.toHaveProperty(network);
    }
  });

  test('a volume is made with its labels, and made again is the same', async () => {
    const volume = { Name: device, DriverOpts: {}, Labels: labels };
    const make = () => steps['create-volume'](asStep({ kind: 'create-volume', body: volume }), signal);
    await make();
    await make();
    const { Labels } = await dockerOk<{ Labels: Record<string, string> }>('GET', `/volumes/${device}`);
    expect(Labels).toEqual(labels);
  });

  test('a network in use is not removed', async () => {
    await makeNetwork(device);
    await create(web, { HostConfig: { NetworkMode: device } });
    await start(web);
    const removing = steps['remove-network'](asStep({ kind: 'remove-network', network: device, name: device }), signal);
    await expect(removing).rejects.toMatchObject({
      code: 'DockerRefused',
      message: expect.stringMatching(/active endpoints/),
    });
    expect((await docker<NetworkInspect>('GET', `/networks/${device}`)).body.Name).toBe(device);
  });
});

describe('waiting for a service', () => {
  const health = (test: string) => ({ Test: ['CMD-SHELL', test], Interval: 3e8, Timeout: 1e9, Retries: 1 });

  test('is over when it is healthy', async () => {
    await create(web, { Healthcheck: health('test -e /tmp/ready'), Cmd: ['sh', '-c', 'touch /tmp/ready; sleep 1000'] });
    await start(web);
    await awaitIt(web, 'service_healthy');
    expect((await inspect(web)).State.Health?.Status).toBe('healthy');
  });

  test('fails with the words of the health check when it is unhealthy', async () => {
    await create(web, { Healthcheck: health('echo "the till is closed"; exit 1') });
    await start(web);
    await expect(awaitIt(web, 'service_healthy')).rejects.toMatchObject({
      code: 'HealthCheckFailed',
      message: `${web} is not healthy: it is unhealthy; its health check said: the till is closed`,
    });
  });

  test('fails at once without a health check, when it is gone, and when it exited', async () => {
    await create(web, { Cmd: ['sh', '-c', 'exit 3'] });
    await start(web);
    await waitFor(async () => (await status(web)) === 'exited', { timeoutMs: 10_000, what: 'it exited' });
    await expect(awaitIt(web, 'service_started')).rejects.toMatchObject({
      message: expect.stringMatching(/exited with 3/),
    });
    await expect(awaitIt(web, 'service_completed_successfully')).rejects.toMatchObject({
      message: expect.stringMatching(/exited with 3/),
    });
    await expect(awaitIt(`${web}-absent`, 'service_started')).rejects.toMatchObject({
      message: expect.stringMatching(/is gone/),
    });
    await create(`${web}-b`);
    await start(`${web}-b`);
    await expect(awaitIt(`${web}-b`, 'service_healthy')).rejects.toMatchObject({
      message: expect.stringMatching(/no health check/),
    });
  });

  test('for its completion is over when it exited with 0', async () => {
    await create(web, { Cmd: ['sleep', '1'] });
    await start(web);
    await awaitIt(web, 'service_completed_successfully');
    expect((await inspect(web)).State).toMatchObject({ Status: 'exited', ExitCode: 0 });
  });

  test('fails when its time is up', async () => {
    await create(web);
    await start(web);
    const waiting = steps['await-service'](
      asStep({ kind: 'await-service', container: web, condition: 'service_completed_successfully', timeoutMs: 700 }),
      signal,
    );
    await expect(waiting).rejects.toMatchObject({
      code: 'HealthCheckFailed',
      message: expect.stringMatching(/still running after 0\.7 s/),
    });
  });
});

describe('a look', () => {
  test("holds this device's containers, networks and volumes, and not another's", async () => {
    const other = uniqueId('edge');
    await makeNetwork(device);
    await create(web, {
      HostConfig: { NetworkMode: device, Mounts: [{ Type: 'volume', Source: device, Target: '/d' }] },
    });
    await dockerOk('POST', '/volumes/create', { Name: `${device}-data`, Labels: labels });
    await create(`${other}-web-1`, { Labels: { 'io.holdfast.device': other } });
    const seen = await look();
    await cleanup(other);
    await dockerOk('DELETE', `/containers/${web}`);
    await dockerOk('DELETE', `/volumes/${device}`);
    expect(seen.containers.map(({ inspect }) => inspect.Name)).toEqual([`/${web}`]);
    expect(seen.networks.map(({ Name }) => Name)).toEqual([device]);
    expect(seen.volumes.map(({ Name }) => Name)).toEqual([`${device}-data`]);
    expect(seen.engine).toMatchObject({ os: 'linux', apiVersion: expect.stringMatching(/^1\.\d+$/) });
  });

  test('holds what has a wanted name without our label, but not what has the name as the start of its id', async () => {
    await create(web, { Labels: {} });
    const { Id } = await inspect(web);
    const wanted = await look({ containerNames: [web] });
    const byId = await look({ containerNames: [Id.slice(0, 12), web.slice(0, -1)] });
    await dockerOk('DELETE', `/containers/${web}`);
    expect(wanted.containers.map(({ inspect }) => inspect.Id)).toEqual([Id]);
    expect(byId.containers).toEqual([]);
  });

  test('holds images by reference and by the id that containers run, and leaves out what is absent', async () => {
    await create(web);
    const image = (await inspect(web)).Image;
    const { images } = await look({ images: ['holdfast/defaults:1', 'holdfast/absent:1'] });
    const wanted = images.get('holdfast/defaults:1')?.Id ?? '';
    expect(new Set(images.keys())).toEqual(new Set(['holdfast/defaults:1', wanted, image]));
    expect(images.get('holdfast/defaults:1')?.Config?.StopSignal).toBe('SIGKILL');
  });

  test('holds networks and volumes of a wanted name with their options', async () => {
    await dockerOk('POST', '/networks/create', {
      Name: device,
      Internal: true,
      IPAM: { Config: [{ Subnet: '10.99.7.0/24' }] },
    });
    const options = { type: 'tmpfs', device: 'tmpfs', o: 'size=1m' };
    await dockerOk('POST', '/volumes/create', { Name: device, DriverOpts: options });
    const seen = await look({ networkNames: [device], volumeNames: [device] });
    await dockerOk('DELETE', `/networks/${device}`);
    await dockerOk('DELETE', `/volumes/${device}`);
    expect(seen.networks).toMatchObject([
      { Name: device, Internal: true, IPAM: { Config: [{ Subnet: '10.99.7.0/24' }] } },
    ]);
    expect(seen.volumes).toMatchObject([{ Name: device, Driver: 'local', Options: options }]);
  });

  test('skips containers that vanish while it looks', async () => {
    const churn = new AbortController();
    const churning = (async () => {
      while (!churn.signal.aborted) {
        await create(web);
        await docker('DELETE', `/containers/${web}?force=1`);
      }
    })();
    await create(`${web}-stays`);
    for (let round = 0; round < 40; round++) {
      const names = (await look()).containers.map(({ inspect }) => inspect.Name);
      expect(names).toContain(`/${web}-stays`);
    }
    churn.abort();
    await churning;
  });

  test.each([
    ['stopped by someone', true, 0, ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 0.1; done']],
    ['that failed when it was stopped', true, 5, ['sh', '-c', 'trap "exit 5" TERM; while :; do sleep 0.1; done']],
    ['that ended by itself', false, 0, ['sleep', '1']],
    ['that failed by itself', false, 3, ['sh', '-c', 'exit 3']],
  ])('of a container %s says so', async (_, asked, exitCode, cmd) => {
    await create(web, { Cmd: cmd, StopTimeout: 10 });
    await start(web);
    if (asked) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      await dockerOk('POST', `/containers/${web}/stop`);
    }
    await waitFor(async () => (await status(web)) === 'exited', { timeoutMs: 10_000, what: 'the container exited' });
    const seen = await look();
    expect(seen.containers[0]?.inspect.State.ExitCode).toBe(exitCode);
    expect(seen.containers[0]?.stoppedByRequest).toBe(asked);
  });
});
