// Cycles on a model of a host: when one may end at once because nothing is new, and what must never be lost by that.
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createCycle } from '../../../agent/loop/cycle.ts';
import { createReport } from '../../../agent/loop/report.ts';
import { createVersions } from '../../../agent/loop/versions.ts';
import type { Store } from '../../../agent/store/store.ts';
import { HoldfastError, messageOf } from '../../../fleet/error.ts';
import type { Ask } from '../../../fleet/model/ask.ts';
import type { Desired } from '../../../fleet/model/desired.ts';
import type { InventoryItem } from '../../../fleet/model/inventory.ts';
import type { Observed } from '../../../fleet/model/observed.ts';
import type { Step } from '../../../fleet/model/plan.ts';
import { NO_ROLLOUT, type Rollout } from '../../../fleet/model/rollout.ts';
import { declaredVersions } from '../../../fleet/rollout/effective.ts';
import { forAccepted, withGoods, withoutQuarantined } from '../../../fleet/rollout/record.ts';
import { appOf, desiredOf, serviceOf } from '../../fleet/reconcile/support/desired.ts';
import { REGISTRY } from '../../fleet/reconcile/support/images.ts';
import { createWorld } from '../../fleet/reconcile/support/world.ts';
import { partsWith } from './support/parts.ts';

const NIGHTLY = [{ cron: '0 2 * * *', durationMs: 3_600_000, timeZone: 'UTC' }];
const [DAY, NIGHT] = [Date.parse('2026-11-27T12:00:00Z'), Date.parse('2026-11-28T02:30:00Z')];
const web = (release: string, parts = {}) =>
  appOf('kiosk', { services: [serviceOf('web', { image: `nginx:${release}` })], ...parts });
const A = desiredOf([web('1')], 'a');
const B = desiredOf([web('2')], 'b');

/** The steps that these states need. */
const KINDS: readonly Step['kind'][] = [
  ...(['create-container', 'start-container', 'stop-container', 'remove-container'] as const),
  ...(['rename-container', 'await-service'] as const),
];

/** A device with an agent on it whose time stands still between two cycles. */
function deviceWith(accepted: Desired) {
  const world = createWorld(REGISTRY);
  const clock = { ms: 1_000_000, day: DAY, synced: true };
  const disk = { full: false };
  let items: readonly InventoryItem[] = [];
  let applied: string | null = null;
  let rollout: Rollout = NO_ROLLOUT;
  let seen: Observed | null = null;
  const calls = { tidied: 0, stored: 0 };
  const fate: { fail: ((step: Step) => unknown) | null } = { fail: null };
  const write = () => {
    calls.stored++;
    if (disk.full) throw new HoldfastError('DiskPressure', 'the disk is full');
  };
  const store: Partial<Store> = {
    inventory: () => items,
    putInventory(item) {
      if (items.some((one) => isDeepStrictEqual(one, item))) return;
      write();
      items = [...items.filter(({ kind, name }) => kind !== item.kind || name !== item.name), item];
    },
    removeInventory(kind, name) {
      if (items.some((one) => one.kind === kind && one.name === name)) write();
      items = items.filter((one) => one.kind !== kind || one.name !== name);
    },
    applied: () => applied,
    putApplied(revision) {
      write();
      applied = revision;
    },
    rollout: () => rollout,
    putRollout(next) {
      write();
      rollout = next;
    },
  };
  const execute = async (step: Step) => {
    const error = fate.fail?.(step);
    if (error !== undefined) throw error;
    try {
      world.execute(step);
    } catch (refusal) {
      throw new HoldfastError('DockerRefused', messageOf(refusal));
    }
  };
  const { parts, statuses, events } = partsWith({
    store,
    engine: {
      /** What looks the same is the same, as the Engine's shell gives it. */
      observe: async (look) => {
        const now = structuredClone(world.observe({ ...look, contents: [], live: [] }));
        seen = seen !== null && isDeepStrictEqual(seen, now) ? seen : now;
        return seen;
      },
      steps: Object.fromEntries(KINDS.map((kind) => [kind, execute])) as never,
    },
    parts: {
      now: () => new Date(clock.day),
      monotonicMs: () => clock.ms,
      clockSynced: async () => clock.synced,
    },
  });
  const images = {
    ...parts.images,
    pull: execute,
    tidy: async () => {
      calls.tidied++;
    },
  };
  const given = { ...parts, images };
  const now = { accepted };
  const asks: readonly Ask[] = [];
  const versions = createVersions(given);
  const report = createReport(given);
  const declared = {
    ...{ gitRevision: () => now.accepted.revision, failures: () => [], asks: () => asks, retryAfterMs: () => null },
    ...{ desired: () => now.accepted, refresh: async () => undefined, takeIn: async () => undefined },
  };
  const cycle = createCycle(given, declared, versions, report);
  const device = {
    ...{ world, clock, disk, fate, calls, versions, statuses, events },
    applied: () => applied,
    stored: () => rollout,
    accept(desired: Desired) {
      now.accepted = desired;
      versions.change((record) => forAccepted(record, desired));
    },
    /** One cycle, a second later; `superseded`: with something newer declared in the middle of it. */
    run: async (superseded?: AbortSignal) => {
      clock.ms += 1000;
      return await cycle.run(new AbortController().signal, superseded);
    },
    /** Until nothing is awaited any more. */
    async calm() {
      for (let count = 0; count < 12; count++) {
        const { dueInMs, steps } = await device.run();
        if (dueInMs === null && steps === 0) break;
      }
      // The version proves itself for a while yet.
      clock.ms += 120_000;
      await device.run();
      await device.run();
      return device;
    },
    images: () => [...world.machines.values()].map(({ config }) => String(config.Image)),
  };
  return device;
}

describe('a cycle that finds what the one before did', () => {
  it('writes nothing, tells nothing, and does what is due by the clock', async () => {
    const it = await deviceWith(A).calm();
    const before = { ...it.calls, told: it.statuses.length, events: it.events.length };
    const { status } = await it.run();
    expect(it.calls).toEqual({ ...it.calls, stored: before.stored, tidied: before.tidied + 1 });
    expect([it.statuses.length, it.events.length]).toEqual([before.told, before.events]);
    expect(status.conditions[0]).toMatchObject({ type: 'Ready', status: 'True' });
  });

  it('tells the figures of the host again after half a minute', async () => {
    const it = await deviceWith(A).calm();
    await it.run();
    const told = it.statuses.length;
    it.clock.ms += 30_000;
    await it.run();
    expect(it.statuses.length).toBe(told + 1);
  });

  it('does not end at once when drift has come, or a revision that changes nothing', async () => {
    const it = await deviceWith(A).calm();
    for (const machine of it.world.machines.values()) it.world.stop(machine);
    expect(await it.run()).toMatchObject({ steps: 1 });
    await it.calm();
    it.accept({ ...A, revision: B.revision });
    await it.run();
    expect([it.applied(), it.stored().lastGood]).toEqual([B.revision, B.revision]);
  });
});

describe('what has not been drawn yet is drawn by the next cycle', () => {
  it('after a step that failed though it took effect', async () => {
    const it = await deviceWith(
      desiredOf([web('1'), appOf('old', { services: [serviceOf('x', { container_name: 'x' })] })]),
    ).calm();
    it.accept({ ...A, revision: B.revision });
    it.fate.fail = (step) => {
      if (step.kind !== 'remove-container' || step.app !== 'old') return undefined;
      it.world.execute(step);
      return new HoldfastError('DockerUnavailable', 'the answer was lost');
    };
    expect(await it.run()).toMatchObject({ failed: true });
    it.fate.fail = null;
    await it.calm();
    expect([it.applied(), it.images()]).toEqual([B.revision, ['nginx:1']]);
  });

  it('after something newer ended it', async () => {
    const it = await deviceWith(A).calm();
    it.accept(B);
    await it.run(AbortSignal.abort());
    expect(it.applied()).toBe(A.revision);
    await it.calm();
    expect(it.applied()).toBe(B.revision);
  });

  it('after the state could not be written', async () => {
    const it = await deviceWith(A).calm();
    it.accept({ ...A, revision: B.revision });
    it.disk.full = true;
    for (const _again of [1, 2]) expect(await it.run()).toMatchObject({ failed: true, retry: true });
    it.disk.full = false;
    expect(await it.run()).toMatchObject({ failed: false });
    expect([it.applied(), it.stored().lastGood]).toEqual([B.revision, B.revision]);
  });

  it('after what has proved good could not be written', async () => {
    const it = deviceWith(A);
    await it.run();
    it.disk.full = true;
    expect(await it.run()).toMatchObject({ failed: true });
    expect(it.stored().goods).toEqual([]);
    it.disk.full = false;
    await it.run();
    expect(it.stored().lastGood).toBe(A.revision);
  });
});

describe('with a full disk', () => {
  it('what does not need the disk is repaired all the same', async () => {
    const it = await deviceWith(A).calm();
    it.accept({ ...A, revision: B.revision });
    for (const machine of it.world.machines.values()) it.world.stop(machine);
    it.disk.full = true;
    await it.run();
    expect([...it.world.machines.values()].map(({ status }) => status)).toEqual(['running']);
  });
});

describe('a change that waits for a window', () => {
  const waiting = async () => {
    const it = await deviceWith(desiredOf([web('1', { windows: NIGHTLY })], 'a')).calm();
    it.accept(desiredOf([web('2', { windows: NIGHTLY })], 'b'));
    await it.calm();
    expect(it.images()).toEqual(['nginx:1']);
    return it;
  };

  it('is carried out when it opens, though looks show nothing new', async () => {
    const it = await waiting();
    expect(await it.run()).toMatchObject({ opensInMs: 14 * 3_600_000, steps: 0 });
    it.clock.day = NIGHT;
    await it.calm();
    expect([it.images(), it.applied()]).toEqual([['nginx:2'], B.revision]);
  });

  it('waits while the clock cannot be believed, and no longer', async () => {
    const it = await waiting();
    Object.assign(it.clock, { day: NIGHT, synced: false });
    expect(await it.run()).toMatchObject({ opensInMs: null, steps: 0 });
    it.clock.synced = true;
    await it.calm();
    expect(it.images()).toEqual(['nginx:2']);
  });

  it('what began in it is finished after it has closed', async () => {
    const it = await waiting();
    it.clock.day = NIGHT;
    await it.run(AbortSignal.abort());
    it.clock.day = DAY;
    await it.calm();
    expect([it.images(), it.applied()]).toEqual([['nginx:2'], B.revision]);
  });
});

describe('a version that fails', () => {
  it('by the clock alone does so, though looks show nothing new', async () => {
    const it = await deviceWith(A).calm();
    it.accept(B);
    await it.run();
    for (const machine of it.world.machines.values()) machine.status = 'restarting';
    for (const _look of [1, 2])
      expect(await it.run()).toMatchObject({ dueInMs: expect.any(Number), steps: 0, again: false });
    it.clock.ms += 60_001;
    expect(it.applied()).toBe(B.revision);
    expect(await it.run()).toMatchObject({ again: true });
    await it.calm();
    expect([it.images(), it.applied()], 'it was applied, and is not any more').toEqual([['nginx:1'], A.revision]);
  });

  it('is rolled back from a quiet state, stays so, and is tried when a person asks', async () => {
    const it = await deviceWith(A).calm();
    it.world.broken.set('nginx:2', 'no such program');
    it.accept(B);
    expect(await it.run()).toMatchObject({ again: true });
    await it.calm();
    expect([it.images(), it.applied(), it.stored().quarantine.length]).toEqual([['nginx:1'], A.revision, 1]);
    expect((await it.run()).status.apps[0]).toMatchObject({
      revision: A.revision,
      quarantined: { revision: B.revision },
    });
    it.world.broken.clear();
    it.versions.change((record) => withoutQuarantined(record, 'kiosk'));
    await it.calm();
    expect([it.images(), it.applied(), it.stored().lastGood]).toEqual([['nginx:2'], B.revision, B.revision]);
  });
});

it('a record of good versions alone is enough to wait', async () => {
  const it = deviceWith(desiredOf([web('2', { windows: NIGHTLY })], 'b'));
  it.versions.change((record) => withGoods(record, declaredVersions(A, [])));
  await it.calm();
  expect(it.images()).toEqual(['nginx:1']);
});
