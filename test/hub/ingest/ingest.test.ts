import { expect, test } from 'vitest';
import { createIngest } from '../../../hub/ingest/ingest.ts';
import type { Reject } from '../../../hub/ingest/rejects.ts';
import type { Log } from '../../../hub/log.ts';
import { createBoard } from '../../../hub/roster/board.ts';
import { type RosterEntry, rosterKey } from '../../../hub/roster/entry.ts';
import { rowOf } from '../../../hub/store/device-row.ts';
import type { DeviceChange, Store } from '../../../hub/store/store.ts';
import { presence, START, status } from '../sample.ts';

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** An ingest on a store in memory, whose disk can be full and which refuses what is poison to it. */
function build(devices = 10) {
  const disk = { full: false, commits: [] as (readonly DeviceChange[])[] };
  const clock = { now: START };
  let revs = 0;
  const entries = new Map<string, RosterEntry>();
  const board = createBoard();
  const dropped: string[] = [];
  const rejects: Reject[] = [];
  const store: Pick<Store, 'update' | 'addRejects'> = {
    async update(_keys, decide) {
      if (disk.full) throw new Error('database or disk is full');
      const changes = decide(entries);
      const poison = changes.some(({ entry }) => entry?.item.labels.poison !== undefined);
      if (poison) throw Object.assign(new Error('invalid byte sequence'), { code: '22021' });
      disk.commits.push(changes);
      const written = changes.flatMap(({ entry }) => entry ?? []);
      for (const entry of written) entries.set(rosterKey(entry.item.fleet, entry.item.id), { entry, open: new Map() });
      return { devices: written.map((entry) => rowOf(entry, ++revs)), events: [] };
    },
    addRejects: async (all) => void rejects.push(...(all as Reject[])),
  };
  const ingest = createIngest({
    store,
    board,
    now: () => clock.now,
    log: quiet,
    limits: { devices, staleAfterMs: 60_000 },
    onDrop: (cause) => dropped.push(cause),
    onMessage: () => undefined,
    onCommit: ({ devices: rows }) => {
      for (const row of rows) board.put(row);
    },
  });
  const offer = (device: string, leaf: 'presence' | 'status', body: object) =>
    ingest.offer(`holdfast/v1/acme/${device}/${leaf}`, Buffer.from(JSON.stringify({ ...body, device })), false);
  return { ingest, disk, clock, board, dropped, rejects, offer };
}

test('while the disk is full nothing is acknowledged and nothing happened; afterwards the same message counts', async () => {
  const { disk, board, dropped, offer } = build();
  disk.full = true;
  await expect(offer('edge-01', 'presence', presence())).rejects.toThrow('disk is full');
  expect([board.size(), dropped]).toEqual([0, []]);
  disk.full = false;
  expect(await offer('edge-01', 'presence', presence())).toBe('accepted');
  expect(board.find('acme', 'edge-01')?.presence).toBe('online');
});

test('what arrives together is one transaction', async () => {
  const { disk, offer, board } = build();
  const outcomes = await Promise.all([
    offer('edge-01', 'presence', presence()),
    offer('edge-01', 'status', status()),
    offer('edge-02', 'presence', presence()),
    offer('edge-01', 'status', status({ seq: 2, sync: 'OutOfSync' })),
    offer('edge-01', 'status', status({ seq: 1 })),
  ]);
  expect(outcomes).toEqual(['accepted', 'accepted', 'accepted', 'accepted', 'late']);
  expect(disk.commits).toHaveLength(1);
  expect(board.find('acme', 'edge-01')?.sync).toBe('OutOfSync');
});

test('a message that the store refuses is dropped and counted; those beside it are written', async () => {
  const { dropped, offer, board } = build();
  const outcomes = await Promise.all([
    offer('edge-01', 'status', status()),
    offer('edge-02', 'status', status({ labels: { poison: 'x' } })),
    offer('edge-03', 'status', status()),
  ]);
  expect(outcomes).toEqual(['accepted', 'refused', 'accepted']);
  expect([dropped, board.size()]).toEqual([['refused'], 2]);
});

test('devices beyond the limit are dropped; those that are known go on', async () => {
  const { offer, dropped, board } = build(1);
  await offer('edge-01', 'presence', presence());
  expect(await offer('edge-02', 'presence', presence())).toBe('devices');
  expect(await offer('edge-01', 'status', status())).toBe('accepted');
  expect([dropped, board.size()]).toEqual([['devices'], 1]);
});

test('after stop nothing is taken any more, and what was queued is finished', async () => {
  const { ingest, offer } = build();
  const last = offer('edge-01', 'presence', presence());
  await ingest.stop();
  expect(await last).toBe('accepted');
  await expect(offer('edge-01', 'status', status())).rejects.toThrow('stopping');
});

const MINUTE = 60_000;
type World = ReturnType<typeof build>;
const later = (world: World, ms: number) => {
  world.clock.now += ms;
};

test.each<[string, (world: World) => Promise<void>, string]>([
  ['was silent while a hub listened', async () => undefined, 'stale'],
  ['was silent while the broker was away', async ({ ingest }) => ingest.tick(false), 'online'],
  ['was silent while the hub was asleep', async (world) => later(world, 30 * MINUTE), 'online'],
  [
    'said something that could not be written',
    async (world) => {
      world.disk.full = true;
      await expect(world.offer('edge-01', 'status', status({ seq: 9 }))).rejects.toThrow('full');
      world.disk.full = false;
    },
    'online',
  ],
])('a device that %s', async (_, meanwhile, expected) => {
  const world = build();
  await world.offer('edge-01', 'presence', presence());
  await world.ingest.tick(true);
  for (let passed = 0; passed < 70_000; passed += 10_000) {
    later(world, 10_000);
    await world.ingest.tick(true);
    if (passed === 40_000) await meanwhile(world);
  }
  expect(world.board.find('acme', 'edge-01')?.presence).toBe(expected);
  for (let passed = 0; passed < 120_000; passed += 10_000) {
    later(world, 10_000);
    await world.ingest.tick(true);
  }
  expect(world.board.find('acme', 'edge-01')?.presence).toBe('stale');
});

test('a sign of life counts with the next look, and is not written more often than is news', async () => {
  const world = build();
  await world.offer('edge-01', 'presence', presence());
  world.ingest.alive('acme', 'edge-01');
  await world.ingest.tick(true);
  later(world, 30_000);
  world.ingest.alive('acme', 'edge-01');
  world.ingest.alive('acme', 'edge-01');
  await world.ingest.tick(true);
  expect(world.board.seenAt('acme', 'edge-01')).toBe(START + 30_000);
  expect(world.disk.commits).toHaveLength(2);
});

test('what was not taken is counted by sender and cause, and the senders are bounded', async () => {
  const { ingest, rejects } = build();
  for (let index = 0; index < 1_500; index++) {
    await ingest.offer(`holdfast/v1/acme/edge-${index}/status`, Buffer.from('{"schema":2}'), false);
  }
  await ingest.offer('holdfast/v1/acme/edge-0/status', Buffer.from('{"schema":2}'), false);
  await ingest.tick(true);
  expect(rejects.length).toBeLessThanOrEqual(1_001);
  expect(rejects.find(({ device }) => device === 'edge-0')).toMatchObject({ cause: 'schema', n: 1 });
  expect(rejects.reduce((sum, { n }) => sum + n, 0)).toBe(1_501);
});
