import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { holdfast, type TemporaryRepository, temporaryRepository } from './holdfast.ts';

let repo: TemporaryRepository;
beforeEach(async () => {
  repo = await temporaryRepository();
});
afterEach(() => repo.remove());

const GOOD = 'services:\n  web:\n    image: nginx:1.27\n';
const TYPO = 'services:\n  web:\n    image: nginx\n    prots: ["80:80"]\n';

const validate = (...args: string[]) => holdfast(['validate', repo.folder, ...args]);

test('a good repository has no errors', async () => {
  await repo.write('devices/edge-01/compose.yaml', GOOD);
  expect(await validate()).toEqual({ exit: 0, out: '1 device: no errors, 0 warnings\n', err: '' });
});

test('every fault of every device is printed with its place, in the order of the files, and a count closes', async () => {
  await repo.write('devices/edge-02/compose.yaml', 'services:\n  web:\n    image: 7\n');
  await repo.write('devices/edge-01/compose.yaml', TYPO);
  const { exit, out } = await validate();
  expect(exit).toBe(1);
  expect(out).toMatch(
    /^devices\/edge-01\/compose\.yaml:4:5: .*\n.*\n.*did you mean "ports"\?\n\ndevices\/edge-02\/compose\.yaml:3:/,
  );
  expect(out).toMatch(/\n2 devices: \d errors, \d warnings\n$/);
});

test('a fault of a shared app is said once, however many devices run it', async () => {
  await repo.write('apps/kiosk/compose.yaml', TYPO);
  const runs = 'apps:\n  - name: kiosk\n    compose: [ ../../apps/kiosk/compose.yaml ]\n';
  for (const id of ['edge-01', 'edge-02']) await repo.write(`devices/${id}/device.yaml`, runs);
  const { out } = await validate();
  expect(out.split('apps/kiosk/compose.yaml:4:5')).toHaveLength(2);
  expect(out).toContain('2 devices: 1 error,');
});

test('a folder that declares nothing is no device', async () => {
  await repo.write('devices/edge-01/compose.yaml', GOOD);
  await repo.write('devices/_parts/common.yaml', GOOD);
  await repo.write('devices/README.md', 'hello');
  expect((await validate()).out).toBe('1 device: no errors, 0 warnings\n');
});

test('-o json is for programs', async () => {
  await repo.write('devices/edge-01/compose.yaml', TYPO);
  const { exit, out } = await validate('-o', 'json');
  expect(exit).toBe(1);
  expect(JSON.parse(out)).toMatchObject({
    ok: false,
    devices: ['edge-01'],
    errors: 1,
    diagnostics: [{ file: 'devices/edge-01/compose.yaml', line: 4, column: 5, code: 'unknown-key' }],
  });
});

test('-o github says each fault as a workflow command at its place', async () => {
  await repo.write('devices/edge-01/compose.yaml', TYPO);
  const { exit, out } = await validate('-o', 'github');
  expect(exit).toBe(1);
  expect(out).toBe(
    '::error file=devices/edge-01/compose.yaml,line=4,col=5,endColumn=10,title=holdfast%3A unknown-key' +
      '::services.web.prots: unknown key (did you mean "ports"?)\n1 device: 1 error, 0 warnings\n',
  );
});

test('a symbolic link and names that differ in case only are refused with their names', async () => {
  await repo.write('devices/edge-01/compose.yaml', GOOD);
  await repo.write('devices/edge-01/Page.html', 'a');
  await repo.write('devices/edge-01/page.html', 'b');
  await symlink('/etc/passwd', join(repo.folder, 'devices/edge-01/secret'));
  const { exit, out } = await validate();
  expect(exit).toBe(1);
  expect(out).toContain('devices/edge-01/secret: a symbolic link');
  expect(out).toMatch(/[Pp]age\.html: differs from "[Pp]age\.html" only in case/);
});

test('a folder without devices, and no folder at all, are said plainly', async () => {
  expect(await validate()).toMatchObject({ exit: 1, out: expect.stringContaining('declares no device') });
  const nowhere = join(repo.folder, 'nowhere');
  expect(await holdfast(['validate', nowhere])).toMatchObject({
    exit: 2,
    err: expect.stringContaining('cannot read the repository'),
  });
});

test('a misspelt shared app is said with the one that is there', async () => {
  await repo.write('apps/kiosk/compose.yaml', GOOD);
  await repo.write('devices/edge-01/device.yaml', 'apps: [ kisok ]\n');
  expect((await validate()).out).toContain(
    'devices/edge-01/device.yaml:1:9: there is no shared app "kisok": apps/kisok/compose.yaml is not in Git\n' +
      '    apps: [ kisok ]\n            ^^^^^ did you mean "kiosk"?\n',
  );
});

test('what one device refers to is no fault of the next', async () => {
  await repo.write('apps/kiosk/compose.yaml', GOOD);
  await repo.write('apps/meter/compose.yaml', TYPO);
  for (const [id, app] of [
    ['edge-01', 'kiosk'],
    ['edge-02', 'meter'],
    ['edge-03', 'kiosk'],
    ['edge-04', 'nowhere'],
  ] as const) {
    await repo.write(`devices/${id}/device.yaml`, `apps: [ ${app} ]\n`);
  }
  const { diagnostics } = JSON.parse((await validate('-o', 'json')).out) as { diagnostics: { file: string }[] };
  expect(diagnostics.map(({ file }) => file)).toEqual(['apps/meter/compose.yaml', 'devices/edge-04/device.yaml']);
});

describe('over the whole fleet', () => {
  const GROUPS = `groups:
  - { name: berlin, selector: { site: berlin }, env: { TZ: Europe/Berlin } }
  - { name: hamburg, selector: { site: hamburg }, env: { TZ: Europe/Berlin } }
`;

  test('a group that selects no device is a warning, at its name', async () => {
    await repo.write('fleet.yaml', GROUPS);
    await repo.write('devices/edge-01/compose.yaml', GOOD);
    await repo.write('devices/edge-01/device.yaml', 'labels: { site: berlin }\n');
    const { exit, out } = await validate();
    expect(exit).toBe(0);
    expect(out).toContain('fleet.yaml:3:13: warning: groups: "hamburg" selects no device');
    expect(out).toMatch(/1 device: no errors, 1 warning\n$/);
  });

  test('nothing is said of groups while labels cannot be read', async () => {
    await repo.write('fleet.yaml', GROUPS);
    await repo.write('devices/edge-01/compose.yaml', GOOD);
    await repo.write('devices/edge-01/device.yaml', 'labels: { site: [ berlin ] }\n');
    expect((await validate()).out).not.toContain('selects no device');
  });
});

describe('a large fleet', () => {
  const DEVICES = 450;

  test('is checked in threads, and every device is there', async () => {
    for (let at = 0; at < DEVICES; at++) {
      await repo.write(`devices/edge-${at}/compose.yaml`, at % 100 === 7 ? TYPO : GOOD);
    }
    const { exit, out } = await validate('-o', 'json');
    expect(exit).toBe(1);
    const said = JSON.parse(out) as { devices: string[]; errors: number; diagnostics: { file: string }[] };
    expect({ devices: said.devices.length, errors: said.errors }).toEqual({ devices: DEVICES, errors: 5 });
    expect(said.diagnostics.map(({ file }) => file)).toEqual(
      ['edge-107', 'edge-207', 'edge-307', 'edge-407', 'edge-7'].map((id) => `devices/${id}/compose.yaml`),
    );
  });

  test('shows how far it is on a terminal only, and takes that away', async () => {
    for (let at = 0; at < 20; at++) await repo.write(`devices/edge-${at}/compose.yaml`, GOOD);
    let nowMs = 0;
    const now = () => {
      nowMs += 60;
      return nowMs;
    };
    const watched = await holdfast(['validate', repo.folder], { watched: true, now });
    expect(watched.err).toMatch(/^(\r\d+ of 20 devices)+/);
    expect(watched.err.endsWith('\r\u001b[K')).toBe(true);
    expect((await holdfast(['validate', repo.folder], { now })).err).toBe('');
  });

  test('ends when it is interrupted', async () => {
    for (let at = 0; at < 20; at++) await repo.write(`devices/edge-${at}/compose.yaml`, GOOD);
    expect(await holdfast(['validate', repo.folder], { signal: AbortSignal.abort() })).toMatchObject({ exit: 2 });
  });
});

test('-o github counts paths from the checkout, wherever the repository is in it', async () => {
  await repo.write('fleet/devices/edge-01/compose.yaml', TYPO);
  const folder = join(repo.folder, 'fleet');
  const file = async (workspace: string) => {
    const { out } = await holdfast(['validate', folder, '-o', 'github'], { env: { GITHUB_WORKSPACE: workspace } });
    return /file=([^,]*)/.exec(out)?.[1];
  };
  expect(await file(repo.folder)).toBe('fleet/devices/edge-01/compose.yaml');
  expect(await file(folder)).toBe('devices/edge-01/compose.yaml');
  expect(await file(join(repo.folder, 'elsewhere'))).toBe('devices/edge-01/compose.yaml');
});

test('-o github lets no text of a file end its line or its property', async () => {
  await repo.write('devices/edge-01/compose.yaml', 'services:\n  web:\n    image: nginx\n    "a,b:c%0A::x\\n": 1\n');
  const { out } = await validate('-o', 'github');
  expect(out.trimEnd().split('\n')).toHaveLength(2);
  expect(out).toMatch(/^::error file=devices\/edge-01\/compose\.yaml,line=4,.*::services\.web\.a,b:c%250A::x/);
});

test('a file whose name is nearly right is not passed over', async () => {
  await repo.write('devices/edge-01/device.yml', 'apps: []\n');
  await repo.write('fleet.yml', 'interval: 60s\n');
  const { exit, out } = await validate();
  expect(exit).toBe(1);
  expect(out).toContain('fleet.yml: warning: not read: its name is not the one that counts\n    name it fleet.yaml\n');
  expect(out).toContain('devices/edge-01/device.yml: warning: not read');
});

test('what is refused as a link is not missing besides', async () => {
  await repo.write('devices/edge-02/compose.yaml', GOOD);
  await repo.write('devices/edge-01/x', '');
  await symlink('../edge-02/compose.yaml', join(repo.folder, 'devices/edge-01/compose.yaml'));
  expect((await validate()).out).toMatch(/^devices\/edge-01\/compose\.yaml: a symbolic link;.*\n\n2 devices: 1 error/);
});

test('Ctrl-C says that not all was looked at', async () => {
  await repo.write('devices/edge-01/compose.yaml', GOOD);
  const ran = await holdfast(['validate', repo.folder], { signal: AbortSignal.abort() });
  expect(ran).toEqual({ exit: 2, out: '', err: 'holdfast: stopped before every device was checked\n' });
});
