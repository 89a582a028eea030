import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { itemOf } from '../../../hub/store/device-row.ts';
import { allDevices } from '../../../hub/store/feed.ts';
import { openStore } from '../../../hub/store/store.ts';
import { at, drift, item, START, status } from '../sample.ts';

/** As the hub made it before devices had columns. */
const BEFORE = `
  create table kysely_migration (name varchar(255) not null primary key, timestamp varchar(255) not null);
  create table kysely_migration_lock (id varchar(255) not null primary key, is_locked integer not null default 0);
  insert into kysely_migration_lock values ('migration_lock', 0);
  insert into kysely_migration values ('0001_first', '${at(0)}'), ('0002_drift_by', '${at(0)}');
  create table devices (fleet text not null, device text not null, entry text not null, status text,
    constraint devices_pk primary key (fleet, device));
  create table drift (id integer primary key autoincrement, fleet text not null, device text not null, "key" text not null,
    resource text not null, kind text not null, field text, app text not null, service text, desired text not null,
    observed text not null, revision text, since text not null, opened integer not null, closed integer, "by" text);
  create index drift_device on drift (fleet, device, "key", closed);
  create index drift_closed on drift (closed, since);
  create table events (id integer primary key autoincrement, fleet text not null, device text not null, origin text,
    ts text not null, received integer not null, severity text not null, reason text not null, message text not null,
    revision text, resource text, constraint events_origin unique (fleet, device, origin));
  create index events_device on events (device, id);
  create index events_received on events (received);`;

test('a store of an earlier version is brought along: devices, their order, status, drift and events', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-earlier-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const url = join(folder, 'hub.db');
  const one = item('edge-01', { labels: { site: 'berlin' }, drift: 1, clash: true });
  const order = { instance: 'one', former: ['zero'], boot: 3, seq: 7, ts: at(9), births: { last: 2, before: 1 } };
  const entry = { item: one, ...order, offlineTs: 0, seenAt: START, clashAt: START };
  const earlier = new DatabaseSync(url);
  earlier.exec(BEFORE);
  const insert = earlier.prepare('insert into devices values (?, ?, ?, ?)');
  insert.run('default', 'edge-01', JSON.stringify(entry), JSON.stringify(status()));
  insert.run('default', 'damaged', '{"item":', null);
  const { resource, field, kind, since } = drift();
  earlier
    .prepare('insert into drift values (null, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, null, ?, ?, null, null)')
    .run(
      'default',
      'edge-01',
      JSON.stringify([resource, kind, field]),
      resource,
      kind,
      field,
      'kiosk',
      'web',
      '"a"',
      '"b"',
      since,
      START,
    );
  earlier
    .prepare('insert into events values (null, ?, ?, ?, ?, ?, ?, ?, ?, null, null)')
    .run('default', 'edge-01', 'one/1/1', at(0), START, 'info', 'Online', 'hello');
  earlier.close();

  const store = await openStore({ url });
  onTestFinished(() => store.close());
  const devices = [];
  for await (const rows of allDevices(store.database)) devices.push(...rows.map(itemOf));
  expect(devices).toEqual([one]);
  expect(await store.status('default', 'edge-01')).toEqual(status());
  expect(await store.drift(undefined, 10)).toMatchObject({ total: 1, items: [{ device: 'edge-01', desired: 'a' }] });
  expect(await store.events({ limit: 10 })).toMatchObject([{ id: 1, message: 'hello' }]);
  await store.update(
    [{ fleet: 'default', device: 'edge-01' }],
    (known) => {
      const { entry: read, open } = known.get('default/edge-01') ?? {};
      expect(read).toMatchObject({ ...order, clashAt: START, seenAt: START });
      expect(open?.size).toBe(1);
      return [];
    },
    START,
  );
});
