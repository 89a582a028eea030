// A fleet of two on one real broker with TLS: `edge-01`, which does what a device does, and `edge-02`, which attacks it. What the
// broker hands to a hub is heard; the same attacks run on every broker.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { onTestFinished } from 'vitest';
import { HUB_USER } from '../../../../hub/access/brokers/contract.ts';
import { mosquittoFiles, mosquittoUsers } from '../../../../hub/access/brokers/mosquitto.ts';
import { hashPassword } from '../../../../hub/access/credentials.ts';
import { createEmbeddedBroker } from '../../../../hub/broker/embedded.ts';
import { readTls } from '../../../../hub/tls.ts';
import { brokerFolder, makeCertificates, startMosquitto } from '../../../agent/mqtt/mosquitto.ts';
import { freePort } from '../../../support/machine.ts';

export const FLEET = 'acme';
export const VICTIM = 'edge-01';
export const ATTACKER = 'edge-02';
const PASSWORDS = { [VICTIM]: 'the password of the victim', [ATTACKER]: 'the password of the attacker' };

export interface Heard {
  readonly topic: string;
  readonly payload: string;
}

export interface Arena {
  readonly versions: readonly (4 | 5)[];
  /** With the credentials of the device, unless the options say otherwise. */
  connect(device: string, version: 4 | 5, options?: IClientOptions): Promise<MqttClient>;
  /** What a hub was handed, oldest first. */
  readonly heard: readonly Heard[];
  /** As a hub. */
  hint(device: string, payload: string): Promise<void>;
}

export const ARENAS: Readonly<Record<string, () => Promise<Arena>>> = {
  'the embedded broker': embedded,
  Mosquitto: mosquitto,
};

async function embedded(): Promise<Arena> {
  const folder = brokerFolder();
  makeCertificates(folder);
  const heard: Heard[] = [];
  const credentials = new Map(Object.entries(PASSWORDS).map(([device, password]) => [device, hashPassword(password)]));
  const context = await readTls('mqtt.tls', {
    cert_file: join(folder, 'server.pem'),
    key_file: join(folder, 'server.key'),
  });
  const quiet = { debug() {}, info() {}, warn() {}, error() {} };
  const broker = createEmbeddedBroker({
    host: '127.0.0.1',
    port: 0,
    tls: { context, onServer: () => undefined },
    access: {
      anonymous: false,
      credential: async (_fleet, device) => {
        const known = credentials.get(device);
        return known === undefined ? null : { ...known, revoked: false };
      },
    },
    ingest: {
      offer: async (topic, payload) => {
        heard.push({ topic, payload: Buffer.from(payload).toString() });
        return 'accepted';
      },
      drop: () => undefined,
      alive: () => undefined,
    },
    log: quiet,
    now: Date.now,
  });
  const { url } = await broker.start(() => undefined);
  onTestFinished(() => broker.stop());
  return {
    versions: [4],
    heard,
    connect: connector(url ?? '', folder),
    hint: (device, payload) =>
      broker.publish(`holdfast/v1/${FLEET}/${device}/cmd/reconcile`, payload, { retain: false }),
  };
}

async function mosquitto(): Promise<Arena> {
  const folder = brokerFolder();
  makeCertificates(folder);
  const users = Object.entries(PASSWORDS).map(([user, password]) => ({ user, ...hashPassword(password) }));
  writeFileSync(join(folder, 'devices.passwd'), mosquittoUsers(users), { mode: 0o600 });
  const hubs = [{ user: HUB_USER, ...hashPassword('the password of the hub') }];
  writeFileSync(join(folder, 'hubs.passwd'), mosquittoUsers(hubs), { mode: 0o600 });
  const hubPort = await freePort();
  const files = mosquittoFiles({ fleet: FLEET, folder, port: 8883, hubPort, mtls: false });
  for (const { name, text } of files) writeFileSync(join(folder, name), text, { mode: 0o600 });
  // The devices' listener is the test's own, on a free port; every other line is as it is given to people.
  const lines = readFileSync(join(folder, 'holdfast.conf'), 'utf8').split('\n');
  const broker = await startMosquitto({
    folder,
    scheme: 'mqtts',
    lines: lines.filter((line) => line !== 'listener 8883'),
  });
  const connect = connector(broker.url, folder);
  const asHub = connector(`mqtts://127.0.0.1:${hubPort}`, folder);
  const heard: Heard[] = [];
  // Its second listener may open a moment after the first.
  const hub = await patiently(() => asHub('hub', 5, { username: HUB_USER, password: 'the password of the hub' }));
  hub.on('message', (topic, payload) => heard.push({ topic, payload: payload.toString() }));
  await hub.subscribeAsync(
    ['presence', 'status', 'event'].map((leaf) => `holdfast/v1/${FLEET}/+/${leaf}`),
    { qos: 1 },
  );
  await hub.subscribeAsync(`holdfast/v1/${FLEET}/_hub/hub/state`, { qos: 1 });
  return {
    versions: [4, 5],
    heard,
    connect,
    hint: async (device, payload) =>
      void (await hub.publishAsync(`holdfast/v1/${FLEET}/${device}/cmd/reconcile`, payload, { qos: 1 })),
  };
}

async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let left = 50; ; left--) {
    try {
      return await work();
    } catch (error) {
      if (left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function connector(url: string, folder: string): Arena['connect'] {
  const ca = readFileSync(join(folder, 'ca.pem'));
  return async (device, version, options = {}) => {
    const client = await connectAsync(
      url,
      {
        ca,
        protocolVersion: version,
        reconnectPeriod: 0,
        connectTimeout: 5000,
        clientId: `holdfast:${FLEET}:${device}`,
        username: device,
        password: PASSWORDS[device as keyof typeof PASSWORDS] ?? '',
        ...options,
      },
      false,
    );
    // A broker may cut who attacks it.
    client.on('error', () => undefined);
    onTestFinished(() => void client.end(true));
    return client;
  };
}
