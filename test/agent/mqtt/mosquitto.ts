// A real mosquitto with a configuration of its own, for one test: started, stopped, frozen by its process id.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { freePort } from '../../support/machine.ts';
import { until } from './reporting.ts';

export interface MosquittoOptions {
  /** More lines of mosquitto.conf. */
  readonly lines?: readonly string[];
  readonly folder?: string;
  readonly scheme?: 'mqtt' | 'mqtts';
}

export async function mosquittoOnFreePort(options: MosquittoOptions = {}) {
  const folder = options.folder ?? brokerFolder();
  const port = await freePort();
  const lines = [
    `listener ${port} 127.0.0.1`,
    'persistence false',
    'user root',
    ...(options.lines ?? ['allow_anonymous true']),
  ];
  const file = join(folder, 'mosquitto.conf');
  writeFileSync(file, `${lines.join('\n')}\n`);
  let child: ChildProcess | null = null;
  onTestFinished(() => void child?.kill('SIGKILL'));
  return {
    folder,
    url: `${options.scheme ?? 'mqtt'}://127.0.0.1:${port}`,
    async start() {
      // Debian installs it where only root looks.
      const env = { PATH: `${process.env.PATH}:/usr/sbin` };
      const started = spawn('mosquitto', ['-c', file], { env, stdio: 'ignore' });
      child = started;
      let failure = '';
      started.on('error', (error) => {
        failure = `mosquitto cannot be started (${error.message}); install it with: apt-get install mosquitto`;
      });
      started.on('exit', (code) => {
        failure = `mosquitto ended with ${code}`;
      });
      let answers = false;
      const timer = setInterval(() => {
        const socket = connect(port, '127.0.0.1', () => {
          answers = true;
          socket.destroy();
        });
        socket.on('error', () => socket.destroy());
      }, 20);
      await until('mosquitto listens', () => answers || failure !== '').finally(() => clearInterval(timer));
      if (!answers) throw new Error(failure);
    },
    /** As if its machine lost power: no goodbye, nothing kept. */
    async kill() {
      const dying = child;
      if (dying === null) return;
      const ended = new Promise((resolve) => dying.on('exit', resolve));
      dying.kill('SIGCONT');
      dying.kill('SIGKILL');
      await ended;
    },
    /** Reads its files again. */
    reload: () => void child?.kill('SIGHUP'),
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
  };
}

export async function startMosquitto(options: MosquittoOptions = {}) {
  const broker = await mosquittoOnFreePort(options);
  await broker.start();
  return broker;
}

export function brokerFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-mosquitto-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A CA and a server certificate for 127.0.0.1 in `folder`; `days` may be negative: expired. */
export function makeCertificates(folder: string, days = 1): void {
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  };
  writeFileSync(join(folder, 'ext'), 'subjectAltName=IP:127.0.0.1\n');
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=test CA', '-days', '2');
  openssl('req', ...key, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=127.0.0.1');
  openssl(
    'x509',
    '-req',
    '-in',
    'server.csr',
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-out',
    'server.pem',
    '-days',
    String(days),
    '-extfile',
    'ext',
  );
}
