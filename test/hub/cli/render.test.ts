import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { holdfast, type TemporaryRepository, temporaryRepository } from './holdfast.ts';

let repo: TemporaryRepository;
beforeEach(async () => {
  repo = await temporaryRepository();
});
afterEach(() => repo.remove());

const GOOD = 'services:\n  web:\n    image: "nginx:${TAG:-1.27}"\n    environment: { API_TOKEN: hunter2 }\n';

const render = (...args: string[]) => holdfast(['render', repo.folder, ...args]);

test('prints what Git declares, resolved', async () => {
  await repo.write('devices/edge-01/compose.yaml', GOOD);
  const { exit, out, err } = await render('edge-01');
  expect({ exit, err }).toEqual({ exit: 0, err: '' });
  expect(parse(out)).toMatchObject({
    device: 'edge-01',
    apps: [{ name: 'edge-01', services: { web: { image: 'nginx:1.27' } } }],
    'x-holdfast': { origins: { 'apps.edge-01': 'devices/edge-01/compose.yaml' } },
  });
  expect(JSON.parse((await render('edge-01', '-o', 'json')).out)).toEqual(parse(out));
});

test('--app prints one app as a Compose file', async () => {
  await repo.write('apps/kiosk/compose.yaml', GOOD);
  await repo.write('devices/edge-01/device.yaml', 'apps: [ kiosk ]\n');
  expect(parse((await render('edge-01', '--app', 'kiosk')).out)).toMatchObject({
    name: 'kiosk',
    services: { web: {} },
  });
  expect(await render('edge-01', '--app', 'kiosc')).toMatchObject({
    exit: 1,
    out: '',
    err: expect.stringContaining('has no app "kiosc"; it has kiosk'),
  });
});

test('says what is wrong, and prints nothing then', async () => {
  await repo.write('devices/edge-01/compose.yaml', 'services:\n  web:\n    image: nginx\n    prots: [a]\n');
  const { exit, out, err } = await render('edge-01');
  expect({ exit, out }).toEqual({ exit: 1, out: '' });
  expect(err).toContain('did you mean "ports"?');
});

test('of an unknown device, names those that there are', async () => {
  await repo.write('devices/edge-01/compose.yaml', GOOD);
  const { exit, out, err } = await render('edge-99');
  expect({ exit, out }).toEqual({ exit: 1, out: '' });
  expect(err).toContain('it declares edge-01');
  expect(await holdfast(['render', `${repo.folder}/nowhere`, 'edge-01'])).toMatchObject({
    exit: 2,
    err: expect.stringContaining('cannot read the repository'),
  });
});
