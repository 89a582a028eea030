// What delivery does when the store fails under it: the connection stays, and nothing is published again and again.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Connection, Message } from '../../../agent/mqtt/connection.ts';
import { createDelivery } from '../../../agent/mqtt/delivery.ts';
import { createMessages } from '../../../agent/mqtt/messages.ts';
import { until } from './reporting.ts';
import { event, memoryOutbox } from './statuses.ts';

function start(outbox: Parameters<typeof createDelivery>[0]['store']) {
  const published: Message[] = [];
  const logged: string[] = [];
  const connection: Connection = {
    version: 5,
    publish: async (message) => void published.push(message),
    subscribe: async () => undefined,
    isOpen: () => true,
    end: async () => undefined,
  };
  let order = 0;
  const identity = { instance: 'i', boot: 1 };
  const delivery = createDelivery({
    fleet: 'acme',
    device: 'edge-01',
    messages: createMessages({ device: 'edge-01', identity, nextOrder: () => ++order, now: () => new Date() }),
    store: outbox,
    log: (level, message) => void logged.push(`${level} ${message}`),
  });
  const stop = new AbortController();
  stop.signal.addEventListener('abort', delivery.ring);
  const done = delivery.serve(connection, stop.signal);
  return { delivery, published, logged, stop, done };
}

const fail = (): never => {
  throw new Error('the disk is full');
};

it('an acknowledgement that cannot be stored neither ends the connection nor repeats the event', async () => {
  const { delivery, published, logged, stop, done } = start({ ...memoryOutbox(), ackOutbox: fail });
  delivery.event(event('one'));
  await until('it is published', () => published.length > 0);
  for (let ring = 0; ring < 5; ring++) {
    delivery.ring();
    await sleep(2);
  }
  expect(published).toHaveLength(1);
  expect(logged).toHaveLength(1);
  stop.abort();
  await done;
});

it('a store that cannot be read is not idle and does not end the connection', async () => {
  const { delivery, logged, stop, done } = start({ ...memoryOutbox(), peekOutbox: fail });
  await until('it is said', () => logged.length > 0);
  expect(delivery.idle()).toBe(false);
  stop.abort();
  await done;
});
