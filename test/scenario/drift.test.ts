// What people do to a host behind Git's back, on the real Engine: seen as drift with field, declared and live value,
// corrected in the smallest way, and only reported where the device says so.
import { readFile, rename, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ContainerInspect } from '../../fleet/engine/inspect.ts';
import type { DriftEntry, Status } from '../../fleet/wire/messages.ts';
import { docker, dockerOk } from '../support/engine.ts';
import type { Program } from '../support/machine.ts';
import { makeSite, type Site } from '../support/site.ts';
import { waitFor } from '../support/wait.ts';

/** Alike in all of the services. */
const SERVICE = {
  image: 'holdfast/busybox:1',
  command: ['sh', '-c', 'exec sleep 100000'],
  stop_signal: 'SIGKILL',
  mem_limit: '64m',
  networks: ['front', 'back'],
};

/** An app with these services, each with a page of its own; it runs. */
async function siteWith(names: readonly string[], rules = ''): Promise<Site> {
  const site = await makeSite({ interval: '1h' });
  const services = names.map((name) => [name, { ...SERVICE, volumes: [`./${name}.html:/www/page.html:ro`] }]);
  const compose = {
    services: Object.fromEntries(services),
    networks: { front: {}, back: {} },
    volumes: { data: { labels: { tier: 'gold' } } },
  };
  await site.declare({
    'compose.yaml': JSON.stringify(compose),
    'device.yaml': `${rules}\napps: [ { name: till, compose: compose.yaml } ]\n`,
    ...Object.fromEntries(names.map((name) => [`${name}.html`, pageOf(name)])),
  });
  return site;
}

const pageOf = (name: string) => `declared for ${name}\n`;

/** One deviation, of a service of its own: what a person does, what is reported, and how to see that it is mended. */
interface Deviation {
  readonly name: string;
  readonly service: string;
  readonly act: (container: string) => Promise<unknown>;
  readonly reported: Omit<DriftEntry, 'since' | 'resource' | 'by'>;
  /** What the Engine tells of who did it. */
  readonly by?: RegExp;
  readonly mended: (container: ContainerInspect) => boolean | Promise<boolean>;
}

const runs = ({ State }: ContainerInspect) => State.Status === 'running';
const networksOf = ({ NetworkSettings }: ContainerInspect) => Object.keys(NetworkSettings.Networks ?? {}).sort();

const EDITED: Deviation['reported'] = {
  kind: 'field',
  field: 'volumes./www/page.html',
  desired: expect.stringMatching(/^content [0-9a-f]{40}$/),
  observed: expect.stringMatching(/ edited$/),
};

const DEVIATIONS: readonly Deviation[] = [
  {
    name: 'docker rm -f',
    service: 'removed',
    act: (container) => dockerOk('DELETE', `/containers/${container}?force=true`),
    reported: { kind: 'missing', field: null, desired: 'running', observed: null },
    by: /^destroy at /,
    mended: runs,
  },
  {
    name: 'docker stop',
    service: 'stopped',
    act: (container) => dockerOk('POST', `/containers/${container}/stop`),
    reported: { kind: 'field', field: 'state', desired: 'running', observed: 'exited (137)' },
    by: /^stop at /,
    mended: runs,
  },
  {
    name: 'docker pause',
    service: 'paused',
    act: (container) => dockerOk('POST', `/containers/${container}/pause`),
    reported: { kind: 'field', field: 'state', desired: 'running', observed: 'paused' },
    by: /^pause at /,
    mended: runs,
  },
  {
    name: 'docker update --memory',
    service: 'limited',
    act: (container) => dockerOk('POST', `/containers/${container}/update`, { Memory: 32 << 20, MemorySwap: 64 << 20 }),
    reported: { kind: 'field', field: 'mem_limit', desired: 64 << 20, observed: 32 << 20 },
    by: /^update at /,
    mended: ({ HostConfig }) => HostConfig.Memory === 64 << 20,
  },
  {
    name: 'docker rename',
    service: 'renamed',
    act: (container) => dockerOk('POST', `/containers/${container}/rename?name=mine-${container}`),
    reported: { kind: 'field', field: 'container_name', desired: 'till-renamed-1', observed: 'mine-till-renamed-1' },
    by: /^rename from till-renamed-1 at /,
    mended: runs,
  },
  {
    name: 'docker network disconnect',
    service: 'disconnected',
    act: (Container) => dockerOk('POST', '/networks/till_back/disconnect', { Container }),
    reported: { kind: 'field', field: 'networks.back', desired: ['disconnected'], observed: null },
    by: /^network disconnect at /,
    mended: (container) => networksOf(container).includes('till_back'),
  },
  {
    name: 'docker kill',
    service: 'killed',
    act: (container) => dockerOk('POST', `/containers/${container}/kill`),
    reported: { kind: 'field', field: 'state', desired: 'running', observed: 'exited (137)' },
    by: /^kill signal 9 at /,
    mended: runs,
  },
  {
    name: 'docker network connect',
    service: 'connected',
    act: (Container) => dockerOk('POST', '/networks/bridge/connect', { Container }),
    reported: { kind: 'unexpected', field: 'networks.bridge', desired: null, observed: [] },
    by: /^network connect at /,
    mended: (container) => !networksOf(container).includes('bridge'),
  },
  {
    name: 'other aliases on a network',
    service: 'aliased',
    act: async (Container) => {
      await dockerOk('POST', '/networks/till_back/disconnect', { Container });
      await dockerOk('POST', '/networks/till_back/connect', { Container, EndpointConfig: { Aliases: ['shop'] } });
    },
    reported: { kind: 'field', field: 'networks.back', desired: ['aliased'], observed: ['shop'] },
    by: /^network connect at /,
    mended: ({ NetworkSettings }) => {
      const { Aliases } = NetworkSettings.Networks?.till_back ?? {};
      return Aliases?.includes('aliased') === true && !Aliases.includes('shop');
    },
  },
  {
    name: 'a content file that is replaced by another',
    service: 'replaced',
    act: async (container) => {
      const page = await pageFile(container);
      await writeFile(`${page}.new`, 'replaced by hand\n');
      await rename(`${page}.new`, page);
    },
    reported: EDITED,
    mended: async (container) => runs(container) && (await readInside('till-replaced-1')) === pageOf('replaced'),
  },
  {
    name: 'an edited content file',
    service: 'edited',
    act: async (container) => writeFile(await pageFile(container), 'edited by hand\n'),
    reported: EDITED,
    mended: async (container) =>
      runs(container) && (await readFile(await pageFile('till-edited-1'), 'utf8')) === pageOf('edited'),
  },
];

const SERVICES = DEVIATIONS.map(({ service }) => service);

/** All at once: of edited files nothing tells the agent, it sees them at the look that the others bring about. */
async function deviate(): Promise<void> {
  const isEdit = ({ reported }: Deviation) => reported === EDITED;
  for (const edits of [true, false])
    await Promise.all(
      DEVIATIONS.filter((one) => isEdit(one) === edits).map(({ act, service }) => act(`till-${service}-1`)),
    );
}

/** Where the container has its page from. */
async function pageFile(container: string): Promise<string> {
  const { Mounts } = await dockerOk<ContainerInspect>('GET', `/containers/${container}/json`);
  return Mounts?.find(({ Destination }) => Destination === '/www/page.html')?.Source ?? '';
}

/** What the container itself sees: its own root is where it keeps what it was started with. */
async function readInside(container: string): Promise<string> {
  const { body } = await docker<{ Id: string }>('POST', `/containers/${container}/exec`, {
    AttachStdout: true,
    Cmd: ['cat', '/www/page.html'],
  });
  const { body: output } = await docker<string>('POST', `/exec/${body.Id}/start`, { Detach: false, Tty: false });
  // Behind a header of eight bytes.
  return String(output).slice(8);
}

/** Every status the daemon stored is overwritten by the next: events in the log keep what was seen. */
function driftEvents(program: Program): string[] {
  return program
    .output()
    .split('\n')
    .filter((line) => line.includes('"reason":"DriftDetected"'));
}

const resourceOf = ({ service }: Deviation) => `service:till/${service}`;

describe('drift: correct', () => {
  let site: Site;
  let program: Program;
  let before: ReadonlyMap<string, ContainerInspect>;

  beforeAll(async () => {
    site = await siteWith(SERVICES);
    before = await site.containers();
    program = await site.device.start();
    const synced = () => program.output().includes('starting from') && site.device.status().sync === 'Synced';
    await waitFor(synced, { timeoutMs: 60_000, what: 'the device is in sync' });
    await deviate();
  });
  afterAll(async () => {
    await program[Symbol.asyncDispose]();
    await site[Symbol.asyncDispose]();
  });

  it.each(DEVIATIONS)('$name is reported and corrected', async (deviation) => {
    const { reported, by, mended, service } = deviation;
    const container = `till-${service}-1`;
    const field = reported.field === null ? 'not there' : `drift: ${reported.field} is `;
    const told = () =>
      driftEvents(program).find((line) => line.includes(field) && line.includes(`"${resourceOf(deviation)}"`));
    await waitFor(() => told() !== undefined, { timeoutMs: 60_000, what: `drift of ${field} is reported` });
    // The Engine tells of a stop only after the end that it led to.
    const first = by?.source.startsWith('^stop') ? /^(stop|kill signal 9) at / : by;
    if (first !== undefined) expect(/\(([^()]*)\)"/.exec(told() ?? '')?.[1]).toMatch(first);
    const isMended = async () => {
      const live = (await site.containers()).get(container);
      return live !== undefined && (await mended(live));
    };
    await waitFor(isMended, { timeoutMs: 60_000, what: 'it is mended' });
    const isSame = (await site.containers()).get(container)?.Id === before.get(container)?.Id;
    expect(isSame, 'no container is made anew but the one that is gone').toBe(reported.kind !== 'missing');
  });

  it('no drift is left', async () => {
    await waitFor(() => site.device.status().drift.length === 0, { timeoutMs: 60_000, what: 'no drift is left' });
  });

  it('a container of somebody else is never touched', async () => {
    const name = `stranger-${site.id}`;
    await docker('POST', `/containers/create?name=${name}`, {
      Image: 'holdfast/busybox:1',
      Cmd: ['sleep', '1000'],
      Labels: { 'com.docker.compose.project': 'till' },
    });
    await docker('POST', `/containers/${name}/start`);
    const before = (await docker('GET', `/containers/${name}/json`)).body;
    await docker('DELETE', '/containers/till-removed-1?force=true');
    const isBack = async () => (await site.containers()).get('till-removed-1')?.State.Status === 'running';
    await waitFor(isBack, { timeoutMs: 60_000, what: 'the service runs again' });
    expect((await docker('GET', `/containers/${name}/json`)).body).toEqual(before);
    await docker('DELETE', `/containers/${name}?force=true`);
  });
});

describe('beside what is declared', () => {
  let site: Site;

  beforeAll(async () => {
    site = await siteWith(['web']);
  });
  afterAll(() => site[Symbol.asyncDispose]());

  const web = async () => (await site.containers()).get('till-web-1');
  const drift = async () => {
    await site.device.agent('once');
    return site.device.status().drift.map(({ since: _, ...entry }) => entry);
  };

  it('a look-alike that runs beside ours is reported and left alone, and so is ours', async () => {
    const ours = await web();
    const labels = { ...ours?.Config.Labels };
    const name = `twin-${site.id}`;
    await docker('POST', `/containers/create?name=${name}`, {
      Image: 'holdfast/busybox:1',
      Cmd: ['sleep', '1000'],
      Labels: labels,
    });
    await docker('POST', `/containers/${name}/start`);
    expect(await drift()).toEqual([
      {
        ...{ resource: 'service:till/web', kind: 'unexpected', field: null, desired: null },
        ...{ observed: `container ${name}`, by: expect.stringMatching(/^create at /) },
      },
    ]);
    expect((await web())?.Id).toBe(ours?.Id);
    expect((await site.containers()).get(name)?.State.Status).toBe('running');
    await docker('DELETE', `/containers/${name}?force=true`);
    expect(await drift()).toEqual([]);
  });

  it('a volume that somebody made again with other labels is reported and kept', async () => {
    await docker('DELETE', '/volumes/till_data');
    await docker('POST', '/volumes/create', {
      Name: 'till_data',
      Labels: { 'io.holdfast.device': site.id, tier: 'tin' },
    });
    expect(await drift()).toMatchObject([
      { resource: 'volume:till/data', field: 'labels.tier', desired: 'gold', observed: 'tin' },
    ]);
    await docker('DELETE', '/volumes/till_data');
    expect(await drift()).toEqual([]);
    expect((await docker<{ Labels: object }>('GET', '/volumes/till_data')).body.Labels).toMatchObject({ tier: 'gold' });
  });

  it('a network that somebody made again is put back under the running container', async () => {
    const before = await web();
    await docker('POST', '/networks/till_back/disconnect', { Container: 'till-web-1' });
    await docker('DELETE', '/networks/till_back');
    await docker('POST', '/networks/create', {
      ...{
        Name: 'till_back',
        Internal: true,
        Attachable: true,
        Options: { 'com.docker.network.bridge.enable_icc': 'false' },
      },
      Labels: { 'io.holdfast.device': site.id, 'io.holdfast.app': 'till' },
    });
    const planned = await site.device.agent('plan');
    expect(planned.output).toMatch(/network +till\/back +.*(attachable: true → false|internal: true → false)/);
    expect(await drift()).toEqual([]);
    const { body } = await docker<{ Internal: boolean; Attachable: boolean }>('GET', '/networks/till_back');
    expect(body).toMatchObject({ Internal: false, Attachable: false });
    const after = await web();
    expect(after?.Id).toBe(before?.Id);
    expect(Object.keys(after?.NetworkSettings.Networks ?? {}).sort()).toEqual(['till_back', 'till_front']);
  });

  it('a tag that leads to another image is no drift, unless the file asks for the newest', async () => {
    const before = await web();
    const other = await docker<{ Id: string }>('POST', '/commit?container=till-web-1&repo=holdfast/moved&tag=1');
    expect(other.status).toBe(201);
    const original = (await docker<{ Id: string }>('GET', '/images/holdfast/busybox:1/json')).body.Id;
    try {
      await docker('POST', '/images/holdfast/moved:1/tag?repo=holdfast/busybox&tag=1');
      expect(await drift()).toEqual([]);
      expect((await web())?.Id).toBe(before?.Id);
    } finally {
      await docker('POST', `/images/${original}/tag?repo=holdfast/busybox&tag=1`);
      await docker('DELETE', '/images/holdfast/moved:1');
    }
  });
});

describe('drift: warn', () => {
  let site: Site;
  let status: Status;

  beforeAll(async () => {
    site = await siteWith(SERVICES, 'drift: warn');
    const { device } = site;
    await deviate();
    const before = await site.containers();
    const ran = await device.agent('once');
    expect(ran.code, ran.output).toBe(1);
    status = device.status();
    expect(statesOf(await site.containers())).toEqual(statesOf(before));
  });
  afterAll(() => site[Symbol.asyncDispose]());

  it.each(DEVIATIONS)('$name is reported and left alone', (deviation) => {
    const { reported, by } = deviation;
    expect(status.drift.filter(({ resource }) => resource === resourceOf(deviation))).toEqual([
      {
        ...reported,
        resource: resourceOf(deviation),
        since: expect.any(String),
        ...(by === undefined ? {} : { by: expect.stringMatching(by) }),
      },
    ]);
    expect(status.sync).toBe('OutOfSync');
  });
});

function statesOf(containers: ReadonlyMap<string, ContainerInspect>) {
  return [...containers].map(([name, { Id, State }]) => [name, Id, State.Status, State.StartedAt]).sort();
}
