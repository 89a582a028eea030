import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../../agent/config/load.ts';
import { temporaryFolder } from '../../support/machine.ts';

const ENV = { HOLDFAST_DEVICE: 'edge-01', HOLDFAST_SOURCE__URL: 'https://git.example.com/fleet.git' };

test('variables are enough where the default file is absent', async () => {
  await using folder = await temporaryFolder();
  const absent = join(folder.path, 'agent.yaml');
  expect((await loadConfig(absent, ENV, absent)).device).toBe('edge-01');
  await expect(loadConfig(absent, { HOLDFAST_HUB_ID: 'x' }, absent)).rejects.toMatchObject({
    message: expect.stringContaining('there is no such file'),
  });
});

test('a file that was asked for has to be there', async () => {
  await using folder = await temporaryFolder();
  const absent = join(folder.path, 'agent.yaml');
  await expect(loadConfig(absent, ENV)).rejects.toMatchObject({
    code: 'ConfigInvalid',
    message: expect.stringContaining('there is no such file'),
  });
});

test('the identity of a device can be named by a variable alone', async () => {
  await using folder = await temporaryFolder();
  const absent = join(folder.path, 'agent.yaml');
  const env = { ...ENV, HOLDFAST_SECRETS__IDENTITY_FILE: '/etc/holdfast/age.key', HOLDFAST_RUNTIME_DIR: '/run/x' };
  const { secrets, runtime_dir } = await loadConfig(absent, env, absent);
  expect(secrets).toEqual({ identity_file: '/etc/holdfast/age.key', identity_files: [] });
  expect(runtime_dir).toBe('/run/x');
});
