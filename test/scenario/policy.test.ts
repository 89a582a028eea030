// What a commit may do to a host, on the real Engine: what is denied changes nothing that runs, and says what would allow it.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeKey, type Repository, signImage } from '../support/cosign.ts';
import { dockerOk } from '../support/engine.ts';
import { type TemporaryFolder, temporaryFolder, uniqueId } from '../support/machine.ts';
import { type Registry, startRegistry } from '../support/registry.ts';
import { makeSite } from '../support/site.ts';

const key = makeKey();
let folder: TemporaryFolder;
let registry: Registry;

beforeAll(async () => {
  folder = await temporaryFolder();
  registry = await startRegistry();
  await writeFile(join(folder.path, 'cosign.pub'), key.pem);
});

afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

async function makeHost(policy: string) {
  const site = await makeSite();
  const { configFile } = site.device;
  const base = await readFile(configFile, 'utf8');
  /** Rewrites the `policy` of its agent.yaml. */
  const allow = (given: string) => writeFile(configFile, `${base}policy: ${given}\n`);
  await allow(policy);
  return {
    ...site,
    allow,
    commitWeb: (service: string) => site.commit({ 'compose.yaml': `services:\n  web:\n${service}` }),
    /** Id and start of its one container. */
    async running(): Promise<string> {
      const [found, ...more] = [...(await site.containers()).values()];
      expect(more).toEqual([]);
      expect(found?.State.Status).toBe('running');
      return `${found?.Id} ${found?.State.StartedAt} ${found?.Config.Image}`;
    },
  };
}

const COMMAND = '    command: [sleep, "100000"]\n    stop_signal: SIGKILL\n';
const web = (image: string, more = ''): string => `    image: ${image}\n${COMMAND}${more}`;

describe.concurrent('a commit that asks for more than the host allows', () => {
  it('leaves what runs alone, names place and permission, and is applied once the owner allows it', async () => {
    await using host = await makeHost('{}');
    const { device, commitWeb, allow, running } = host;
    await commitWeb(web('holdfast/busybox:1'));
    expect((await device.agent('once')).code).toBe(0);
    const before = await running();

    await commitWeb(web('holdfast/busybox:2', '    volumes:\n      - /srv:/srv\n      - /var/run/docker.sock:/s:ro\n'));
    const refused = await device.agent('once');
    expect(refused.code).toBe(1);
    expect(refused.output).toContain('PolicyDenied');
    expect(refused.output).toMatch(/compose\.yaml:7:9: services\.web\.volumes: .*mounts \/srv of the host/);
    expect(refused.output).toContain('policy: { binds: [/srv] }');
    expect(refused.output).toMatch(/compose\.yaml:8:9: services\.web\.volumes: .*mounts \S+docker\.sock of the host/);
    expect(refused.output).toContain('policy: { docker_socket: true }');
    expect(await running()).toBe(before);

    await allow('{ binds: [/srv], docker_socket: true }');
    const allowed = await device.agent('once');
    expect(allowed.code, allowed.output).toBe(0);
    expect(await running()).not.toBe(before);
  });

  it('is held, not torn down, when the owner forbids what is already in force', async () => {
    await using host = await makeHost('{ binds: [/srv] }');
    const { device, commitWeb, allow, running } = host;
    await commitWeb(web('holdfast/busybox:1', '    volumes:\n      - /srv:/srv\n'));
    expect((await device.agent('once')).code).toBe(0);
    const before = await running();
    await allow('{}');
    const held = await device.agent('once');
    expect(held).toMatchObject({ code: 1, output: expect.stringContaining('PolicyDenied') });
    expect(await running()).toBe(before);
    // What the policy forbids is not started again either.
    await dockerOk('DELETE', `/containers/${before.split(' ')[0]}?force=true`);
    const again = await device.agent('once');
    expect(again).toMatchObject({ code: 1, output: expect.stringContaining('left as it is') });
    expect((await host.containers()).size).toBe(0);
  });
});

describe.concurrent('a host that wants signed images', () => {
  it('refuses one that is not signed, runs it once it is, by what was verified, and stays up without the registry', async () => {
    const name = `shop/${uniqueId('signed')}`;
    const repository: Repository = { origin: `http://${registry.address}`, name };
    const image = await registry.push('holdfast/busybox:1', `${name}:1`);
    await using host = await makeHost(
      `{ images: { registries: ["${registry.address}/shop"], cosign_keys: [${join(folder.path, 'cosign.pub')}] } }`,
    );
    const { device, commitWeb, running } = host;
    await commitWeb(web('holdfast/busybox:1'));
    const foreign = await device.agent('once');
    expect(foreign).toMatchObject({ code: 1, output: expect.stringContaining('policy.images.registries') });

    await commitWeb(web(image));
    const refused = await device.agent('once');
    expect(refused).toMatchObject({ code: 1, output: expect.stringContaining('VerificationError') });
    expect(refused.output).toMatch(/compose\.yaml:3:12: services\.web\.image: .*it is not signed/);
    expect((await host.containers()).size).toBe(0);

    const digest = await digestOf(repository);
    await signImage(repository, digest, key);
    const signed = await device.agent('once');
    expect(signed.code, signed.output).toBe(0);
    const before = await running();
    expect(before).toContain(`${image}@${digest}`);
    expect(await device.agent('plan')).toMatchObject({ code: 0 });

    // The tag moves: nobody here follows it. The registry goes away: nobody here notices.
    await registry.push('holdfast/busybox:2', `${name}:1`);
    expect((await device.agent('once')).code).toBe(0);
    expect(await running()).toBe(before);
    await registry[Symbol.asyncDispose]();
    expect((await device.agent('once')).code).toBe(0);
    expect(await running()).toBe(before);
  });
});

async function digestOf({ origin, name }: Repository): Promise<string> {
  const accept = 'application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json';
  const answer = await fetch(`${origin}/v2/${name}/manifests/1`, { method: 'HEAD', headers: { accept } });
  return answer.headers.get('docker-content-digest') ?? '';
}
