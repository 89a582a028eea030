import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createSilentReporter } from '../../../agent/mqtt/silent-reporter.ts';
import { OUTBOX_CAP } from '../../../agent/store/store.ts';
import { eventSchema, presenceSchema, statusSchema } from '../../../fleet/wire/messages.ts';
import { startAedes } from './aedes-broker.ts';
import { startReporter, until, watchBroker } from './reporting.ts';
import { event, STATUS } from './statuses.ts';

const HINT_TOPIC = 'holdfast/v1/acme/edge-01/cmd/reconcile';
const HINT = JSON.stringify({ schema: 1, ts: '2026-01-01T00:00:00Z' });

describe('reporting to a broker that speaks MQTT 3.1.1 alone', () => {
  it('falls back, then says presence, status and events, each valid and in order', async () => {
    const { url } = await startAedes();
    const watcher = await watchBroker(url);
    const { reporter, outbox, logged } = startReporter({ url });
    reporter.event(event('first'));
    reporter.status(STATUS);
    reporter.event(event('second'));
    await until('both events', () => watcher.of('event').length === 2);
    expect(watcher.seen.map((each) => each.leaf)).toEqual(['presence', 'status', 'event', 'event']);
    expect(logged.join()).toContain('"protocol":4');
    const [presence, status, first, second] = watcher.seen.map((each) => each.body);
    expect(presenceSchema.parse(presence)).toMatchObject({
      device: 'edge-01',
      instance: 'instance-1',
      boot: 7,
      online: true,
    });
    expect(statusSchema.parse(status)).toMatchObject({ device: 'edge-01', boot: 7, sync: 'Synced' });
    expect(eventSchema.parse(first).message).toBe('first');
    expect(eventSchema.parse(second).message).toBe('second');
    const orders = watcher.seen.slice(1).map((each) => each.body.seq);
    expect(new Set(orders).size).toBe(3);
    await until('an empty outbox', () => outbox.messages.length === 0);
    await until('idle', () => reporter.idle());
    expect(reporter.connected()).toBe(true);
  });

  it('publishes a status again only when it says something new', async () => {
    const { url } = await startAedes();
    const watcher = await watchBroker(url);
    const { reporter } = startReporter({ url });
    reporter.status(STATUS);
    await until('a status', () => watcher.of('status').length === 1);
    reporter.status({ ...STATUS, agent: { ...STATUS.agent, uptime_s: 99 } });
    reporter.event(event('fence'));
    await until('the event', () => watcher.of('event').length === 1);
    expect(watcher.of('status')).toHaveLength(1);
    reporter.status({ ...STATUS, sync: 'OutOfSync' });
    await until('a new status', () => watcher.of('status').length === 2);
    const [first, second] = watcher.of('status').map((each) => Number(each.body.seq));
    expect(second).toBeGreaterThan(first ?? 0);
  });

  it('a quiet device repeats the very same birth, so that silence means something', async () => {
    const { url } = await startAedes();
    const watcher = await watchBroker(url);
    startReporter({ url }, { timing: { backoff: { firstMs: 20, capMs: 100 }, heartbeatMs: 20 } });
    await until('three births', () => watcher.of('presence').length >= 3);
    const births = watcher.of('presence').map((each) => JSON.stringify(each.body));
    expect(new Set(births).size).toBe(1);
  });

  it('says everything again after the link was lost, and the events that were not acknowledged', async () => {
    const { url, broker, sockets } = await startAedes();
    const watcher = await watchBroker(url);
    const { reporter } = startReporter({ url });
    reporter.status(STATUS);
    await until('a status', () => watcher.of('status').length === 1);
    const [before] = watcher.of('presence');
    broker.preConnect = (_client, _packet, callback) => callback(new Error('closed for now'), false);
    // The reporter's own: it connected last.
    [...sockets].at(-1)?.destroy();
    await until('disconnected', () => !reporter.connected());
    for (let index = 0; index < 40; index++) reporter.event(event(`e${index}`));
    reporter.status({ ...STATUS, sync: 'OutOfSync' });
    reporter.status({ ...STATUS, sync: 'Unknown' });
    broker.preConnect = (_client, _packet, callback) => callback(null, true);
    await until('all events', () => watcher.of('event').length >= 40);
    const messages = watcher.of('event').map((each) => each.body.message);
    expect([...new Set(messages)]).toEqual(Array.from({ length: 40 }, (_, index) => `e${index}`));
    const statuses = watcher.of('status').map((each) => each.body.sync);
    expect(statuses.at(-1)).toBe('Unknown');
    expect(statuses).not.toContain('OutOfSync');
    const online = watcher.of('presence').filter((each) => each.body.online === true);
    expect(online.length).toBeGreaterThanOrEqual(2);
    expect(before?.body.online).toBe(true);
  });

  it('says offline when it stops, within a second', async () => {
    const { url } = await startAedes();
    const watcher = await watchBroker(url);
    const { stop, done, reporter } = startReporter({ url });
    await until('online', () => watcher.of('presence').length === 1 && reporter.connected());
    stop();
    await done;
    await until('offline', () => watcher.of('presence').some((each) => each.body.online === false));
    expect(reporter.connected()).toBe(false);
  });

  it('takes a hint, and nothing else for one', async () => {
    const { url } = await startAedes();
    const watcher = await watchBroker(url);
    await watcher.publish(HINT_TOPIC, HINT, true);
    const { hints, reporter, logged } = startReporter({ url });
    await until('connected', () => reporter.connected());
    for (const junk of ['x', '{}', '"x"', '{"schema":2,"ts":"2026-01-01T00:00:00Z"}', `${HINT}${' '.repeat(2000)}`])
      await watcher.publish(HINT_TOPIC, junk);
    await until('junk is counted', () => logged.some((line) => line.includes('"ignored":6')));
    expect(hints()).toBe(0);
    await watcher.publish(HINT_TOPIC, HINT);
    await until('a hint', () => hints() === 1);
  });
});

describe('reporting with no broker in reach', () => {
  it('never waits, keeps the newest events up to the cap, and ends at once when told', async () => {
    const { reporter, outbox, stop, done, logged } = startReporter({ url: 'mqtt://127.0.0.1:9' });
    for (let index = 0; index < OUTBOX_CAP + 5; index++) reporter.event(event(`e${index}`));
    reporter.status(STATUS);
    await until('a failed attempt', () => logged.some((line) => line.includes('cannot be reached')));
    expect(outbox.messages).toHaveLength(OUTBOX_CAP);
    expect(outbox.droppedFromOutbox()).toBe(5);
    expect(reporter.connected()).toBe(false);
    expect(reporter.idle()).toBe(false);
    stop();
    await done;
  });

  it('a missing password file is said and tried again, never thrown', async () => {
    const { logged } = startReporter({ url: 'mqtt://127.0.0.1:9', username: 'u', password_file: '/nonexistent/pw' });
    await until('two attempts', () => logged.filter((line) => line.includes('/nonexistent/pw')).length >= 2);
  });

  it('a store that cannot take an event does not throw into the loop', () => {
    const full = {
      pushOutbox: () => {
        throw new Error('the disk is full');
      },
      peekOutbox: () => [],
      ackOutbox: () => undefined,
    };
    const { reporter, logged } = startReporter({ url: 'mqtt://127.0.0.1:9' }, { store: full });
    expect(() => reporter.event(event('lost'))).not.toThrow();
    expect(logged.join()).toContain('the disk is full');
  });

  it('the reporter of an agent without a broker is idle and ends with its signal', async () => {
    const silent = createSilentReporter();
    const controller = new AbortController();
    const done = silent.run(() => undefined, controller.signal);
    silent.status(STATUS);
    expect(silent.idle()).toBe(true);
    expect(await Promise.race([done.then(() => 'ended'), sleep(20, 'running')])).toBe('running');
    controller.abort();
    await done;
  });
});
