import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { driftKey } from '../../../hub/ingest/drift.ts';
import type { NewEvent } from '../../../hub/ingest/effects.ts';
import type { Entry } from '../../../hub/roster/entry.ts';
import { type DeviceChange, openStore, type Store } from '../../../hub/store/store.ts';
import { at, drift, item, START, status } from '../sample.ts';

let folder: string;
let store: Store;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-store-'));
  store = await openStore(join(folder, 'hub.db'));
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

const entry: Entry = {
  item: item('edge-01'),
  instance: 'one',
  former: ['zero'],
  boot: 1,
  seq: 7,
  ts: at(0),
  births: { last: 1, before: 0 },
  offlineTs: 0,
  seenAt: START,
  clashAt: null,
};
const change = (effects: DeviceChange['effects']): DeviceChange => ({
  fleet: 'default',
  device: 'edge-01',
  entry,
  effects,
});
const event = (message: string): NewEvent => ({
  fleet: 'default',
  device: 'edge-01',
  ts: at(0),
  received: at(0),
  severity: 'info',
  reason: 'Succeeded',
  message,
  revision: null,
  resource: null,
});
const key = driftKey(drift());

test('what was committed is there after it was closed and opened again', async () => {
  const effects = [
    { kind: 'status', status: status() },
    { kind: 'drift-open', key, drift: drift(), revision: 'main@sha1:1' },
  ] as const;
  await store.commit([change(effects)], START);
  await store.close();
  store = await openStore(join(folder, 'hub.db'));
  const roster = await store.load();
  expect(roster.get('default/edge-01')?.entry).toEqual(entry);
  expect([...(roster.get('default/edge-01')?.open.keys() ?? [])]).toEqual([key]);
  expect(await store.status('default', 'edge-01')).toEqual(status());
});

test('drift is an interval: closed drift is not open, and can open again', async () => {
  const open = { kind: 'drift-open', key, drift: drift(), revision: null } as const;
  await store.commit([change([open])], START);
  await store.commit(
    [
      change([
        {
          kind: 'drift-change',
          key,
          drift: drift({ observed: 'Asia/Tokyo', by: 'update at 12:03:10Z' }),
          revision: null,
        },
      ]),
    ],
    START,
  );
  expect((await store.openDrift(10)).map(({ observed, by }) => [observed, by])).toEqual([
    ['Asia/Tokyo', 'update at 12:03:10Z'],
  ]);
  await store.commit([change([{ kind: 'drift-close', key }])], START);
  expect(await store.openDrift(10)).toEqual([]);
  await store.commit([change([open])], START);
  expect(await store.openDrift(10)).toHaveLength(1);
});

test('an origin is written once, whatever the batch', async () => {
  const once = { kind: 'event', event: event('a'), origin: 'one/1/1' } as const;
  const own = { kind: 'event', event: event('own'), origin: null } as const;
  const first = await store.commit([change([once, once, own, own])], START);
  const second = await store.commit([change([once])], START);
  expect([first.length, second.length]).toEqual([3, 0]);
});

test('a batch is written whole or not at all', async () => {
  const broken = { kind: 'event', event: { ...event('b'), message: null as unknown as string }, origin: null } as const;
  await expect(
    store.commit([change([{ kind: 'event', event: event('a'), origin: null }, broken])], START),
  ).rejects.toThrow();
  expect(await store.events({ limit: 10 })).toEqual([]);
  expect((await store.load()).size).toBe(0);
});

test('old events go by age and by number, the newest stay', async () => {
  for (let index = 0; index < 10; index++) {
    await store.commit([change([{ kind: 'event', event: event(String(index)), origin: null }])], START + index);
  }
  await store.prune({ before: START + 2, events: 1000 });
  expect((await store.events({ limit: 100 })).map(({ message }) => message)).toEqual([
    '9',
    '8',
    '7',
    '6',
    '5',
    '4',
    '3',
    '2',
  ]);
  await store.prune({ before: 0, events: 3 });
  expect((await store.events({ limit: 100 })).map(({ message }) => message)).toEqual(['9', '8', '7']);
});

test('a store in a folder that is not there says what to do', async () => {
  await expect(openStore(join(folder, 'nowhere', 'hub.db'))).rejects.toThrow(/cannot open the store .*store\.path/);
});
