// `holdfast plan`: a repository, its history, and a status, against each other.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commitAll, git, makeRepository } from '../../../scripts/git-repository.ts';
import { FULL } from '../../agent/mqtt/statuses.ts';
import { sealedText } from '../../support/sops.ts';
import { startHub, until } from '../running.ts';
import { holdfast, type Ran, type TemporaryRepository, temporaryRepository } from './holdfast.ts';

const HOME = 'devices/edge-01';
const WEB =
  'image: nginx:1.26, environment: { TZ: UTC }, ports: ["8080:80"], volumes: ["./site.conf:/etc/site.conf:ro"]';
const DB = 'image: postgres:16, mem_limit: 64m, networks: [back]';
const MORE = 'volumes: { data: {} }\nnetworks: { back: {} }\n';
const FILES: Readonly<Record<string, string>> = {
  'fleet.yaml': 'groups:\n  - { name: kiosks, selector: { role: kiosk }, apps: [ kiosk ], env: { LANG: de } }\n',
  'apps/kiosk/compose.yaml': 'services:\n  lang: { image: "lang:1", environment: { LANG: "${LANG}" } }\n',
  [`${HOME}/device.yaml`]:
    'labels: { role: kiosk }\napps:\n  - { name: shop, compose: compose.yaml, secrets: [ shop.sops.yaml ] }\n',
  [`${HOME}/compose.yaml`]: compose({ web: WEB, db: DB }),
  [`${HOME}/site.conf`]: 'one\n',
  [`${HOME}/shop.sops.yaml`]: sealedText('shop.sops.yaml', 'db_password: first\nother: same\n', {}),
};

function compose(services: Readonly<Record<string, string>>, more = MORE): string {
  const lines = Object.entries(services).map(([name, text]) => `  ${name}: { ${text} }\n`);
  return `services:\n${lines.join('')}${more}`;
}

let repo: TemporaryRepository;
let applied: string;
beforeAll(async () => {
  repo = await temporaryRepository();
  await makeRepository(repo.folder);
  for (const [path, text] of Object.entries(FILES)) await repo.write(path, text);
  applied = `main@sha1:${await commitAll(repo.folder, 'applied')}`;
});
afterAll(() => repo.remove());

const service = (name: string) => ({ name, health: 'Healthy', image: 'x', digest: null, restarts: 0 });
const status = (over: object = {}) => ({
  ...FULL,
  revision: { desired: applied, applied, last_good: applied, signed_by: null },
  apps: [
    { name: 'shop', sync: 'Synced', health: 'Healthy', services: [service('web'), service('db')] },
    { name: 'kiosk', sync: 'Synced', health: 'Healthy', services: [service('lang')] },
  ],
  ...over,
});
const drift = (resource: string, field: string | null, observed: unknown, desired: unknown = null) => ({
  ...{ resource, field, desired, observed, since: FULL.ts },
  kind: field === null ? 'missing' : 'field',
});

/** The working tree with these files instead, against a status. */
async function planned(
  files: Readonly<Record<string, string>>,
  told: object = status(),
  ...args: string[]
): Promise<Ran> {
  const file = join(repo.folder, '.status.json');
  await writeFile(file, JSON.stringify(told));
  for (const [path, text] of Object.entries(files)) await repo.write(path, text);
  try {
    return await holdfast(['plan', repo.folder, 'edge-01', '--against', file, ...args], {
      now: () => Date.parse(FULL.ts) + 180_000,
    });
  } finally {
    await git(repo.folder, 'checkout', '--quiet', '--', '.');
    await git(repo.folder, 'clean', '--quiet', '-fd');
    await rm(file, { force: true });
  }
}

/** Services and what becomes of them, and the differences behind it. */
async function outcome(files: Readonly<Record<string, string>>, told?: object): Promise<string[]> {
  const ran = await planned(files, told, '-o', 'json');
  expect(ran.err).toBe('');
  const { summary } = JSON.parse(ran.out);
  expect(ran.exit).toBe(summary.resources.length === 0 ? 0 : 1);
  return summary.resources.map((one: { name: string; action: string; causes: string[] }) =>
    [one.name, one.action, ...one.causes].join(' | '),
  );
}

const CASES: Readonly<Record<string, readonly [Readonly<Record<string, string>>, readonly (string | RegExp)[]]>> = {
  'nothing changed': [{}, []],
  'another image': [
    { [`${HOME}/compose.yaml`]: compose({ web: WEB.replace('1.26', '1.27'), db: DB }) },
    ['shop/web | recreate | image: nginx:1.26 → nginx:1.27'],
  ],
  'a variable': [
    { [`${HOME}/compose.yaml`]: compose({ web: WEB.replace('UTC', 'CET'), db: DB }) },
    ['shop/web | recreate | environment.TZ: UTC → CET'],
  ],
  'a limit': [
    { [`${HOME}/compose.yaml`]: compose({ web: WEB, db: DB.replace('64m', '128m') }) },
    ['shop/db | in-place | mem_limit: 64 MiB → 128 MiB'],
  ],
  'one service more': [
    { [`${HOME}/compose.yaml`]: compose({ web: WEB, db: DB, new: 'image: new:1' }) },
    ['shop/new | create | new service'],
  ],
  'one service less': [
    { [`${HOME}/compose.yaml`]: compose({ db: DB }) },
    ['shop/web | remove | no longer declared', 'network shop/default | remove | no longer declared'],
  ],
  'a file': [
    { [`${HOME}/site.conf`]: 'two\n' },
    [/^shop\/web \| recreate \| volumes\.\/etc\/site\.conf: content \S+ \(ro\) → content/],
  ],
  'a network': [
    { [`${HOME}/compose.yaml`]: compose({ web: WEB, db: DB }, MORE.replace('back: {}', 'back: { internal: true }')) },
    ['network shop/back | recreate | internal: false → true', 'shop/db | in-place | its network was replaced'],
  ],
  'another network': [
    { [`${HOME}/compose.yaml`]: compose({ web: WEB, db: DB.replace('[back]', '[back, default]') }) },
    ['shop/db | in-place | networks.default: none → [db]'],
  ],
  'a setting of its group': [
    { 'fleet.yaml': FILES['fleet.yaml']?.replace('LANG: de', 'LANG: fr') ?? '' },
    ['kiosk/lang | recreate | environment.LANG: de → fr'],
  ],
  'an app less': [
    { [`${HOME}/device.yaml`]: FILES[`${HOME}/device.yaml`]?.replace('role: kiosk', 'role: other') ?? '' },
    ['kiosk/lang | remove | no longer declared', 'network kiosk/default | remove | no longer declared'],
  ],
  'an app more': [
    {
      'apps/till/compose.yaml': 'services: { till: { image: "till:1" } }\n',
      [`${HOME}/device.yaml`]: `${FILES[`${HOME}/device.yaml`]}  - till\n`,
    },
    ['network till/default | create | new network', 'till/till | create | new service'],
  ],
};

test.each(Object.entries(CASES))('%s', async (_name, [files, expected]) => {
  const got = await outcome(files);
  expect(got).toEqual(expected.map((one) => (one instanceof RegExp ? expect.stringMatching(one) : one)));
});

describe('what the device told', () => {
  test.each<readonly [string, object, readonly string[]]>([
    [
      'drift',
      { drift: [drift('service:shop/db', 'mem_limit', 32 * 1024 ** 2)] },
      ['shop/db | in-place | mem_limit: 32 MiB → 64 MiB'],
    ],
    [
      'a stopped service',
      { drift: [drift('service:shop/web', 'state', 'exited (137)')] },
      ['shop/web | in-place | state: exited (137) → running'],
    ],
    ['a missing service', { drift: [drift('service:shop/web', null, null)] }, ['shop/web | create | not there']],
    [
      'a service that its health says is missing',
      {
        apps: [
          { name: 'shop', sync: 'OutOfSync', health: 'Missing', services: [{ ...service('web'), health: 'Missing' }] },
        ],
      },
      ['shop/web | create | not there'],
    ],
  ])('%s is in the plan', async (_name, over, expected) => {
    expect(await outcome({}, status(over))).toEqual(expected);
  });

  test('that nothing was applied makes everything new', async () => {
    const told = status({ revision: { desired: null, applied: null, last_good: null, signed_by: null }, apps: [] });
    expect(await outcome({}, told)).toContain('shop/web | create | new service');
  });

  test('that it was on the way elsewhere is said', async () => {
    const desired = `main@sha1:${'f'.repeat(40)}`;
    const ran = await planned(
      {},
      status({ revision: { desired, applied, last_good: null, signed_by: null }, changes: 2 }),
    );
    expect(ran.out).toContain('on the way to main@ffffffff, 2 changes not applied');
  });

  test('as the API gives it, or with a name of its own, is understood', async () => {
    expect((await planned({}, { id: 'edge-01', status: status() })).exit).toBe(0);
    const { schema: _schema, device: _device, instance: _instance, boot: _boot, seq: _seq, ...stored } = status();
    expect((await planned({}, stored)).exit).toBe(0);
    expect(await planned({}, status({ device: 'edge-02' }))).toMatchObject({
      exit: 2,
      err: expect.stringContaining('is of the device "edge-02"'),
    });
    expect(await planned({}, { id: 'edge-01', status: null })).toMatchObject({
      exit: 1,
      err: expect.stringContaining('has not told its status yet'),
    });
    expect(await planned({}, { some: 'thing' })).toMatchObject({
      exit: 2,
      err: expect.stringContaining('holds no status'),
    });
  });
});

test('the text says how old it is, what follows and who decides', async () => {
  const { out } = await planned({ [`${HOME}/compose.yaml`]: compose({ web: WEB.replace('UTC', 'CET'), db: DB }) });
  expect(out).toBe(
    `
edge-01 ran ${applied.slice(0, 'main@'.length)}${applied.slice(-40, -32)} when it last reported, 3m ago; it decides in the end.
working tree: 1 changed in Git, 0 drifted on the host, 5 steps
shop/web  recreate  environment.TZ: UTC → CET  down about 2 s
1 change: 1 recreated; longest gap about 2 s

1. create  shop/web  environment.TZ: UTC → CET
2. stop    shop/web  environment.TZ: UTC → CET
3. start   shop/web  environment.TZ: UTC → CET
4. remove  shop/web  environment.TZ: UTC → CET
5. rename  shop/web  environment.TZ: UTC → CET
`.trimStart(),
  );
  expect((await planned({})).out).toMatch(/\nNothing to do\.\n$/);
});

test('a suspended device is planned nothing', async () => {
  const files = { [`${HOME}/device.yaml`]: `suspend: true\n${FILES[`${HOME}/device.yaml`]}` };
  expect(await planned(files)).toMatchObject({ exit: 0, out: expect.stringContaining('Suspended') });
});

describe('secrets that nobody here can open', () => {
  const using = compose({ web: WEB, db: `${DB}, environment: { DSN: "\${db_password}", OTHER: "\${other}" }` });
  const sops = `${HOME}/shop.sops.yaml`;

  test('are equal where they are encrypted equally, changed where not, and never shown', async () => {
    await repo.write(`${HOME}/compose.yaml`, using);
    const revision = `main@sha1:${await commitAll(repo.folder, 'secrets')}`;
    const told = status({ revision: { desired: revision, applied: revision, last_good: null, signed_by: null } });
    expect(await outcome({}, told)).toEqual([]);
    const rotated = sealedText('shop.sops.yaml', 'db_password: second\nother: same\n', {
      newIv: () => Buffer.alloc(32, 7),
    });
    const [same] = /^other: .*$/m.exec(FILES[sops] ?? '') ?? [];
    const files = { [sops]: rotated.replace(/^other: .*$/m, () => same ?? '') };
    expect(await outcome(files, told)).toEqual(['shop/db | recreate | environment.DSN: (redacted) → (redacted)']);
    await git(repo.folder, 'reset', '--quiet', '--hard', 'HEAD~1');
  });
});

describe('the history', () => {
  test('is read where it is packed, and from a linked work tree', async () => {
    await git(repo.folder, 'gc', '--quiet');
    expect(await outcome({})).toEqual([]);
    const linked = `${repo.folder}-linked`;
    await git(repo.folder, 'worktree', 'add', '--quiet', linked);
    const file = join(linked, 'status.json');
    await writeFile(file, JSON.stringify(status()));
    expect(await holdfast(['plan', linked, 'edge-01', '--against', file])).toMatchObject({ exit: 0, err: '' });
    await git(repo.folder, 'worktree', 'remove', '--force', linked);
  });

  test('that lacks the commit says how to get it', async () => {
    const gone = `main@sha1:${'0'.repeat(40)}`;
    const told = status({ revision: { desired: gone, applied: gone, last_good: null, signed_by: null } });
    expect(await planned({}, told)).toMatchObject({
      exit: 2,
      out: '',
      err: expect.stringContaining(`git fetch origin ${'0'.repeat(40)}`),
    });
  });

  test('that is not there says so', async () => {
    const bare = await temporaryRepository();
    await bare.write(`${HOME}/compose.yaml`, compose({ db: DB }));
    await bare.write('status.json', JSON.stringify(status()));
    const ran = await holdfast(['plan', bare.folder, 'edge-01', '--against', join(bare.folder, 'status.json')]);
    expect(ran).toMatchObject({ exit: 2, err: expect.stringContaining('is not the top of a Git repository') });
    await bare.remove();
  });
});

test('without --against the hub is asked', async () => {
  const hub = await startHub();
  try {
    const device = await hub.device('edge-01');
    await device.presence();
    const heard = async () => holdfast(['plan', repo.folder, 'edge-01', '--hub', hub.http]);
    expect(await heard()).toMatchObject({ exit: 1, err: expect.stringContaining('has not told its status yet') });
    const { revision, drift: found } = status();
    await device.status({ revision, drift: found, apps: [] });
    await until(heard, ({ exit }) => exit === 0);
    expect((await heard()).out).toContain('Nothing to do.');
  } finally {
    await hub.stop();
  }
  expect(await holdfast(['plan', repo.folder, 'edge-01', '--hub', hub.http])).toMatchObject({
    exit: 2,
    err: expect.stringContaining('cannot reach the hub'),
  });
});

test('files with errors are told, and nothing is planned', async () => {
  const ran = await planned({ [`${HOME}/compose.yaml`]: 'services:\n  web: { image: nginx, prots: [a] }\n' });
  expect(ran).toMatchObject({ exit: 1, out: '', err: expect.stringContaining('did you mean "ports"?') });
});

test('docs/planning.md shows what is printed', async () => {
  const page = await readFile(join(import.meta.dirname, '../../../docs/planning.md'), 'utf8');
  const [before, after] = [...page.matchAll(/^```yaml\n# \S*compose\.yaml\n([\s\S]*?)^```/gm)].map(
    ([, text = '']) => text,
  );
  const [shown] = /^```text\n(edge-01 ran [\s\S]*?)^```/m.exec(page)?.slice(1) ?? [];
  const shop = await temporaryRepository();
  await makeRepository(shop.folder);
  await shop.write(`${HOME}/compose.yaml`, before ?? '');
  const revision = `main@sha1:${await commitAll(shop.folder, 'before')}`;
  await shop.write(`${HOME}/compose.yaml`, after ?? '');
  const told = status({
    revision: { desired: revision, applied: revision, last_good: null, signed_by: null },
    apps: [],
  });
  await shop.write(
    'status.json',
    JSON.stringify({ ...told, drift: [drift('service:edge-01/db', 'mem_limit', 32 * 1024 ** 2)] }),
  );
  const now = () => Date.parse(FULL.ts) + 180_000;
  const { out } = await holdfast(['plan', shop.folder, 'edge-01', '--against', join(shop.folder, 'status.json')], {
    now,
  });
  await shop.remove();
  expect(out.replace(/main@[0-9a-f]{8}/, 'main@1a2b3c4d')).toBe(shown);
});
