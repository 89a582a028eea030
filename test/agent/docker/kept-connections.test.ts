// Reads go over connections that are kept; one that the Engine closed meanwhile costs nothing, and answers that are the same
// are the same objects.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Connection, createConnection } from '../../../agent/docker/connection.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/machine.ts';

const signal = new AbortController().signal;
const VERSION = { Version: '29.0.0', ApiVersion: '1.52', MinAPIVersion: '1.44', Os: 'linux', Arch: 'amd64' };

let folder: TemporaryFolder;
let server: Server;
let connection: Connection;
let sockets: Set<Socket>;
let opened: number;
/** What is said to anything but the handshake; null: the connection is cut instead, before a word. */
let answer: () => string | null;

beforeEach(async () => {
  folder = await temporaryFolder();
  sockets = new Set();
  opened = 0;
  answer = () => '[]';
  server = createServer((request, response) => {
    const text = /\/(version|info)$/.test(request.url ?? '') ? JSON.stringify(VERSION) : answer();
    if (text === null) request.socket.destroy();
    else response.end(text);
  });
  server.on('connection', (socket) => {
    opened++;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const path = join(folder.path, 'docker.sock');
  server.listen(path);
  await once(server, 'listening');
  connection = createConnection(path);
  await connection.info(signal);
  opened = 0;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await folder[Symbol.asyncDispose]();
});

const read = () => connection.call({ method: 'GET', path: '/x', what: 'read', signal });
const write = () => connection.call({ method: 'POST', path: '/x', what: 'write', signal });

describe('connections', () => {
  test('a second read opens none', async () => {
    await read();
    await read();
    expect(opened).toBeLessThanOrEqual(1);
  });

  test('each write has its own: it must not meet a dead one', async () => {
    await write();
    await write();
    expect(opened).toBe(2);
  });

  test('a read over one that was closed meanwhile is answered over a fresh one', async () => {
    await read();
    const closed = [...sockets].map((socket) => once(socket, 'close'));
    let cuts = 1;
    answer = () => (cuts-- > 0 ? null : '["fresh"]');
    expect((await read()).body).toEqual(['fresh']);
    await Promise.all(closed);
  });

  test('an Engine that cuts every connection is unavailable, after two attempts', async () => {
    let attempts = 0;
    answer = () => {
      attempts++;
      return null;
    };
    await expect(read()).rejects.toMatchObject({ code: 'DockerUnavailable' });
    expect(attempts).toBe(2);
  });

  test('a write that is cut off is not sent again: it may have had its effect', async () => {
    let attempts = 0;
    answer = () => {
      attempts++;
      return null;
    };
    await expect(write()).rejects.toMatchObject({ code: 'DockerUnavailable' });
    expect(attempts).toBe(1);
  });
});

describe('answers', () => {
  test('that are the same are the same object', async () => {
    answer = () => '[{"Id":"a"}]';
    expect((await read()).body).toBe((await read()).body);
  });

  test('that differ are read anew', async () => {
    answer = () => '[1]';
    await read();
    answer = () => '[2]';
    expect((await read()).body).toEqual([2]);
  });
});
