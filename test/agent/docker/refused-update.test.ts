// What the Engine says to a memory limit below what the container uses (Engine 28, cgroup v1), and what people read.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createEngine } from '../../../agent/docker/create-engine.ts';
import { temporaryFolder } from '../../support/machine.ts';
import { asStep } from '../../support/steps.ts';

const VERSION = { Version: '29.0.0', ApiVersion: '1.52', MinAPIVersion: '1.44', Os: 'linux', Arch: 'amd64' };
const IN_USE =
  'Cannot update container web: runc did not terminate successfully: exit status 1: unable to set memory limit to 16777216 (current usage: 42369024, peak usage: 43794432)\n: unknown';

test.each([
  [
    'a memory limit below what is used',
    IN_USE,
    /peak usage: .*declare more, or restart it so that it begins with less\.$/s,
  ],
  [
    'anything else',
    'Conflicting options: Nano CPUs and CPU Period',
    /: Conflicting options: Nano CPUs and CPU Period$/,
  ],
])('%s is refused with the cause, and with what to do where that is known', async (_what, message, said) => {
  await using folder = await temporaryFolder();
  const server = createServer((request, response) => {
    const isUpdate = request.url?.endsWith('/update') === true;
    response.writeHead(isUpdate ? 500 : 200).end(JSON.stringify(isUpdate ? { message } : VERSION));
  });
  const socket = join(folder.path, 'docker.sock');
  server.listen(socket);
  await once(server, 'listening');
  const step = asStep({ kind: 'update-container', container: 'web', update: { Memory: 16 << 20 } });
  const updated = createEngine({ socket }).steps['update-container'](step, new AbortController().signal);
  await expect(updated).rejects.toMatchObject({ code: 'DockerRefused', message: expect.stringMatching(said) });
  server.closeAllConnections();
  server.close();
});
