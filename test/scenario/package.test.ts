// The agent as one file, as it is shipped: built here when it is absent or stale, and run against the real Engine.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { VERSION } from '../../fleet/version.ts';
import { packageProgram } from '../../scripts/package.ts';
import { makeDevice } from '../support/device.ts';
import { cleanup, docker } from '../support/engine.ts';
import { makeFleet } from '../support/fleet.ts';
import { temporaryFolder, uniqueId } from '../support/machine.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..');

let binary = '';

beforeAll(async () => {
  const packaged = await packageProgram({ entry: join(ROOT, 'agent', 'main.ts'), name: 'holdfast-agent' });
  binary = packaged.find(({ path }) => path.endsWith(`-linux-${process.arch}`))?.path ?? '';
}, 400_000);

test('the packaged agent says the version of the package', async () => {
  const { stdout } = await run(binary, ['--version'], { timeout: 30_000 });
  expect(stdout.trim()).toBe(VERSION);
});

test('the packaged agent brings the Engine to what Git declares, alone in its folder', async () => {
  await using folder = await temporaryFolder();
  const id = uniqueId();
  const fleet = await makeFleet(folder.path);
  const device = await makeDevice({ id, url: fleet.url, folder: join(folder.path, 'device') });
  await fleet.commit({
    [`devices/${id}/compose.yaml`]: `services:\n  web:\n    image: holdfast/busybox:1\n    pull_policy: never\n    command: [httpd, -f, -h, /www]\n    volumes: ["./www:/www:ro"]\n`,
    [`devices/${id}/www/index.html`]: 'from Git\n',
  });
  try {
    const { stdout } = await run(binary, ['once', '--config', device.configFile], {
      // Nothing of the checkout: no node_modules, no source, no Node.
      cwd: folder.path,
      env: { PATH: '/nowhere', HOME: folder.path },
      timeout: 120_000,
    });
    expect(stdout).not.toContain('Warning');
    const { status, body } = await docker<{ State: { Running: boolean }; Config: { Image: string } }>(
      'GET',
      `/containers/${id}-web-1/json`,
    );
    expect(status).toBe(200);
    expect(body.State.Running).toBe(true);
    expect(body.Config.Image).toBe('holdfast/busybox:1');
  } finally {
    await cleanup(id);
    await fleet.close();
  }
});
