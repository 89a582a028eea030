// Two thousand devices at once beside a client that wants to read everything and then does not read: with the broker's
// own defaults and a granted `#`, the broker stalls for everyone and dies when the reader wakes up.
import { connect as tcp } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { summarySchema } from '../../hub/api/schemas.ts';
import { connect, deviceOf, type Running, startHub } from '../hub/running.ts';
import { drift, status } from '../hub/sample.ts';

const DEVICES = 2_000;
const AT_ONCE = 100;

let hub: Running;
beforeAll(async () => {
  hub = await startHub();
});
afterAll(() => hub.stop());

test('a burst of 2,000 devices beside a slow reader of everything is taken whole', async () => {
  const slow = await hub.client({ clientId: 'slow' });
  const granted = await slow.subscribeAsync('#', { qos: 1 }).catch((error: Error) => error.message);
  expect(JSON.stringify(granted)).toMatch(/128|Unspecified error/);
  slow.stream.pause();
  const { port, hostname } = new URL(hub.mqtt);
  // Half a packet and then silence: it has to cost nobody else anything.
  const silent = tcp(Number(port), hostname);
  silent.write(Buffer.from([0x10, 0x20, 0x00]));

  // Large enough that the buffers towards a reader that sleeps are full long before the burst is over.
  const conditions = status().conditions.flatMap((one) =>
    Array.from({ length: 8 }, () => ({ ...one, message: 'x'.repeat(2_000) })),
  );
  const ids = Array.from({ length: DEVICES }, (_, index) => `burst-${index}`);
  for (let from = 0; from < DEVICES; from += AT_ONCE) {
    await Promise.all(
      ids.slice(from, from + AT_ONCE).map(async (id, index) => {
        const client = await connect(hub.mqtt, { clientId: `holdfast:acme:${id}` });
        const device = deviceOf(client, id);
        const own = { conditions, drift: index % 10 === 0 ? [drift()] : [] };
        await Promise.all([device.presence(), device.status(own), device.event()]);
        await client.endAsync();
      }),
    );
  }
  const summary = summarySchema.parse((await hub.get('/api/v1/summary')).body);
  expect(summary).toMatchObject({ devices: DEVICES, drift: { devices: DEVICES / 10 }, sync: { Synced: DEVICES } });
  const metrics = await (await fetch(`${hub.http}/metrics`)).text();
  expect(metrics).toMatch(new RegExp(`^holdfast_messages_total\\{leaf="event"\\} ${DEVICES}$`, 'm'));
  silent.destroy();
  // The reader wakes up: what waited for it, if anything did, comes all at once.
  slow.stream.resume();
  await slow.endAsync(true);
  expect((await hub.get('/api/v1/summary')).status).toBe(200);
});
