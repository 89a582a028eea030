// A look at networks says what is connected to them, which their list does not.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createEngine } from '../../../agent/docker/create-engine.ts';
import { temporaryFolder } from '../../support/machine.ts';

const signal = new AbortController().signal;
const VERSION = { Version: '29.0.0', ApiVersion: '1.52', MinAPIVersion: '1.44', Os: 'linux', Arch: 'amd64' };
const LISTED = [
  { Id: 'aaaa', Name: 'front', Labels: { 'io.holdfast.device': 'edge' } },
  { Id: 'bbbb', Name: 'gone', Labels: { 'io.holdfast.device': 'edge' } },
  { Id: 'cccc', Name: 'other', Labels: {} },
];

test('networks are looked at one by one, and one that went away meanwhile is left out', async () => {
  await using folder = await temporaryFolder();
  const socket = join(folder.path, 'docker.sock');
  const asked: string[] = [];
  const answers: Readonly<Record<string, unknown>> = {
    '/version': VERSION,
    '/networks': LISTED,
    '/networks/aaaa': { ...LISTED[0], Containers: { ffff: {} } },
    '/volumes': { Volumes: null },
    '/containers/json?all=true': [],
  };
  const server = createServer((request, response) => {
    const path = request.url?.replace(/^\/v[\d.]+/, '') ?? '';
    asked.push(path);
    const body = answers[path];
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body ?? { message: 'not found' }));
  });
  server.listen(socket);
  await once(server, 'listening');
  try {
    const look = { device: 'edge', containerNames: [], networkNames: [], volumeNames: [], images: [] };
    const { networks } = await createEngine({ socket }).observe(look, signal);
    expect(networks).toEqual([{ ...LISTED[0], Containers: { ffff: {} } }]);
    expect(asked).not.toContain('/networks/cccc');
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
