// Runs a reporter for a test and watches a broker as another client would.
import { setTimeout as sleep } from 'node:timers/promises';
import { connectAsync, type IClientOptions } from 'mqtt';
import { onTestFinished } from 'vitest';
import type { MqttConfig } from '../../../agent/mqtt/connection.ts';
import { createReporter, type ReporterOptions } from '../../../agent/mqtt/create-reporter.ts';
import { memoryOutbox } from './statuses.ts';

export interface Seen {
  readonly leaf: string;
  readonly retain: boolean;
  readonly body: Readonly<Record<string, unknown>>;
}

export function startReporter(config: MqttConfig, given: Partial<ReporterOptions> = {}) {
  const controller = new AbortController();
  const logged: string[] = [];
  const outbox = memoryOutbox();
  let hints = 0;
  const reporter = createReporter({
    config,
    fleet: 'acme',
    device: 'edge-01',
    identity: { instance: 'instance-1', boot: 7 },
    store: outbox,
    now: () => new Date(),
    log: (level, message, fields) => void logged.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`),
    timing: { backoff: { firstMs: 20, capMs: 100 } },
    ...given,
  });
  const done = reporter.run(() => {
    hints++;
  }, controller.signal);
  onTestFinished(async () => {
    controller.abort();
    await done;
  });
  return { reporter, outbox, logged, hints: () => hints, stop: () => controller.abort(), done };
}

/** Another client that hears everything below holdfast/v1/acme/edge-01. */
export async function watchBroker(url: string, options: IClientOptions = {}) {
  const client = await connectAsync(url, { reconnectPeriod: 50, protocolVersion: 4, ...options });
  const seen: Seen[] = [];
  client.on('message', (topic, payload, packet) => {
    const leaf = topic.split('/').slice(4).join('/');
    seen.push({ leaf, retain: packet.retain, body: leaf.startsWith('cmd/') ? {} : JSON.parse(payload.toString()) });
  });
  // A broker that a test takes away is no surprise to this client.
  client.on('error', () => undefined);
  await client.subscribeAsync('holdfast/v1/acme/edge-01/#', { qos: 1 });
  onTestFinished(() => client.endAsync(true));
  return {
    seen,
    of: (leaf: string) => seen.filter((each) => each.leaf === leaf),
    publish: (topic: string, payload: string | Buffer, retain = false) =>
      client.publishAsync(topic, payload, { qos: 1, retain }),
  };
}

/** Waits for a condition of the outside world; fails after 10 s, saying what never came. */
export async function until(what: string, condition: () => boolean, timeoutMs = 10_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`never happened: ${what}`);
    await sleep(5);
  }
}
