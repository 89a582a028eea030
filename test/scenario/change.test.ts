// What a commit changes, on the real Engine: that service and no other; what it takes away goes, and nothing else.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { containersOf } from '../support/containers.ts';
import { type Device, makeDevice } from '../support/device.ts';
import { cleanup, docker } from '../support/engine.ts';
import { type Fleet, makeFleet } from '../support/fleet.ts';
import { type TemporaryFolder, temporaryFolder, uniqueId } from '../support/machine.ts';

let folder: TemporaryFolder;
let fleet: Fleet;
let device: Device;
const id = uniqueId();
const app = uniqueId('app');
const base = `devices/${id}`;

interface Web {
  readonly image?: string;
  readonly zone?: string;
  readonly port?: number;
  readonly more?: string;
}

function compose({ image = 'holdfast/busybox:1', zone = 'UTC', port = 18411, more = '' }: Web = {}): string {
  const common = 'command: [sleep, "100000"], stop_signal: SIGKILL';
  return `services:
  web: { image: "${image}", ${common}, environment: { TZ: ${zone} }, ports: ["127.0.0.1:${port}:80"], volumes: ["./page.html:/page.html:ro", "data:/data"] }
  cache: { image: holdfast/busybox:1, ${common} }
  setup: { image: holdfast/busybox:1, command: ["true"] }
${more}volumes: { data: {} }
`;
}

beforeAll(async () => {
  folder = await temporaryFolder();
  fleet = await makeFleet(folder.path);
  device = await makeDevice({ id, url: fleet.url, folder: join(folder.path, id) });
  await fleet.commit({
    [`${base}/device.yaml`]: `apps: [ { name: ${app}, compose: compose.yaml } ]\n`,
    [`${base}/compose.yaml`]: compose(),
    [`${base}/page.html`]: 'one\n',
  });
});

afterAll(async () => {
  await cleanup(id);
  await fleet.close();
  await folder[Symbol.asyncDispose]();
});

async function converge(): Promise<ReadonlyMap<string, string>> {
  const ran = await device.agent('once');
  expect(ran.code, ran.output).toBe(0);
  const containers = await containersOf(id);
  return new Map(
    [...containers].map(([name, { Id, State }]) => [name.slice(app.length + 1), `${Id} ${State.StartedAt}`]),
  );
}

describe('a commit', () => {
  it.each([
    ['image', { [`${base}/compose.yaml`]: compose({ image: 'holdfast/busybox:2' }) }],
    ['environment', { [`${base}/compose.yaml`]: compose({ image: 'holdfast/busybox:2', zone: 'Asia/Tokyo' }) }],
    ['port', { [`${base}/compose.yaml`]: compose({ image: 'holdfast/busybox:2', zone: 'Asia/Tokyo', port: 18412 }) }],
    ['mounted file', { [`${base}/page.html`]: 'two\n' }],
  ])('that changes one service’s %s recreates that service only', async (_what, files) => {
    const before = await converge();
    await fleet.commit(files);
    const after = await converge();
    expect([...after.keys()].sort()).toEqual(['cache-1', 'setup-1', 'web-1']);
    expect(after.get('web-1')).not.toBe(before.get('web-1'));
    expect(after.get('cache-1')).toBe(before.get('cache-1'));
    expect(after.get('setup-1')).toBe(before.get('setup-1'));
  });

  it('the mounted file has the new bytes inside the container', async () => {
    const { body } = await docker<{ Id: string }>('POST', `/containers/${app}-web-1/exec`, {
      Cmd: ['cat', '/page.html'],
      AttachStdout: true,
    });
    const { body: output } = await docker<string>('POST', `/exec/${body.Id}/start`, {});
    expect(output).toContain('two');
  });

  it('that changes nothing of this device plans nothing', async () => {
    const before = await converge();
    await fleet.commit({ 'devices/other/compose.yaml': 'services: { x: { image: x } }\n' });
    expect(await device.agent('plan')).toMatchObject({ code: 0 });
    expect(await converge()).toEqual(before);
  });

  it('that removes a service removes its container, and keeps its volume and the others', async () => {
    const before = await converge();
    await fleet.commit({
      [`${base}/compose.yaml`]:
        'services:\n  cache: { image: holdfast/busybox:1, command: [sleep, "100000"], stop_signal: SIGKILL }\n',
    });
    expect(await device.agent('plan')).toMatchObject({
      code: 2,
      output: expect.stringContaining('no longer declared'),
    });
    const after = await converge();
    expect([...after]).toEqual([['cache-1', before.get('cache-1')]]);
    expect((await docker('GET', `/volumes/${app}_data`)).status).toBe(200);
  });

  it('that names a taken container name is refused with NameConflict, and the other container is untouched', async () => {
    const name = `taken-${id}`;
    await docker('POST', `/containers/create?name=${name}`, { Image: 'holdfast/busybox:1' });
    await fleet.commit({
      [`${base}/compose.yaml`]: `services:\n  cache: { image: holdfast/busybox:1, command: [sleep, "100000"], stop_signal: SIGKILL }\n  mine: { image: holdfast/busybox:1, container_name: ${name} }\n`,
    });
    const ran = await device.agent('once');
    expect(ran).toMatchObject({ code: 1, output: expect.stringContaining('NameConflict') });
    expect((await docker('GET', `/containers/${name}/json`)).status).toBe(200);
    await docker('DELETE', `/containers/${name}?force=true`);
  });

  it('that asks for a host folder that the device does not allow is refused with its place', async () => {
    await fleet.commit({
      [`${base}/compose.yaml`]:
        'services:\n  spy:\n    image: holdfast/busybox:1\n    volumes:\n      - /etc:/host-etc\n',
    });
    const ran = await device.agent('once');
    expect(ran.code).toBe(1);
    expect(ran.output).toContain('PolicyDenied');
    expect(ran.output).toMatch(/compose\.yaml:5:\d+/);
    expect(ran.output).toContain('policy.binds');
  });
});
