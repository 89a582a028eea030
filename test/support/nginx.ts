// A private, real nginx before Git's own http-backend, for one test: nginx ends TLS and checks credentials, as it does
// at many self-hosted servers; http-backend, run by scripts/git-server.ts on loopback, answers. Prints nothing.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { serveGit } from '../../scripts/git-server.ts';
import { freePort } from './machine.ts';
import { waitFor } from './wait.ts';

export interface NginxOptions {
  /** `<root>/fleet` is `<url>/fleet`. */
  readonly repositoriesRoot: string;
  /** Basic authentication, with `password`. */
  readonly username?: string;
  readonly password?: string;
  /** `Authorization: Bearer <token>` instead. */
  readonly token?: string;
  /** A folder with `server.pem` and `server.key`, and `ca.pem` for `clientCertificates`. Absent: plain http. */
  readonly certificates?: string;
  /** Who connects has to show a certificate of `ca.pem`. */
  readonly clientCertificates?: boolean;
  /** False: the server has `uploadpack.allowFilter` off. */
  readonly filters?: boolean;
  /** True: whatever protocol is asked for, the server does not hear of it. */
  readonly ignoresProtocol?: boolean;
  /** More lines of the server block. */
  readonly lines?: readonly string[];
}

export interface Nginx {
  /** `https://127.0.0.1:<port>`, without a trailing slash. */
  readonly url: string;
  readonly port: number;
}

/** Ends with the test. */
export async function startNginx(options: NginxOptions): Promise<Nginx> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-nginx-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const backend = await serveGit({ root: options.repositoriesRoot, filters: options.filters ?? true });
  onTestFinished(() => backend.close());
  const port = await freePort();
  const file = join(folder, 'nginx.conf');
  writeFileSync(file, configuration(options, folder, port, backend.url));
  // Debian installs it where only root looks.
  const env = { PATH: `${process.env.PATH}${delimiter}/usr/sbin` };
  const child = spawn('nginx', ['-p', folder, '-c', file, '-e', join(folder, 'error.log')], { env, stdio: 'ignore' });
  let failure = '';
  const ended = new Promise<void>((resolve) => {
    child.on('error', (error) => {
      failure = `nginx cannot be started (${error.message}); install it with: apt-get install nginx-light`;
      resolve();
    });
    child.on('exit', (code) => {
      failure = `nginx ended with ${code}`;
      resolve();
    });
  });
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  await waitFor(() => failure !== '' || answers(port), { timeoutMs: 10_000, what: 'nginx listens' });
  if (failure !== '') throw new Error(failure);
  return { url: `${options.certificates === undefined ? 'http' : 'https'}://127.0.0.1:${port}`, port };
}

/** A certificate of the folder's CA for a client: `client.pem` and `client.key`. */
export function makeClientCertificate(folder: string): { readonly certFile: string; readonly keyFile: string } {
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', 'client.key'];
  openssl('req', ...key, '-out', 'client.csr', '-subj', '/CN=edge-01');
  const authority = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '1'];
  openssl('x509', '-req', '-in', 'client.csr', ...authority, '-out', 'client.pem');
  return { certFile: join(folder, 'client.pem'), keyFile: join(folder, 'client.key') };
}

function configuration(options: NginxOptions, folder: string, port: number, backend: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return [
    'daemon off;',
    'worker_processes 1;',
    'user root;',
    `pid ${folder}/nginx.pid;`,
    'events { worker_connections 64; }',
    'http {',
    'access_log off;',
    'client_max_body_size 64m;',
    ...temporary.map((each) => `${each}_temp_path ${folder}/${each};`),
    'server {',
    `listen 127.0.0.1:${port}${options.certificates === undefined ? '' : ' ssl'};`,
    ...tlsLines(options),
    ...credentialLines(options, folder),
    ...(options.lines ?? []),
    'location / {',
    `proxy_pass ${backend};`,
    ...(options.ignoresProtocol === true ? ['proxy_set_header Git-Protocol "";'] : []),
    '} } }',
  ].join('\n');
}

function tlsLines({ certificates, clientCertificates }: NginxOptions): readonly string[] {
  if (certificates === undefined) return [];
  return [
    `ssl_certificate ${certificates}/server.pem;`,
    `ssl_certificate_key ${certificates}/server.key;`,
    ...(clientCertificates === true ? [`ssl_client_certificate ${certificates}/ca.pem;`, 'ssl_verify_client on;'] : []),
  ];
}

function credentialLines({ username, password, token }: NginxOptions, folder: string): readonly string[] {
  if (token !== undefined) return [`if ($http_authorization != "Bearer ${token}") { return 401; }`];
  if (username === undefined || password === undefined) return [];
  const hash = execFileSync('openssl', ['passwd', '-apr1', '-stdin'], { input: `${password}\n` })
    .toString()
    .trim();
  writeFileSync(join(folder, 'htpasswd'), `${username}:${hash}\n`);
  return ['auth_basic git;', `auth_basic_user_file ${folder}/htpasswd;`];
}

async function answers(port: number): Promise<boolean> {
  return await new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
