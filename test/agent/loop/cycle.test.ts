// Cycles on a model of a host: when one may end at once because nothing is new, and what must never be lost by that.
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createCycle } from '../../../agent/loop/cycle.ts';
import { createReport } from '../../../agent/loop/report.ts';
import { createVersions } from '../../../agent/loop/versions.ts';
import { createWorks } from '../../../agent/loop/works.ts';
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

interface Fate {
  fail: ((step: Step) => unknown) | null;
  /** Steps that hang, until they are released; `deaf`: they do not hear that they are to end. */
  hang: ((step: Step) => boolean | 'deaf') | null;
  /** What happens while the agent looks, after it has seen. */
  meanwhile: (() => Promise<void>) | null;
}

/** How long a cycle waits for a step that hangs. */
const PATIENCE_MS = 20;

/** A device with an agent on it whose time stands still between two cycles. */
function deviceWith(accepted: Desired) {
  const world = createWorld(REGISTRY);
  const clock = { ms: 1_000_000, day: DAY, synced: true };
  const disk = { full: false };
  let items: readonly InventoryItem[] = [];
  let applied: string | null = null;
  let rollout: Rollout = NO_ROLLOUT;
  let seen: Observed | null = null;
  const plans: string[] = [];
  const calls = { tidied: 0, stored: 0, woken: 0, collected: 0 };
  const fate: Fate = { fail: null, hang: null, meanwhile: null };
  let hanging: { readonly step: Step; readonly end: (how: unknown) => void }[] = [];
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
  /** Until somebody releases it. */
  const hang = async (step: Step, signal: AbortSignal): Promise<unknown> => {
    const { promise, resolve: end, reject } = Promise.withResolvers<unknown>();
    const onAbort = () => reject(signal.reason as Error);
    if (fate.hang?.(step) !== 'deaf') signal.addEventListener('abort', onAbort, { once: true });
    const one = { step, end };
    hanging.push(one);
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
      hanging = hanging.filter((other) => other !== one);
    }
  };
  const execute = async (step: Step, signal: AbortSignal) => {
    const error = fate.hang?.(step) ? await hang(step, signal) : fate.fail?.(step);
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
        await fate.meanwhile?.();
        return seen;
      },
      steps: Object.fromEntries(KINDS.map((kind) => [kind, execute])) as never,
    },
    parts: {
      now: () => new Date(clock.day),
      monotonicMs: () => clock.ms,
      clockSynced: async () => clock.synced,
      log: (_level, message) => void (message.startsWith('plan for') && plans.push(message)),
    },
  });
  const images = {
    ...parts.images,
    pull: execute,
    tidy: async () => {
      calls.tidied++;
    },
  };
  const content = { ...parts.content, collect: async () => ++calls.collected };
  const given = { ...parts, images, content };
  const now = { accepted };
  const asks: readonly Ask[] = [];
  const versions = createVersions(given);
  const report = createReport(given);
  const declared = {
    ...{ gitRevision: () => now.accepted.revision, failures: () => [], asks: () => asks, retryAfterMs: () => null },
    ...{ desired: () => now.accepted, refresh: async () => undefined, takeIn: async () => undefined },
  };
  const works = createWorks(() => void calls.woken++, PATIENCE_MS);
  const cycle = createCycle(given, declared, versions, report, works);
  const device = {
    ...{ world, clock, disk, fate, calls, versions, statuses, events, plans },
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
    /** What hangs goes on. */
    resume(error?: unknown) {
      for (const { end } of hanging) end(error);
    },
    /** The same, or fails with this; and ends. */
    async release(error?: unknown) {
      fate.hang = null;
      device.resume(error);
      while (works.isRunning()) await new Promise((resolve) => setImmediate(resolve));
    },
    hanging: () => hanging.map(({ step }) => `${step.kind} ${step.subject}`),
    inventory: () => items.map(({ name }) => name).sort(),
    machine(name: string) {
      const machine = [...world.machines.values()].find((one) => one.name === name);
      if (machine === undefined) throw new Error(`there is no container ${name}`);
      return machine;
    },
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

describe('while a step of one app hangs', () => {
  const app = (name: string, image: string, parts = {}) =>
    appOf(name, { services: [serviceOf('web', { image, container_name: name })], ...parts });
  const two = (kiosk: string, till: string, commit: string, parts = {}) =>
    desiredOf([app('kiosk', kiosk), app('till', till, parts)], commit);
  const THREE = [...two('nginx:1', 'nginx:1', 'a').apps, app('menu', 'nginx:1')];
  /** `kiosk` changes to `nginx:2`, and hangs at such a step; so does `till`, to what is given. */
  const hangingAt = async (kind: Step['kind'], till = 'nginx:1', from = two('nginx:1', 'nginx:1', 'a')) => {
    const it = await deviceWith(from).calm();
    it.accept(two('nginx:2', till, 'b'));
    it.fate.hang = (step) => step.app === 'kiosk' && step.kind === kind;
    const outcome = await it.run();
    expect(outcome).toMatchObject({ busy: true, failed: false });
    expect(it.hanging()).toEqual([expect.stringContaining(kind)]);
    return it;
  };
  const imagesOf = ({ world }: { readonly world: ReturnType<typeof createWorld> }) =>
    [...world.machines.values()].map(({ name, config, status }) => `${name} ${config.Image} ${status}`).sort();
  const late = new HoldfastError('HealthCheckFailed', 'it did not get ready');

  it('what of another app is gone is there again, and the hanging one ends as if it had never hung', async () => {
    const it = await hangingAt('start-container');
    it.world.machines.delete(it.machine('till').id);
    expect(await it.run()).toMatchObject({ busy: true, failed: false });
    expect(it.machine('till').status).toBe('running');
    const good = it.stored().goods.find((one) => one.app.name === 'kiosk');
    expect([it.applied(), good?.revision]).toEqual([A.revision, A.revision]);
    expect(it.statuses.at(-1)?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Reconciling', status: 'True' }),
    );
    const woken = it.calls.woken;
    await it.release();
    expect(it.calls.woken).toBe(woken + 1);
    expect(await it.run()).toMatchObject({ busy: false, failed: false, dueInMs: expect.any(Number) });
    await it.calm();
    expect(imagesOf(it)).toEqual(['kiosk nginx:2 running', 'till nginx:1 running']);
    expect([it.applied(), it.stored().lastGood]).toEqual([B.revision, B.revision]);
  });

  it('another app that changed with it is good before it has ended', async () => {
    const it = await hangingAt('pull-image', 'nginx:3');
    await it.run();
    await it.run();
    const till = it.stored().goods.find((good) => good.app.name === 'till');
    expect([till?.revision, it.hanging().length, it.applied()]).toEqual([B.revision, 1, A.revision]);
  });

  it('another app that fails is rolled back', async () => {
    const it = await deviceWith(two('nginx:1', 'nginx:1', 'a')).calm();
    it.world.broken.set('nginx:3', 'no such program');
    it.accept(two('nginx:2', 'nginx:3', 'b'));
    it.fate.hang = (step) => step.app === 'kiosk' && step.kind === 'pull-image';
    expect(await it.run()).toMatchObject({ again: true, busy: true });
    await it.run();
    expect(imagesOf(it)).toEqual(['kiosk nginx:1 running', 'till nginx:1 running']);
    expect(it.stored().quarantine.map((entry) => entry.app)).toEqual(['till']);
    await it.release();
    await it.calm();
    expect(imagesOf(it)).toEqual(['kiosk nginx:2 running', 'till nginx:1 running']);
  });

  it('it is rolled back when that step fails at last, and not before', async () => {
    const it = await hangingAt('start-container');
    for (let looks = 0; looks < 3; looks++) {
      it.clock.ms += 100_000;
      expect(await it.run()).toMatchObject({ again: false, busy: true });
    }
    await it.release(late);
    expect(await it.run()).toMatchObject({ again: true, busy: false });
    await it.calm();
    expect(imagesOf(it)).toEqual(['kiosk nginx:1 running', 'till nginx:1 running']);
    expect(it.stored().quarantine.map((entry) => `${entry.app}: ${entry.message}`)).toEqual([
      'kiosk: kiosk/web: it did not get ready',
    ]);
  });

  it('its health gate opens when it has ended', async () => {
    const it = await hangingAt('start-container');
    it.clock.ms += 600_000;
    await it.release();
    it.machine('kiosk').status = 'restarting';
    expect(await it.run()).toMatchObject({ again: false, dueInMs: expect.any(Number) });
    it.clock.ms += 60_001;
    expect(await it.run()).toMatchObject({ again: true });
  });

  it.each([
    ['another version of it', 'nginx:3', 'nginx:1'],
    ['the same version of it', 'nginx:2', 'nginx:3'],
  ])('something newer ends it, and what was ended has not failed: %s', async (_what, kiosk, till) => {
    const it = await deviceWith(two('nginx:1', 'nginx:1', 'a')).calm();
    it.accept(two('nginx:2', 'nginx:1', 'b'));
    it.fate.hang = ({ kind }) => kind === 'start-container';
    const newer = new AbortController();
    await it.run(newer.signal);
    newer.abort();
    it.accept(two(kiosk, till, 'c'));
    it.fate.hang = null;
    expect(await it.run()).toMatchObject({ failed: false, busy: false, again: false });
    await it.calm();
    const runs = [`kiosk ${kiosk} running`, `till ${till} running`];
    expect([imagesOf(it), it.stored().quarantine]).toEqual([runs, []]);
  });

  it('nothing of it begins before what was ended for something newer has ended', async () => {
    const it = await deviceWith(A).calm();
    it.accept(B);
    it.fate.hang = ({ kind }) => kind === 'start-container' && 'deaf';
    const newer = new AbortController();
    await it.run(newer.signal);
    newer.abort();
    const plans = it.plans.length;
    it.accept(desiredOf([web('3')], 'c'));
    const next = it.run();
    await new Promise((resolve) => setTimeout(resolve, 2 * PATIENCE_MS));
    expect(it.plans.length).toBe(plans);
    await it.release();
    await next;
    await it.calm();
    expect(it.images()).toEqual(['nginx:3']);
  });

  it('that it failed is told though looks show nothing new, and it is tried again', async () => {
    const it = await hangingAt('pull-image');
    await it.run();
    await it.release(new HoldfastError('ImagePullFailed', 'no route'));
    expect(await it.run()).toMatchObject({ failed: true, retry: true, busy: false });
    await it.calm();
    expect(imagesOf(it)).toEqual(['kiosk nginx:2 running', 'till nginx:1 running']);
  });

  it('what crashes of it is judged when it has ended', async () => {
    const it = await hangingAt('remove-container');
    const started = [...it.world.machines.values()].find(({ config }) => config.Image === 'nginx:2');
    Object.assign(started ?? {}, { status: 'exited', exitCode: 137, outOfMemory: true });
    expect(await it.run()).toMatchObject({ again: false });
    await it.release();
    expect(await it.run()).toMatchObject({ again: true });
  });

  it('a suspended device ends it', async () => {
    const it = await hangingAt('pull-image');
    it.accept({ ...two('nginx:2', 'nginx:1', 'b'), suspend: true });
    expect(await it.run()).toMatchObject({ busy: false, dueInMs: null });
    expect([it.hanging(), imagesOf(it)]).toEqual([[], ['kiosk nginx:1 running', 'till nginx:1 running']]);
  });

  it('what is seen of it is neither told as drift nor touched', async () => {
    const it = await hangingAt('pull-image');
    const told = it.events.length;
    it.world.stop(it.machine('kiosk'));
    expect(await it.run()).toMatchObject({ steps: 0, failed: false });
    expect([it.machine('kiosk').status, it.statuses.at(-1)?.drift, it.events.slice(told)]).toEqual(['exited', [], []]);
    await it.release();
    await it.calm();
    expect(imagesOf(it)).toEqual(['kiosk nginx:2 running', 'till nginx:1 running']);
    expect(it.events.filter(({ reason }) => reason === 'DriftDetected')).toEqual([]);
  });

  it('drift that it mends is known until it has ended', async () => {
    const it = await deviceWith(A).calm();
    it.world.stop(it.machine('kiosk-web-1'));
    it.fate.hang = ({ kind }) => kind === 'start-container';
    await it.run();
    it.world.start(it.machine('kiosk-web-1'));
    await it.run();
    const ended = () => it.events.filter(({ message }) => message.startsWith('drift has ended')).length;
    expect([it.statuses.at(-1)?.drift.length, ended()]).toEqual([1, 0]);
    await it.release();
    await it.run();
    expect([it.statuses.at(-1)?.drift, ended()]).toEqual([[], 1]);
  });

  it('what it wrote down before it makes something stays written down', async () => {
    const it = await deviceWith(two('nginx:1', 'nginx:1', 'a')).calm();
    it.accept(desiredOf([...two('nginx:1', 'nginx:1', 'b').apps, app('menu', 'nginx:1')], 'b'));
    it.fate.hang = ({ kind }) => kind === 'create-container';
    await it.run();
    await it.run();
    expect([it.inventory(), it.hanging()]).toEqual([['kiosk', 'menu', 'till'], ['create-container menu/web']]);
    // Also where it makes it while the agent looks.
    it.fate.meanwhile = async () => {
      it.fate.hang = ({ kind }) => kind === 'start-container';
      it.resume();
    };
    await it.run();
    expect([it.inventory(), it.hanging()]).toEqual([['kiosk', 'menu', 'till'], ['start-container menu/web']]);
  });

  it('what ends while the agent looks, the next look shows', async () => {
    const it = await hangingAt('pull-image');
    it.fate.meanwhile = () => it.release();
    expect(await it.run()).toMatchObject({ steps: 0, again: false, busy: false, dueInMs: 0 });
    it.fate.meanwhile = null;
    expect([it.applied(), it.events.filter(({ reason }) => reason === 'DriftDetected')]).toEqual([A.revision, []]);
    await it.run();
    expect(it.applied()).toBe(B.revision);
  });

  it('no content is collected, which it may be writing', async () => {
    const it = await hangingAt('pull-image', 'nginx:3');
    const { collected } = it.calls;
    for (const _look of [1, 2, 3]) await it.run();
    expect(it.calls.collected).toBe(collected);
    await it.release();
    await it.run();
    expect(it.calls.collected).toBe(collected + 1);
  });

  it('its plan is told once', async () => {
    const it = await hangingAt('pull-image');
    const told = () => [it.plans.length, it.events.filter(({ reason }) => reason === 'Progressing').length];
    const before = told();
    await it.run();
    await it.run();
    expect(told()).toEqual(before);
    it.world.stop(it.machine('till'));
    await it.run();
    expect(it.plans.slice(before[0])).toEqual([expect.stringMatching(/^(?!.*kiosk).*till/s)]);
  });

  it('an app that needs it waits, whole; others do not', async () => {
    const bound = { dependsOn: ['kiosk'] };
    const it = await deviceWith(
      desiredOf([...two('nginx:1', 'nginx:1', 'a', bound).apps, app('menu', 'nginx:1')]),
    ).calm();
    it.accept(desiredOf([...two('nginx:2', 'nginx:1', 'b', bound).apps, app('menu', 'nginx:1')], 'b'));
    it.fate.hang = (step) => step.app === 'kiosk' && step.kind === 'start-container';
    await it.run();
    it.world.stop(it.machine('menu'));
    // Its container would have to be stopped, and could not be started again before the other is ready.
    it.accept(desiredOf([...two('nginx:2', 'nginx:3', 'c', bound).apps, app('menu', 'nginx:1')], 'c'));
    for (const _look of [1, 2]) await it.run();
    expect(imagesOf(it)).toEqual([
      ...['kiosk nginx:1 exited', 'kiosk--next nginx:2 created'],
      ...['menu nginx:1 running', 'till nginx:1 running'],
    ]);
    await it.release();
    await it.calm();
    expect(imagesOf(it)).toEqual(['kiosk nginx:2 running', 'menu nginx:1 running', 'till nginx:3 running']);
    const drifted = it.events.filter(({ reason }) => reason === 'DriftDetected').map(({ resource }) => resource);
    expect(drifted).toEqual(['service:menu/web']);
  });

  it('a new app comes, is told good, and the revision is applied when all have ended', async () => {
    const it = await deviceWith(desiredOf(THREE)).calm();
    it.world.stop(it.machine('kiosk'));
    it.fate.hang = (step) => step.app === 'kiosk';
    await it.run();
    it.accept(desiredOf([...THREE, app('sign', 'nginx:2')], 'b'));
    await it.run();
    await it.run();
    const good = () => it.stored().goods.find((one) => one.app.name === 'sign')?.revision;
    expect([good(), it.applied()]).toEqual([B.revision, A.revision]);
    await it.release();
    await it.calm();
    expect([it.applied(), it.stored().lastGood]).toEqual([B.revision, B.revision]);
  });

  it('what it fails with stays told while it is tried again', async () => {
    const it = await deviceWith(A).calm();
    it.accept(B);
    it.fate.fail = ({ kind }) => (kind === 'pull-image' ? new HoldfastError('ImagePullFailed', 'no route') : undefined);
    expect(await it.run()).toMatchObject({ failed: true, retry: true });
    const told = it.events.length;
    it.fate.hang = ({ kind }) => kind === 'pull-image';
    for (const _look of [1, 2]) expect(await it.run()).toMatchObject({ failed: true, retry: false, busy: true });
    expect(it.events.slice(told)).toEqual([]);
    it.fate.fail = null;
    await it.release();
    await it.run();
    expect(it.events.slice(told).map(({ message }) => message)).toEqual([`applied ${B.revision}`, 'working again']);
  });

  it('what ends for a version that is not in force any more says nothing of the one that is', async () => {
    const it = await deviceWith(A).calm();
    it.world.broken.set('nginx:2', 'no such program');
    it.accept(B);
    expect(await it.run()).toMatchObject({ again: true });
    it.fate.hang = ({ kind }) => kind === 'start-container';
    await it.run();
    it.world.broken.clear();
    it.versions.change((record) => withoutQuarantined(record, 'kiosk'));
    await it.release(late);
    await it.run();
    expect(it.stored().quarantine).toEqual([]);
    await it.calm();
    expect([it.images(), it.stored().lastGood]).toEqual([['nginx:2'], B.revision]);
  });

  it('a look that fails does not lose how it ended', async () => {
    const it = await hangingAt('start-container');
    await it.release(late);
    const { observe } = it.world;
    it.world.observe = () => {
      throw new HoldfastError('DockerUnavailable', 'no Engine answers');
    };
    expect(await it.run()).toMatchObject({ failed: true, again: false });
    it.world.observe = observe;
    expect(await it.run()).toMatchObject({ again: true });
  });
});
