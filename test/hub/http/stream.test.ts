import { connect as tcp } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deviceItemSchema, eventItemSchema, summarySchema } from '../../../hub/api/schemas.ts';
import { readSse } from '../../../hub/cli/sse.ts';
import { type Running, startHub, until } from '../running.ts';

let hub: Running;
beforeAll(async () => {
  hub = await startHub();
});
afterAll(() => hub.stop());

async function listen() {
  const stopping = new AbortController();
  const response = await fetch(`${hub.http}/api/v1/stream`, { signal: stopping.signal });
  const frames: { event: string; data: unknown }[] = [];
  const reading = (async () => {
    if (response.body === null) throw new Error('no body');
    for await (const frame of readSse(response.body, stopping.signal)) frames.push(frame);
  })();
  const stop = async () => {
    stopping.abort();
    await reading;
  };
  return { frames, response, stop };
}

test('a stream begins with the summary and tells of devices and events as they happen', async () => {
  const { frames, response, stop } = await listen();
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  await until(
    async () => frames,
    (all) => all.length === 1,
  );
  expect(summarySchema.parse(frames[0]?.data).devices).toBe(0);
  const device = await hub.device('edge-01');
  await device.presence();
  await device.status({ sync: 'OutOfSync' });
  await until(
    async () => frames,
    (all) => all.some(({ event }) => event === 'device') && all.filter(({ event }) => event === 'summary').length > 1,
  );
  const of = (event: string) => frames.filter((frame) => frame.event === event).map(({ data }) => data);
  expect(deviceItemSchema.parse(of('device').at(-1))).toMatchObject({ id: 'edge-01', sync: 'OutOfSync' });
  expect(eventItemSchema.parse(of('event')[0])).toMatchObject({ device: 'edge-01', reason: 'Online' });
  expect(summarySchema.parse(of('summary').at(-1)).devices).toBe(1);
  await stop();
});

test('a client that goes away is forgotten', async () => {
  const { stop } = await listen();
  await stop();
  await until(
    async () => (await (await fetch(`${hub.http}/metrics`)).text()).match(/^holdfast_stream_clients (\d+)$/m)?.[1],
    (count) => count === '0',
  );
});

test('a client that does not read is disconnected instead of piling up memory', async () => {
  const url = new URL(hub.http);
  const socket = tcp(Number(url.port), url.hostname);
  socket.on('error', () => undefined);
  socket.write(`GET /api/v1/stream HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`);
  await new Promise((resolve) => socket.once('readable', resolve));
  const device = await hub.device('edge-09');
  const big = 'x'.repeat(2000);
  const gone = async () => (await (await fetch(`${hub.http}/metrics`)).text()).includes('holdfast_stream_clients 0');
  for (let seq = 1; seq < 2_000 && !(await gone()); seq++) {
    // Events are sent one by one, so that many can wait for the reader that sleeps.
    await Promise.all(Array.from({ length: 50 }, (_, index) => device.event({ seq: seq * 50 + index, message: big })));
  }
  expect(await gone()).toBe(true);
  socket.destroy();
});
