// Bounds of what one device may take of the embedded broker. Clients are stand-ins: who speaks is all that matters here.
import type { Client } from 'aedes';
import { expect, test } from 'vitest';
import { hashPassword } from '../../../hub/access/credentials.ts';
import { createConnections } from '../../../hub/broker/connections.ts';

const known = { ...hashPassword('right'), revoked: false };

function connections(now: () => number = () => 0) {
  const made = createConnections({ anonymous: false, credential: async () => known }, now);
  const closed: string[] = [];
  const client = (suffix = '') => {
    const id = `holdfast:acme:edge-01${suffix}`;
    return { id, closed: false, conn: {}, close: () => closed.push(id) } as unknown as Client;
  };
  const enter = async (one: Client) => (await made.admit(one, 'edge-01', Buffer.from('right'))).admitted;
  return { ...made, closed, client, enter };
}

test('a device has four connections at once, and one that leaves makes room', async () => {
  const { client, enter, left } = connections();
  const all = ['', ':check-a', ':check-b', ':check-c', ':check-d'].map(client);
  expect(await Promise.all(all.map(enter))).toEqual([true, true, true, true, false]);
  const [agent] = all;
  if (agent !== undefined) left(agent);
  expect(await enter(client())).toBe(true);
});

test('one that comes again under its own id needs no room: it takes the place of the former', async () => {
  const { client, enter } = connections();
  for (let again = 0; again < 10; again++) expect(await enter(client())).toBe(true);
});

test('cut ends every connection of the device, also one whose credentials are being looked up', async () => {
  const { client, enter, cut, closed } = connections();
  await enter(client());
  const entering = enter(client(':check-a'));
  cut('acme', 'edge-01');
  await entering;
  expect(closed).toEqual(['holdfast:acme:edge-01', 'holdfast:acme:edge-01:check-a']);
});

test('who publishes without end is slowed down, and goes on at a steady rate', async () => {
  let now = 0;
  const { client, enter, pace } = connections(() => now);
  const one = client();
  await enter(one);
  for (let count = 0; count < 10_000; count++) expect(pace(one)).toBe(0);
  expect(pace(one)).toBe(5);
  now += 1000;
  const went = Array.from({ length: 300 }, () => pace(one)).filter((wait) => wait === 0);
  expect(went).toHaveLength(200);
});

test('who went away while it was asked who it is leaves nothing behind', async () => {
  const { client, enter } = connections();
  const gone = ['', ':check-a', ':check-b', ':check-c'].map(
    (suffix) => ({ ...client(suffix), closed: true }) as Client,
  );
  expect(await Promise.all(gone.map(enter))).toEqual([false, false, false, false]);
  expect(await enter(client(':check-d'))).toBe(true);
});
