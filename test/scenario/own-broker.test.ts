// A hub and a device on a Mosquitto with what `holdfast broker config` writes: all that a hub needs is allowed there, a device that
// is enrolled comes in, and one that is revoked does not come back.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { expect, onTestFinished, test } from 'vitest';
import { HUB_USER } from '../../hub/access/brokers/contract.ts';
import { mosquittoUsers } from '../../hub/access/brokers/mosquitto.ts';
import { hashPassword } from '../../hub/access/credentials.ts';
import { deviceSchema } from '../../hub/api/schemas.ts';
import { brokerFolder, makeCertificates, startMosquitto } from '../agent/mqtt/mosquitto.ts';
import { holdfast } from '../hub/cli/holdfast.ts';
import { deviceOf, startHub, until } from '../hub/running.ts';
import { freePort } from '../support/machine.ts';

const PASSWORD = 'the password of the hubs';

test('a hub and its devices on a broker of their own', { timeout: 60_000 }, async () => {
  const folder = brokerFolder();
  makeCertificates(folder);
  const at = (name: string) => join(folder, name);
  const hubPort = await freePort();
  const options = ['--for', 'mosquitto', '--fleet', 'acme', '--dir', folder, '--write', folder];
  expect((await holdfast(['broker', 'config', ...options, '--hub-port', String(hubPort)])).exit).toBe(0);
  writeFileSync(at('hubs.passwd'), mosquittoUsers([{ user: HUB_USER, ...hashPassword(PASSWORD) }]), { mode: 0o600 });
  writeFileSync(at('devices.passwd'), '', { mode: 0o600 });
  writeFileSync(at('hub-password'), `${PASSWORD}\n`);
  const lines = readFileSync(at('holdfast.conf'), 'utf8').split('\n');
  const broker = await startMosquitto({
    folder,
    scheme: 'mqtts',
    lines: lines.filter((line) => line !== 'listener 8883'),
  });

  const hub = await startHub(`
fleet: acme
broker:
  url: "mqtts://127.0.0.1:${hubPort}"
  username: ${HUB_USER}
  password_file: ${at('hub-password')}
  ca_file: ${at('ca.pem')}
enroll: { url: "${broker.url}", ca_file: ${at('ca.pem')} }`);
  onTestFinished(() => hub.stop());
  const run = (...args: string[]) => holdfast(args, { env: { HOLDFAST_HUB: hub.http }, now: Date.now });
  const reload = async () => {
    const { out } = await run('broker', 'users', '--for', 'mosquitto', '--fleet', 'acme');
    writeFileSync(at('devices.passwd'), out, { mode: 0o600 });
    broker.reload();
  };
  const enrolled = JSON.parse((await run('enroll', 'edge-01', '-o', 'json')).out) as { url: string; password: string };
  expect(enrolled.url).toBe(broker.url);
  await reload();
  const connect = () =>
    mqtt.connectAsync(
      enrolled.url,
      {
        ...{ ca: readFileSync(at('ca.pem')), username: 'edge-01', password: enrolled.password, reconnectPeriod: 0 },
        clientId: 'holdfast:acme:edge-01',
      },
      false,
    );
  // The broker reads its files when it gets to it.
  const client = await until(
    () => connect().catch(() => null),
    (made) => made !== null,
  );
  if (client === null) throw new Error('not connected');
  onTestFinished(() => void client.end(true));
  client.on('error', () => undefined);
  const device = deviceOf(client, 'edge-01');
  await device.presence();
  await device.status();
  await device.event();
  const known = await until(
    async () => deviceSchema.safeParse((await hub.get('/api/v1/devices/edge-01')).body).data ?? null,
    (one) => one?.presence === 'online' && one.sync === 'Synced' && one.events.length > 1,
  );
  expect(known?.fleet).toBe('acme');
  const hints: string[] = [];
  client.on('message', (topic) => hints.push(topic));
  await client.subscribeAsync('holdfast/v1/acme/edge-01/cmd/reconcile', { qos: 1 });
  expect((await run('reconcile', 'edge-01')).exit).toBe(0);
  await until(
    async () => hints.length,
    (count) => count === 1,
  );

  expect((await run('revoke', 'edge-01')).exit).toBe(0);
  await reload();
  // Mosquitto looks at its clients again when it reads its files.
  await until(
    async () => client.connected,
    (connected) => !connected,
  );
  const refused = await until(
    () =>
      connect().then(
        (made) => void made.end(true),
        (error: Error) => error.message,
      ),
    (message) => message !== undefined,
  );
  expect(refused).toMatch(/not authori[sz]ed/i);
});
