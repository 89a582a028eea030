// A hub with TLS on both of its listeners, which asks every device for its credentials: certificates of devices, live
// connections that are cut, logs that hold no secret, and addresses that are not listened on.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IClientOptions } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { enrolledSchema } from '../../hub/api/access.ts';
import { readHubConfig } from '../../hub/config.ts';
import { createHub } from '../../hub/hub.ts';
import { makeCertificates } from '../agent/mqtt/mosquitto.ts';
import { holdfast } from './cli/holdfast.ts';
import { connect } from './running.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-secure-'));
const at = (name: string) => join(folder, name);
const logged: string[] = [];
const write = (fields: object, message: string) => logged.push(`${message} ${JSON.stringify(fields)}`);
const log = { debug: write, info: write, warn: write, error: write };

/** The device's certificate, of the same CA as the server's. */
function certify(name: string, subject: string): void {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', subject);
  const ca = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'];
  openssl('x509', '-req', '-in', `${name}.csr`, ...ca, '-out', `${name}.pem`, '-days', '1');
}

const hubOf = (yaml: string) => {
  const config = readHubConfig({ file: { name: 'hub.yaml', text: yaml }, env: {} });
  return createHub({ config, log, now: Date.now, random: Math.random, webDir: '/nonexistent' });
};
const settings = (more = '') => `
fleet: acme
store: { path: ${at('hub.db')} }
http: { port: 0, tls: { cert_file: ${at('server.pem')}, key_file: ${at('server.key')} } }
mqtt:
  port: 0
  anonymous: false
  tls: { cert_file: ${at('server.pem')}, key_file: ${at('server.key')}, client_ca_file: ${at('ca.pem')} }
enroll: { ca_file: ${at('ca.pem')} }
log: { level: trace }
${more}`;

const hub = hubOf(settings());
let urls: { httpUrl: string; mqttUrl: string };
let admin: string;

beforeAll(async () => {
  makeCertificates(folder);
  certify('edge-07', '/CN=edge-07');
  certify('edge-08-beta', '/O=beta/CN=edge-08');
  const { httpUrl, mqttUrl } = await hub.start();
  urls = { httpUrl, mqttUrl: mqttUrl ?? '' };
  admin = (await holdfast(['token', 'create', 'root', '--db', at('hub.db')])).out.trim();
});
afterAll(async () => {
  await hub.stop();
  rmSync(folder, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly body: string;
}

function ask(path: string, method = 'GET', token: string | null = admin, content?: object): Promise<Answer> {
  const headers = {
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    ...(content === undefined ? {} : { 'content-type': 'application/json' }),
  };
  return new Promise((resolve, reject) => {
    const asking = request(
      `${urls.httpUrl}${path}`,
      { method, headers, ca: readFileSync(at('ca.pem')) },
      (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => {
          body += chunk.toString();
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
      },
    );
    asking.on('error', reject);
    asking.end(content === undefined ? undefined : JSON.stringify(content));
  });
}

const enroll = async (device: string) =>
  enrolledSchema.parse(JSON.parse((await ask(`/api/v1/devices/${device}/enroll`, 'POST')).body));
const device = (id: string, options: IClientOptions = {}) =>
  connect(urls.mqttUrl, { ca: readFileSync(at('ca.pem')), clientId: `holdfast:acme:${id}`, ...options });
const certificate = (name: string) => ({ cert: readFileSync(at(`${name}.pem`)), key: readFileSync(at(`${name}.key`)) });

test('both listeners speak TLS, and a browser is told to come back over it', async () => {
  expect([urls.httpUrl.split(':')[0], urls.mqttUrl.split(':')[0]]).toEqual(['https', 'mqtts']);
  const { status, headers } = await ask('/');
  expect(status).toBe(200);
  expect(headers['strict-transport-security']).toMatch(/^max-age=\d{8}/);
  expect(headers['content-security-policy']).not.toMatch(/unsafe|data:|\*/);
  const { headers: signedIn } = await ask('/api/v1/session', 'POST', null, { token: admin });
  expect(String(signedIn['set-cookie'])).toMatch(/; Secure/);
});

test('what a device is given leads it to this broker, with the CA that vouches for it', async () => {
  const enrolled = await enroll('edge-01');
  expect(enrolled).toMatchObject({ url: urls.mqttUrl, ca: readFileSync(at('ca.pem'), 'utf8') });
  const { username, password } = enrolled;
  const client = await device('edge-01', { username, password });
  expect(client.connected).toBe(true);
  client.end(true);
});

test.each<[string, string, () => IClientOptions, boolean]>([
  ['its certificate', 'edge-07', () => certificate('edge-07'), true],
  ["another's certificate", 'edge-01', () => certificate('edge-07'), false],
  ['its certificate of another fleet', 'edge-08', () => certificate('edge-08-beta'), false],
  ['nothing', 'edge-07', () => ({}), false],
])('a device with %s as %s', async (_what, id, options, admitted) => {
  const client = await device(id, options()).catch(() => null);
  expect(client?.connected ?? false).toBe(admitted);
  client?.end(true);
});

test.each<[string, () => Promise<IClientOptions>]>([
  ['edge-02', async () => await enroll('edge-02').then(({ username, password }) => ({ username, password }))],
  ['edge-07', async () => certificate('edge-07')],
])('revoke cuts the live connection of %s, and it does not come back', async (id, credentials) => {
  const options = await credentials();
  const client = await device(id, options);
  const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
  expect((await ask(`/api/v1/devices/${id}/revoke`, 'POST')).status).toBe(200);
  await closed;
  await expect(device(id, options)).rejects.toThrow();
});

test('no secret is in the log at its most talkative, whatever was tried', async () => {
  const enrolled = await enroll('edge-03');
  await device('edge-03', { username: 'edge-03', password: enrolled.password }).then((client) => client.end(true));
  await device('edge-03', { username: 'edge-03', password: 'a guess that failed' }).catch(() => undefined);
  await ask('/api/v1/summary?token=in-the-wrong-place', 'GET', 'hft_guessed');
  await ask('/api/v1/session', 'POST', null, { token: 'hft_also_guessed' });
  const all = logged.join('\n');
  expect(all).toContain('connection refused');
  for (const secret of [admin, enrolled.password, 'a guess that failed', 'hft_', 'in-the-wrong-place'])
    expect(all).not.toContain(secret);
});

test('a certificate that cannot be used says which key of the configuration names it', async () => {
  writeFileSync(at('empty.pem'), '');
  const broken = (cert: string, key: string) =>
    hubOf(
      `store: { path: ${at('other.db')} }\nhttp: { port: 0, tls: { cert_file: ${at(cert)}, key_file: ${at(key)} } }`,
    );
  await expect(broken('absent.pem', 'server.key').start()).rejects.toThrow(
    /^http\.tls\.cert_file: cannot read .*absent\.pem: there is no such file/,
  );
  await expect(broken('empty.pem', 'server.key').start()).rejects.toThrow(/^http\.tls\.cert_file: .* nothing in PEM/);
  await expect(broken('server.pem', 'ca.key').start()).rejects.toThrow(/^http\.tls: .* cannot be used together/);
});

test.each(['http', 'mqtt'])('without a token %s listens on loopback only, and says what to do first', async (part) => {
  const lines = {
    http: 'http: { host: 0.0.0.0, port: 0 }\nmqtt: { port: 0 }',
    mqtt: 'http: { port: 0 }\nmqtt: { host: 0.0.0.0, port: 0 }',
  };
  const store = at(`${part}.db`);
  const exposed = () => hubOf(`store: { path: ${store} }\n${lines[part as keyof typeof lines]}`);
  await expect(exposed().start()).rejects.toThrow(
    `Make a token first:\n  holdfast token create admin --role admin --db ${store}\n`,
  );
  const { out: token } = await holdfast(['token', 'create', 'admin', '--role', 'admin', '--db', store]);
  const listening = exposed();
  const { httpUrl } = await listening.start();
  const local = httpUrl.replace('0.0.0.0', '127.0.0.1');
  const status = async (given: string | null) => {
    const headers = given === null ? {} : { authorization: `Bearer ${given}` };
    return (await fetch(`${local}/api/v1/summary`, { headers })).status;
  };
  expect([await status(null), await status(token.trim())]).toEqual([401, 200]);
  // The last token is taken away: a hub that others reach does not open by that.
  await holdfast(['token', 'revoke', 'admin', '--db', store]);
  expect(await status(null)).toBe(part === 'http' ? 401 : 200);
  await listening.stop();
});
