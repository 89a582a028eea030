import { expect, test } from 'vitest';
import { createIngest } from '../../../hub/ingest/ingest.ts';
import type { Log } from '../../../hub/log.ts';
import type { RosterEntry } from '../../../hub/roster/entry.ts';
import type { DeviceChange, Store } from '../../../hub/store/store.ts';
import { presence, START, status } from '../sample.ts';

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** An ingest on a store whose disk can be full. */
function build(devices = 10) {
  const disk = { full: false, commits: [] as (readonly DeviceChange[])[] };
  const roster = new Map<string, RosterEntry>();
  const dropped: string[] = [];
  const seen: string[] = [];
  const store: Pick<Store, 'commit'> = {
    commit: async (changes) => {
      if (disk.full) throw new Error('database or disk is full');
      disk.commits.push(changes);
      return [];
    },
  };
  const ingest = createIngest({
    store: store as Store,
    roster,
    now: () => START,
    log: quiet,
    limits: { devices, staleAfterMs: 60_000 },
    onDrop: (cause) => dropped.push(cause),
    onMessage: () => undefined,
    onCommit: (change) => seen.push(...change.devices.map(({ id }) => id)),
  });
  const offer = (device: string, leaf: 'presence' | 'status', body: object) =>
    ingest.offer(`holdfast/v1/acme/${device}/${leaf}`, Buffer.from(JSON.stringify({ ...body, device })), false);
  return { ingest, disk, roster, dropped, seen, offer };
}

test('while the disk is full nothing is acknowledged and nothing happened; afterwards the same message counts', async () => {
  const { disk, roster, seen, dropped, offer } = build();
  disk.full = true;
  await expect(offer('edge-01', 'presence', presence())).rejects.toThrow('disk is full');
  expect([roster.size, seen, dropped]).toEqual([0, [], []]);
  disk.full = false;
  expect(await offer('edge-01', 'presence', presence())).toBe('accepted');
  expect(roster.get('acme/edge-01')?.entry.item.presence).toBe('online');
});

test('what arrives together is one transaction, and each device is written once in it', async () => {
  const { disk, offer, seen } = build();
  await Promise.all([
    offer('edge-01', 'presence', presence()),
    offer('edge-01', 'status', status()),
    offer('edge-02', 'presence', presence()),
    offer('edge-01', 'status', status({ seq: 2, sync: 'OutOfSync' })),
  ]);
  expect(disk.commits).toHaveLength(1);
  const rows = disk.commits[0]?.flatMap(({ device, entry }) =>
    entry === null ? [] : [`${device} ${entry.item.sync}`],
  );
  expect(rows).toEqual(['edge-01 OutOfSync', 'edge-02 Unknown']);
  expect(seen).toEqual(['edge-01', 'edge-02']);
});

test('devices beyond the limit are dropped; those that are known go on', async () => {
  const { offer, dropped, roster } = build(1);
  await offer('edge-01', 'presence', presence());
  expect(await offer('edge-02', 'presence', presence())).toBe('devices');
  expect(await offer('edge-01', 'status', status())).toBe('accepted');
  expect([dropped, roster.size]).toEqual([['devices'], 1]);
});

test('after stop nothing is taken any more, and what was queued is finished', async () => {
  const { ingest, offer } = build();
  const last = offer('edge-01', 'presence', presence());
  await ingest.stop();
  expect(await last).toBe('accepted');
  await expect(offer('edge-01', 'status', status())).rejects.toThrow('stopping');
});
