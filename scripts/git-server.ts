// Serves the Git repositories of one folder over smart HTTP, by running Git's own `http-backend` as CGI.
// For the demo, the tests and the benches: loopback by default, read-only by default. Not a forge.
import { spawn } from 'node:child_process';
import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type GitServerAuth =
  | { readonly username: string; readonly password: string } //
  | { readonly token: string };

export interface GitServerOptions {
  /** Folder that holds the repositories (bare or not): `<root>/fleet` is `<url>/fleet`. */
  readonly root: string;
  readonly host?: string;
  /** 0 or absent: any free port. */
  readonly port?: number;
  readonly auth?: GitServerAuth;
  /** Pushing is off unless asked for. */
  readonly receivepack?: boolean;
  /** Partial fetches (`uploadpack.allowFilter`) are on unless turned off. */
  readonly filters?: boolean;
}

export interface GitServer {
  /** `http://127.0.0.1:<port>`, without a trailing slash. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Head of a CGI answer; http-backend's is a few hundred bytes. */
const HEAD_BYTES = 16 * 1024;

export async function serveGit(options: GitServerOptions): Promise<GitServer> {
  const server = createServer((request, response) => serve(options, request, response));
  const port = await listen(server, options.host ?? '127.0.0.1', options.port ?? 0);
  return {
    url: `http://${options.host ?? '127.0.0.1'}:${port}`,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

function serve(options: GitServerOptions, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://git.invalid');
  if (options.auth !== undefined && !allowed(options.auth, request.headers.authorization ?? '')) {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end('authentication needed\n');
    return;
  }
  const backend = spawn('git', ['http-backend'], {
    env: environment(options, request, url),
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  request.pipe(backend.stdin);
  // http-backend may answer without reading its input to the end.
  backend.stdin.on('error', () => request.resume());
  backend.on('error', () => fail(response));
  response.on('close', () => backend.kill());
  relay(backend.stdout, response);
}

function environment(options: GitServerOptions, request: IncomingMessage, url: URL): NodeJS.ProcessEnv {
  const headers = request.headers;
  const settings = [
    ['uploadpack.allowFilter', String(options.filters ?? true)],
    ['uploadpack.allowAnySHA1InWant', 'true'],
    ['http.receivepack', String(options.receivepack ?? false)],
    ['safe.directory', '*'],
  ] as const;
  const given: Record<string, string | undefined> = {
    PATH: process.env.PATH,
    GIT_PROJECT_ROOT: options.root,
    GIT_HTTP_EXPORT_ALL: '1',
    GIT_PROTOCOL: text(headers['git-protocol']),
    REQUEST_METHOD: request.method,
    PATH_INFO: decodeURIComponent(url.pathname),
    QUERY_STRING: url.search.slice(1),
    REMOTE_ADDR: request.socket.remoteAddress,
    REMOTE_USER: options.auth === undefined ? undefined : 'username' in options.auth ? options.auth.username : 'token',
    CONTENT_TYPE: headers['content-type'],
    CONTENT_LENGTH: headers['content-length'],
    HTTP_CONTENT_ENCODING: headers['content-encoding'],
    GIT_CONFIG_COUNT: String(settings.length),
  };
  for (const [index, [key, value]] of settings.entries()) {
    given[`GIT_CONFIG_KEY_${index}`] = key;
    given[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return given;
}

function text(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(':') : header;
}

/** Parses the CGI head, then streams the rest. */
function relay(output: NodeJS.ReadableStream, response: ServerResponse): void {
  let head = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0 && head.length <= HEAD_BYTES) return;
    output.off('data', onData);
    output.off('end', onEnd);
    if (end < 0) {
      fail(response);
      return;
    }
    writeHead(response, head.toString('latin1', 0, end));
    response.write(head.subarray(end + 4));
    output.pipe(response);
  };
  const onEnd = (): void => fail(response);
  output.on('data', onData);
  output.on('end', onEnd);
}

function writeHead(response: ServerResponse, head: string): void {
  for (const line of head.split('\r\n')) {
    const [name = '', ...rest] = line.split(':');
    const value = rest.join(':').trim();
    if (name.toLowerCase() === 'status') response.statusCode = Number.parseInt(value, 10);
    else response.setHeader(name, value);
  }
}

function fail(response: ServerResponse): void {
  if (!response.headersSent) response.statusCode = 502;
  response.end();
}

function allowed(auth: GitServerAuth, header: string): boolean {
  const wanted =
    'token' in auth
      ? `Bearer ${auth.token}`
      : `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}`;
  return header.length === wanted.length && timingSafeEqual(Buffer.from(header), Buffer.from(wanted));
}
