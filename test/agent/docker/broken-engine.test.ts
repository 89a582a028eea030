// An Engine that answers badly: cut, silent, endless, out of shape. Every call settles with a code, within its own bounds.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createConnection } from '../../../agent/docker/connection.ts';
import { createEngine } from '../../../agent/docker/create-engine.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/machine.ts';
import { asStep } from '../../support/steps.ts';
import { waitFor } from '../../support/wait.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const signal = new AbortController().signal;
const look = { device: 'edge', containerNames: [], networkNames: [], volumeNames: [], images: [] };
const VERSION = { Version: '29.0.0', ApiVersion: '1.52', MinAPIVersion: '1.44', Os: 'linux', Arch: 'amd64' };

let folder: TemporaryFolder;
let socket: string;
let asked: string[];
let answer: Handler;
let info: Handler;
let close: () => void;

beforeEach(async () => {
  folder = await temporaryFolder();
  socket = join(folder.path, 'docker.sock');
  asked = [];
  answer = (_, response) => json(response, []);
  info = (_, response) => json(response, {});
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (request.url === '/version') json(response, VERSION);
    else if (request.url?.endsWith('/info')) info(request, response);
    else answer(request, response);
  });
  server.listen(socket);
  await once(server, 'listening');
  close = () => {
    server.closeAllConnections();
    server.close();
  };
});
afterEach(async () => {
  close();
  await folder[Symbol.asyncDispose]();
});

const json = (response: ServerResponse, body: unknown, status = 200): void => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
};
const cut: Handler = (_, response) => {
  response.writeHead(200, { 'content-length': '1000' });
  response.write('[{"Id":');
  setTimeout(() => response.destroy(), 20);
};

describe('a look', () => {
  test('at an answer that is cut in the middle is DockerUnavailable', async () => {
    answer = cut;
    await expect(createEngine({ socket }).observe(look, signal)).rejects.toMatchObject({ code: 'DockerUnavailable' });
  });

  test.each([
    ['a page of a proxy', '<html>'],
    ['null', null],
    ['containers without ids', [{ Names: ['/web'], Labels: { 'io.holdfast.device': 'edge' } }]],
    ['labels that are no text', [{ Id: 'a', Labels: { x: 1 } }]],
  ])('at %s is an error with a code', async (_, body) => {
    answer = (_request, response) => json(response, body);
    await expect(createEngine({ socket }).observe(look, signal)).rejects.toMatchObject({ code: 'DockerUnavailable' });
  });

  test('uses the version that both speak', async () => {
    answer = (request, response) => json(response, request.url?.includes('/volumes') ? { Volumes: null } : []);
    const seen = await createEngine({ socket }).observe(look, signal);
    expect(seen.engine.apiVersion).toBe('1.52');
    expect(asked).toContain('GET /v1.52/containers/json?all=true');
  });

  test.each([
    ['a list', []],
    ['a page of a proxy', '<html>'],
    ['null', null],
  ])('needs no word about the host: %s', async (_, body) => {
    info = (_request, response) => json(response, body);
    answer = (request, response) => json(response, request.url?.includes('/volumes') ? { Volumes: null } : []);
    const { engine } = await createEngine({ socket }).observe(look, signal);
    expect(engine).toEqual({ version: '29.0.0', apiVersion: '1.52', os: 'linux', arch: 'amd64' });
  });

  test('at a container that cannot be inspected names it', async () => {
    answer = (request, response) => {
      if (request.url?.includes('/containers/json')) {
        json(response, [{ Id: 'ab'.repeat(32), Names: ['/kiosk-web-1'], Labels: { 'io.holdfast.device': 'edge' } }]);
      } else if (request.url?.includes('/containers/')) json(response, { message: 'broken' }, 500);
      else json(response, request.url?.includes('/volumes') ? { Volumes: [] } : []);
    };
    await expect(createEngine({ socket }).observe(look, signal)).rejects.toMatchObject({
      code: 'DockerRefused',
      message: expect.stringMatching(/kiosk-web-1.*broken/),
    });
  });

  test('at an image that cannot be inspected goes on without it, and says so', async () => {
    answer = (request, response) => {
      if (request.url?.includes('/images/')) json(response, { message: 'broken layer' }, 500);
      else json(response, request.url?.includes('/volumes') ? { Volumes: [] } : []);
    };
    const logged: string[] = [];
    const engine = createEngine({ socket, log: (message) => void logged.push(message) });
    expect((await engine.observe({ ...look, images: ['web:1'] }, signal)).images.size).toBe(0);
    expect(logged.join()).toMatch(/web:1.*broken layer/);
  });

  test('asks an image whose name tries to leave for that image only', async () => {
    answer = (request, response) => {
      if (request.url?.includes('/images/')) json(response, { message: 'no such image' }, 404);
      else json(response, request.url?.includes('/volumes') ? { Volumes: [] } : []);
    };
    const images = ['../containers/json?all=1#', 'a/../../../_ping'];
    expect((await createEngine({ socket }).observe({ ...look, images }, signal)).images.size).toBe(0);
    for (const path of asked.filter((line) => line.includes('/images/'))) {
      expect(path).toMatch(/^GET \/v1\.52\/images\/[^?#]+\/json$/);
      expect(path).not.toContain('/../');
    }
  });
});

describe('a call', () => {
  test('that is never answered is DockerUnavailable after its deadline, and its socket is closed', async () => {
    let closed = false;
    answer = (request) => {
      request.socket.once('close', () => {
        closed = true;
      });
    };
    const call = { method: 'GET', path: '/x', what: 'ask x', deadlineMs: 200, signal } as const;
    await expect(createConnection(socket).call(call)).rejects.toMatchObject({
      code: 'DockerUnavailable',
      message: expect.stringContaining('"ask x" within 0.2 s'),
    });
    await waitFor(() => closed, { timeoutMs: 5_000, what: 'the socket is closed' });
  });

  test('whose body stands still is DockerUnavailable after its deadline', async () => {
    answer = (_, response) => {
      response.writeHead(200);
      response.write('[');
    };
    const call = { method: 'GET', path: '/x', what: 'ask x', deadlineMs: 200, signal } as const;
    await expect(createConnection(socket).call(call)).rejects.toMatchObject({ code: 'DockerUnavailable' });
  });

  test('rejects with the reason of its abort', async () => {
    const caller = new AbortController();
    const reason = new Error('the agent ends');
    answer = () => caller.abort(reason);
    const call = { method: 'GET', path: '/x', what: 'ask x', signal: caller.signal } as const;
    await expect(createConnection(socket).call(call)).rejects.toBe(reason);
  });

  test("goes to the configured socket whatever the environment's DOCKER_HOST says", async () => {
    const before = process.env.DOCKER_HOST;
    process.env.DOCKER_HOST = 'tcp://127.0.0.1:1';
    try {
      expect((await createConnection(socket).info(signal)).version).toBe('29.0.0');
    } finally {
      if (before === undefined) delete process.env.DOCKER_HOST;
      else process.env.DOCKER_HOST = before;
    }
  });

  test('that the Engine refuses carries its words, and a full disk is DiskPressure', async () => {
    const { steps } = createEngine({ socket });
    const start = () => steps['start-container'](asStep({ kind: 'start-container', container: 'web' }), signal);
    answer = (_, response) => json(response, { message: 'the moon is wrong' }, 500);
    await expect(start()).rejects.toMatchObject({
      code: 'DockerRefused',
      message: 'The Engine refused to start container web: the moon is wrong',
    });
    answer = (_, response) => json(response, { message: 'mkdir /x: no space left on device' }, 500);
    await expect(start()).rejects.toMatchObject({ code: 'DiskPressure' });
  });
});

describe('a pull', () => {
  const lines = (...events: object[]): string => `${events.map((event) => JSON.stringify(event)).join('\n')}\n`;
  const digest = `sha256:${'ab'.repeat(32)}`;
  const complete = [{ status: `Digest: ${digest}` }, { status: 'Status: Downloaded newer image for shop/web:1' }];
  const image = { Id: 'sha256:1', RepoDigests: [`shop/web@${digest}`], Os: 'linux', Architecture: 'amd64' };
  async function* slowly(): AsyncGenerator<string> {
    for (let current = 0; current < 6; current++) {
      yield lines({ status: 'Downloading', id: 'a', progressDetail: { current, total: 6 } });
      await sleep(100);
    }
    yield lines(...complete);
  }
  const pull = () =>
    createEngine({ socket, pull: { idleMs: 300 } }).steps['pull-image'](
      asStep({ kind: 'pull-image', image: 'shop/web:1' }),
      signal,
    );
  const pulls = (stream: (response: ServerResponse) => void, inspect: unknown = image, status = 200): void => {
    answer = (request, response) => {
      if (request.url?.includes('/images/create')) stream(response);
      else json(response, inspect, status);
    };
  };

  test('that ends well and is confirmed is a success', async () => {
    pulls((response) => response.end(lines(...complete)));
    await pull();
    expect(asked).toContain('POST /v1.52/images/create?fromImage=shop%2Fweb&tag=1');
  });

  test.each([
    [
      'an error inside the 200',
      lines({ status: 'Pulling' }, { errorDetail: { message: 'layer is bad' }, error: 'layer is bad' }),
      'layer is bad',
    ],
    [
      'an error on a last line without its newline',
      '{"status":"Pulling"}\n{"error":"toomanyrequests"}',
      'toomanyrequests',
    ],
    ['an early end', lines({ status: 'Pulling from shop/web' }), 'ended the pull early'],
  ])('with %s is ImagePullFailed', async (_, stream, cause) => {
    pulls((response) => response.end(stream));
    await expect(pull()).rejects.toMatchObject({ code: 'ImagePullFailed', message: expect.stringContaining(cause) });
  });

  test('that the Engine says is complete but is not on the host is ImagePullFailed', async () => {
    pulls((response) => response.end(lines(...complete)), { message: 'no such image' }, 404);
    await expect(pull()).rejects.toMatchObject({ code: 'ImagePullFailed' });
  });

  test('whose reference resolves to another digest is ImagePullFailed', async () => {
    const other = { ...image, RepoDigests: [`shop/web@sha256:${'cd'.repeat(32)}`] };
    pulls((response) => response.end(lines(...complete)), other);
    await expect(pull()).rejects.toMatchObject({ code: 'ImagePullFailed', message: expect.stringContaining(digest) });
  });

  test('whose connection breaks in the middle is DockerUnavailable', async () => {
    pulls((response) => {
      response.write(lines({ status: 'Pulling' }));
      setTimeout(() => response.destroy(), 20);
    });
    await expect(pull()).rejects.toMatchObject({ code: 'DockerUnavailable' });
  });

  test.each([
    ['from the start', (_response: ServerResponse) => undefined],
    ['after a while', (response: ServerResponse) => void response.write(lines({ status: 'Pulling' }))],
  ])('that is silent for too long, %s, is ImagePullFailed: the registry stalls, not the Engine', async (_, stream) => {
    pulls(stream);
    await expect(pull()).rejects.toMatchObject({ code: 'ImagePullFailed' });
  });

  test('that is slow but moves is never cut', async () => {
    pulls((response) => {
      Readable.from(slowly()).pipe(response);
    });
    await pull();
  });

  test('on a full disk is DiskPressure', async () => {
    pulls((response) => response.end(lines({ error: 'write /var/lib/docker/tmp/x: no space left on device' })));
    await expect(pull()).rejects.toMatchObject({ code: 'DiskPressure' });
  });
});

test('without an Engine every call is DockerUnavailable and says where it was looked for', async () => {
  const absent = join(folder.path, 'absent.sock');
  const engine = createEngine({ socket: absent });
  const refused = { code: 'DockerUnavailable', message: expect.stringContaining(absent) };
  await expect(engine.info(signal)).rejects.toMatchObject(refused);
  await expect(engine.observe(look, signal)).rejects.toMatchObject(refused);
});
