import { execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { describe, expect, it, onTestFinished } from 'vitest';
import { brokerFolder, makeCertificates, mosquittoOnFreePort, startMosquitto } from '../agent/mqtt/mosquitto.ts';
import { startReporter, until, watchBroker } from '../agent/mqtt/reporting.ts';
import { event, STATUS } from '../agent/mqtt/statuses.ts';

const PRESENCE = 'holdfast/v1/acme/edge-01/presence';

/** What a client that comes later gets as retained, by leaf. */
async function retained(url: string): Promise<Map<string, Record<string, unknown>>> {
  const client = await connectAsync(url);
  onTestFinished(() => client.endAsync(true));
  const found = new Map<string, Record<string, unknown>>();
  client.on('message', (topic, payload, packet) => {
    if (packet.retain) found.set(topic.split('/').slice(4).join('/'), JSON.parse(payload.toString()));
  });
  await client.subscribeAsync('holdfast/v1/#', { qos: 1 });
  // Retained messages come before this one's acknowledgement.
  await client.publishAsync('fence', '', { qos: 1 });
  return found;
}

describe('a reporter on mosquitto', () => {
  it('speaks MQTT 5, retains presence and status, and never an event', async () => {
    const broker = await startMosquitto();
    const { reporter, logged } = startReporter({ url: broker.url });
    reporter.status(STATUS);
    reporter.event(event('e'));
    await until('everything is said', () => reporter.connected() && reporter.idle());
    expect(logged.join()).toContain('"protocol":5');
    const found = await retained(broker.url);
    expect([...found.keys()].sort()).toEqual(['presence', 'status']);
    expect(found.get('presence')).toMatchObject({ online: true });
  });

  it('that is killed is said to be offline by its last will', async () => {
    const broker = await startMosquitto();
    const watcher = await watchBroker(broker.url);
    const module = new URL('../../agent/mqtt/create-reporter.ts', import.meta.url).href;
    const script = `import { createReporter } from ${JSON.stringify(module)};
      const store = { pushOutbox() {}, peekOutbox: () => [], ackOutbox() {} };
      await createReporter({ config: { url: ${JSON.stringify(broker.url)} }, fleet: 'acme', device: 'edge-01', store,
        identity: { instance: 'i', boot: 1 }, now: () => new Date(), log: () => undefined,
      }).run(() => undefined, new AbortController().signal);`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
    await until('online', () => watcher.of('presence').at(-1)?.body.online === true);
    child.kill('SIGKILL');
    await until('offline', () => watcher.of('presence').at(-1)?.body.online === false);
    expect((await retained(broker.url)).get('presence')).toMatchObject({ online: false, device: 'edge-01', boot: 1 });
  });

  it('that stops leaves a retained offline', async () => {
    const broker = await startMosquitto();
    const { reporter, stop, done } = startReporter({ url: broker.url });
    await until('connected', () => reporter.connected());
    stop();
    await done;
    expect((await retained(broker.url)).get('presence')).toMatchObject({ online: false });
  });

  it('connects when the broker comes up later, and tells a restarted one everything again', async () => {
    const broker = await mosquittoOnFreePort();
    const { reporter, outbox, logged } = startReporter({ url: broker.url });
    reporter.status(STATUS);
    reporter.event(event('early'));
    await until('a failed attempt', () => logged.some((line) => line.includes('cannot be reached')));
    await broker.start();
    await until('everything is said', () => reporter.connected() && reporter.idle());
    await broker.kill();
    await until('disconnected', () => !reporter.connected());
    reporter.event(event('while it was down'));
    expect(outbox.messages).toHaveLength(1);
    await broker.start();
    await until('everything is said again', () => reporter.connected() && reporter.idle());
    const found = await retained(broker.url);
    expect(found.get('presence')).toMatchObject({ online: true });
    expect(found.get('status')).toMatchObject({ sync: 'Synced' });
    expect(outbox.messages).toEqual([]);
  });

  it('gives up a half-open link through keepalive, loses no event, and is quick to stop on one', async () => {
    const broker = await startMosquitto();
    const timing = { backoff: { firstMs: 20, capMs: 100 }, keepaliveS: 1 };
    const { reporter, outbox, stop, done } = startReporter({ url: broker.url }, { timing });
    await until('connected', () => reporter.connected());
    broker.freeze();
    reporter.event(event('into the void'));
    await until('the link is given up', () => !reporter.connected());
    expect(outbox.messages).toHaveLength(1);
    broker.thaw();
    await until('said after all', () => reporter.connected() && reporter.idle());
    broker.freeze();
    reporter.event(event('never acknowledged'));
    stop();
    const ended = await Promise.race([
      done.then(() => true),
      new Promise((resolve) => setTimeout(resolve, 5_000, false)),
    ]);
    expect(ended).toBe(true);
    expect(outbox.messages).toHaveLength(1);
  });

  it('keeps an event that the broker refuses, says so, and does not try in a hot loop', async () => {
    const folder = brokerFolder();
    writeFileSync(join(folder, 'acl'), `topic readwrite ${PRESENCE}\n`);
    const broker = await startMosquitto({ folder, lines: ['allow_anonymous true', `acl_file ${join(folder, 'acl')}`] });
    const { reporter, outbox, logged } = startReporter({ url: broker.url });
    reporter.status(STATUS);
    reporter.event(event('refused'));
    const refusals = () => logged.filter((line) => line.includes('refuses what this device reports')).length;
    await until('the refusals of status and event', () => refusals() === 2);
    expect(reporter.connected()).toBe(true);
    expect(outbox.messages).toHaveLength(1);
    await reporterSettles();
    expect(refusals()).toBe(2);
  });

  it('reads its password anew for each attempt', async () => {
    const folder = brokerFolder();
    execFileSync('mosquitto_passwd', ['-b', '-c', join(folder, 'users'), 'edge-01', 's3cret']);
    const lines = ['allow_anonymous false', `password_file ${join(folder, 'users')}`];
    const broker = await startMosquitto({ folder, lines });
    const password_file = join(folder, 'password');
    writeFileSync(password_file, 'wrong\n');
    const { reporter, logged } = startReporter({ url: broker.url, username: 'edge-01', password_file });
    await until('a refusal', () => logged.some((line) => /not authori[sz]ed/i.test(line)));
    writeFileSync(password_file, 's3cret\n');
    await until('connected', () => reporter.connected());
    expect(logged.join()).not.toContain('s3cret');
  });
});

describe('TLS to mosquitto', () => {
  const tlsLines = (folder: string): string[] => [
    'allow_anonymous true',
    `certfile ${join(folder, 'server.pem')}`,
    `keyfile ${join(folder, 'server.key')}`,
  ];

  it('connects with the right CA and says what is wrong with another', async () => {
    const folder = brokerFolder();
    const other = brokerFolder();
    makeCertificates(folder);
    makeCertificates(other);
    const broker = await startMosquitto({ folder, lines: tlsLines(folder), scheme: 'mqtts' });
    const good = startReporter({ url: broker.url, ca_file: join(folder, 'ca.pem') });
    await until('connected', () => good.reporter.connected());
    const bad = startReporter({ url: broker.url, ca_file: join(other, 'ca.pem') });
    const none = startReporter({ url: broker.url });
    for (const { logged } of [bad, none]) await until('the CA is named', () => logged.some((line) => /CA/.test(line)));
    expect([bad.reporter.connected(), none.reporter.connected()]).toEqual([false, false]);
  });

  it('says that a certificate has expired, and does not connect', async () => {
    const folder = brokerFolder();
    makeCertificates(folder, -1);
    const broker = await startMosquitto({ folder, lines: tlsLines(folder), scheme: 'mqtts' });
    const { reporter, logged } = startReporter({ url: broker.url, ca_file: join(folder, 'ca.pem') });
    await until('the expiry is said', () => logged.some((line) => line.includes('has expired')));
    expect(reporter.connected()).toBe(false);
  });
});

/** Long enough for a loop that never waits to show itself. */
function reporterSettles(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 300));
}
