// What would happen, told by the agent on the host and by `holdfast plan` far from it: the same steps. And the agent's plan is
// what its loop would do, also where Git or the policy say no.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { holdfast } from '../hub/cli/holdfast.ts';
import { containersOf } from '../support/containers.ts';
import { type Device, makeDevice } from '../support/device.ts';
import { cleanup, dockerOk } from '../support/engine.ts';
import { type Fleet, makeFleet } from '../support/fleet.ts';
import { type TemporaryFolder, temporaryFolder, uniqueId } from '../support/machine.ts';

const id = uniqueId();
const [shop, watched] = [uniqueId('shop'), uniqueId('watched')];
const base = `devices/${id}`;
let folder: TemporaryFolder;
let fleet: Fleet;
let device: Device;

const RUN = 'command: [sleep, "100000"], stop_signal: SIGKILL';
const compose = (services: Readonly<Record<string, string>>, more: string) =>
  `services:\n${Object.entries(services)
    .map(([name, text]) => `  ${name}: { ${RUN}, ${text} }\n`)
    .join('')}${more}`;
const A = {
  [`${base}/device.yaml`]: `apps:\n  - { name: ${shop}, compose: compose.yaml }\n  - { name: ${watched}, compose: watched.yaml, drift: warn }\n`,
  [`${base}/compose.yaml`]: compose(
    {
      web: 'image: holdfast/busybox:1, environment: { TZ: UTC }, volumes: ["./site.conf:/etc/site.conf:ro", "data:/data"]',
      db: 'image: holdfast/busybox:1, mem_limit: 64m, networks: [back, default]',
      cache: 'image: holdfast/busybox:1, depends_on: { db: { condition: service_started, restart: true } }',
      gone: 'image: holdfast/busybox:1',
    },
    'networks: { back: {}, odd: {} }\nvolumes: { data: {} }\n',
  ),
  [`${base}/watched.yaml`]: compose(
    {
      one: 'image: holdfast/busybox:1, mem_limit: 64m',
      two: 'image: holdfast/busybox:1, networks: [side]',
      three: 'image: holdfast/busybox:1',
    },
    'networks: { side: {} }\n',
  ),
  [`${base}/site.conf`]: 'one\n',
};
/** The image is on no host yet: who cannot look takes that for granted of every new one. */
const B = {
  [`${base}/device.yaml`]: A[`${base}/device.yaml`]?.replace(', drift: warn', '') ?? '',
  [`${base}/compose.yaml`]: compose(
    {
      web: 'image: holdfast/elsewhere:1, environment: { TZ: CET }, volumes: ["./site.conf:/etc/site.conf:ro", "data:/data"]',
      db: 'image: holdfast/busybox:1, mem_limit: 128m, networks: [back]',
      cache: 'image: holdfast/busybox:1, depends_on: { db: { condition: service_started, restart: true } }',
      new: 'image: holdfast/busybox:1, depends_on: [ web ]',
    },
    'networks: { back: { internal: true }, default: {} }\nvolumes: { data: {} }\n',
  ),
  [`${base}/site.conf`]: 'two\n',
};

beforeAll(async () => {
  folder = await temporaryFolder();
  fleet = await makeFleet(folder.path);
  device = await makeDevice({ id, url: fleet.url, folder: folder.path });
  await fleet.commit(A);
  const ran = await device.agent('once');
  expect(ran.code, ran.output).toBe(0);
}, 120_000);

afterAll(async () => {
  await cleanup(id);
  await fleet.close();
  await folder[Symbol.asyncDispose]();
});

/** The numbered lines. */
function steps(output: string): string[] {
  return output.split('\n').filter((line) => /^ *\d+\. /.test(line));
}

async function ahead(status: string) {
  const file = join(folder.path, 'status.json');
  await writeFile(file, status);
  return await holdfast(['plan', join(folder.path, 'fleet'), id, '--against', file]);
}

it('what just was applied leaves nothing to do, here and there', async () => {
  const status = await device.agent('status', '-o', 'json');
  expect(await device.agent('plan')).toMatchObject({ code: 0, output: expect.stringContaining('Nothing to do.') });
  expect(await ahead(status.output)).toMatchObject({ exit: 0, out: expect.stringContaining('Nothing to do.') });
});

it('a change on top of drift is planned far away as on the host', async () => {
  const id = (name: string) => `${watched}-${name}-1`;
  await dockerOk('POST', `/containers/${id('one')}/update`, { Memory: 32 * 1024 ** 2, MemorySwap: 64 * 1024 ** 2 });
  await dockerOk('POST', `/networks/${watched}_side/disconnect`, { Container: id('two') });
  await dockerOk('POST', `/containers/${id('three')}/stop?t=0`);
  expect((await device.agent('once')).code).toBe(1);
  const status = await device.agent('status', '-o', 'json');
  expect(JSON.parse(status.output).drift).toHaveLength(3);
  await fleet.commit(B);
  const [there, here] = [await device.agent('plan'), await ahead(status.output)];
  expect(there.code, there.output).toBe(2);
  expect(here).toMatchObject({ exit: 1, err: '' });
  expect(steps(here.out)).toEqual(steps(there.output));
  expect(steps(here.out).length).toBeGreaterThan(15);
});

it('while Git is away the plan is that of what is in force, and says so', async () => {
  await fleet.away();
  const ran = await device.agent('plan');
  await fleet.back();
  expect(ran).toMatchObject({ code: 1, output: expect.stringContaining('stays in force') });
});

it('an app that the policy denies is planned to be left as it is, as the loop leaves it', async () => {
  await fleet.commit({
    [`${base}/device.yaml`]: `apps:\n  - { name: ${shop}, compose: compose.yaml }\n`,
    [`${base}/compose.yaml`]: compose({ web: 'image: holdfast/busybox:1, cap_add: [NET_ADMIN]' }, ''),
  });
  const config = await readFile(device.configFile, 'utf8');
  await writeFile(device.configFile, `${config}policy: { capabilities: [NET_ADMIN] }\n`);
  const ran = await device.agent('once');
  expect(ran.code, ran.output).toBe(0);
  await writeFile(device.configFile, config);
  await dockerOk('DELETE', `/containers/${shop}-web-1?force=1`);
  const plan = await device.agent('plan');
  expect(plan.code, plan.output).toBe(1);
  expect(plan.output).toContain(`blocked  app:${shop}  PolicyDenied: left as it is:`);
  expect(steps(plan.output)).toEqual([]);
  await device.agent('once');
  expect((await containersOf(device.id)).size).toBe(0);
});
