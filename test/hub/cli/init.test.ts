import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { holdfast, type TemporaryRepository, temporaryRepository } from './holdfast.ts';

let repo: TemporaryRepository;
beforeEach(async () => {
  repo = await temporaryRepository();
});
afterEach(() => repo.remove());

const read = (path: string) => readFile(join(repo.folder, path), 'utf8');

test('makes a repository that validates, with its first device', async () => {
  const { exit, out } = await holdfast(['init', repo.folder, '--device', 'shop-7']);
  expect({ exit, made: out.match(/^made {2}/gm)?.length }).toEqual({ exit: 0, made: 9 });
  expect(await holdfast(['validate', repo.folder])).toEqual({
    exit: 0,
    out: '1 device: no errors, 0 warnings\n',
    err: '',
  });
  const rendered = await holdfast(['render', repo.folder, 'shop-7']);
  expect(rendered).toMatchObject({ exit: 0, out: expect.stringContaining('image: nginx:') });
  expect(await read('.gitignore')).toMatch(/\*\.agekey/);
  expect(await read('.github/workflows/fleet.yaml')).toContain('holdfast validate -o github');
});

test('the schemas that files name are there', async () => {
  await holdfast(['init', repo.folder]);
  for (const [path, schema] of [
    ['fleet.yaml', './.schemas/fleet.schema.json'],
    ['devices/edge-01/device.yaml', '../../.schemas/device.schema.json'],
  ] as const) {
    expect(await read(path)).toContain(`# yaml-language-server: $schema=${schema}\n`);
    expect(JSON.parse(await read(join(path, '..', schema)))).toMatchObject({ type: 'object' });
  }
});

test('what it says of groups is right', async () => {
  await holdfast(['init', repo.folder]);
  const fleet = await read('fleet.yaml');
  await repo.write('fleet.yaml', fleet.replace(/^# (groups:| {2})/gm, '$1'));
  await repo.write('apps/kiosk/compose.yaml', 'services: { web: { image: nginx, environment: { TZ: "${TZ}" } } }\n');
  await repo.write('devices/edge-01/device.yaml', 'labels: { site: berlin, ring: canary }\n');
  expect((await holdfast(['validate', repo.folder])).out).toBe('1 device: no errors, 0 warnings\n');
  const { out } = await holdfast(['render', repo.folder, 'edge-01']);
  expect(out).toMatch(/TZ: Europe\/Berlin[\s\S]*apps\.kiosk: fleet\.yaml:\d+ \(group kiosks\)/);
});

test('overwrites nothing, and adds what is missing', async () => {
  await repo.write('fleet.yaml', 'interval: 5m\n');
  const { out } = await holdfast(['init', repo.folder]);
  expect(out).toContain('kept  fleet.yaml');
  expect(await read('fleet.yaml')).toBe('interval: 5m\n');
  const again = await holdfast(['init', repo.folder]);
  expect(again).toMatchObject({ exit: 0, out: expect.not.stringContaining('made') });
});

test.each([
  ['gitlab', '.gitlab-ci.yml'],
  ['github', '.github/workflows/fleet.yaml'],
])('--ci %s checks each push there', async (ci, path) => {
  await holdfast(['init', repo.folder, '--ci', ci]);
  expect(await read(path)).toContain('holdfast validate');
});

test('what cannot be a device, and a folder that cannot be written, are said', async () => {
  expect(await holdfast(['init', repo.folder, '--device', 'Shop 7'])).toMatchObject({
    exit: 2,
    err: expect.stringContaining('"Shop 7" cannot be the id of a device'),
  });
  await repo.write('file', '');
  expect(await holdfast(['init', join(repo.folder, 'file')])).toMatchObject({
    exit: 2,
    err: expect.stringContaining('cannot write'),
  });
});
