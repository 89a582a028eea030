// The health gates of a device with two apps, look after look: what becomes the last known good, and what goes to quarantine.
import { describe, expect, it } from 'vitest';
import { createHealthGate } from '../../../agent/loop/health-gate.ts';
import { createVersions } from '../../../agent/loop/versions.ts';
import { HoldfastError } from '../../../fleet/error.ts';
import type { Desired } from '../../../fleet/model/desired.ts';
import type { Observed, ObservedContainer } from '../../../fleet/model/observed.ts';
import type { Difference, Plan, Step } from '../../../fleet/model/plan.ts';
import { NO_ROLLOUT, type Rollout } from '../../../fleet/model/rollout.ts';
import { LABEL } from '../../../fleet/names.ts';
import { specOf } from '../../../fleet/reconcile/attributes.ts';
import type { Ended } from '../../../fleet/rollout/fault.ts';
import { forAccepted } from '../../../fleet/rollout/record.ts';
import { appOf, DEVICE, desiredOf, PATHS, serviceOf } from '../../fleet/reconcile/support/desired.ts';

type State = Partial<ObservedContainer['inspect']['State']>;
interface Seen {
  readonly id?: string;
  readonly restarts?: number;
  readonly state?: State;
}

const NONE: ReadonlySet<string> = new Set();
const kiosk = (release: string, parts = {}) =>
  appOf('kiosk', { healthTimeoutMs: 60_000, services: [serviceOf('web', { image: `web:${release}` })], ...parts });
const meter = (parts = {}) =>
  appOf('meter', { services: [serviceOf('web', { container_name: 'meter-web-1' })], ...parts });
const A = desiredOf([kiosk('1'), meter()], 'a');
const B = desiredOf([kiosk('2'), meter()], 'b');
const WELL: Seen = {};
const ILL: Seen = { state: { Health: { Status: 'starting' } } };

function container(app: string, desired: Desired, { id = 'x', restarts = 0, state = {} }: Seen): ObservedContainer {
  const declared = desired.apps.find(({ name }) => name === app) ?? appOf(app);
  const service = declared.services[0] ?? serviceOf('web');
  const spec = specOf({ device: DEVICE, app: declared, service, paths: PATHS, salt: '' });
  const Labels = { [LABEL.device]: DEVICE, [LABEL.app]: app, [LABEL.service]: 'web', [LABEL.spec]: spec };
  return {
    stoppedByRequest: false,
    inspect: {
      ...{ Id: `${app} ${id}`, Name: `/${app}-web-1`, Image: 'x', RestartCount: restarts, Config: { Labels } },
      State: { Status: 'running', StartedAt: `2026-01-01 ${id} ${restarts}`, ...state },
      ...{ HostConfig: {}, NetworkSettings: {} },
    },
  };
}

function observed(desired: Desired, apps: Readonly<Record<string, Seen>>): Observed {
  return {
    engine: { version: '1', apiVersion: '1.41', os: 'linux', arch: 'x64' },
    containers: Object.entries(apps).map(([app, seen]) => container(app, desired, seen)),
    networks: [],
    volumes: [],
    images: new Map(),
    content: new Map(),
  };
}

const CHANGE: Difference = {
  ...{
    resource: 'service:kiosk/web',
    app: 'kiosk',
    kind: 'field',
    field: 'image',
    desired: 'web:2',
    observed: 'web:1',
  },
  origin: 'change',
};

function device(record: Rollout = NO_ROLLOUT) {
  let [nowMs, applied, stored] = [0, '', record];
  const disk = { full: false };
  const parts = {
    paths: PATHS,
    monotonicMs: () => nowMs,
    now: () => new Date(0),
    log: () => undefined,
    store: {
      applied: () => applied,
      rollout: () => record,
      putRollout: (next: Rollout) => {
        if (disk.full) throw new HoldfastError('DiskPressure', 'the disk is full');
        stored = next;
      },
    },
  } as unknown as Parameters<typeof createHealthGate>[0] & Parameters<typeof createVersions>[0];
  const versions = createVersions(parts);
  const gate = createHealthGate(parts, versions);
  return {
    disk,
    gate,
    versions,
    stored: () => stored,
    accept: (desired: Desired) => versions.change((now) => forAccepted(now, desired)),
    /** One look, so much later, at containers that are of `desired`. */
    look(
      desired: Desired,
      apps: Readonly<Record<string, Seen>>,
      given: {
        /** Whose containers run, where that is not what is accepted. */
        of?: Desired;
        after?: number;
        worked?: string[];
        busy?: string[];
        ended?: Partial<Ended>;
        changes?: Difference[];
        before?: Observed;
      } = {},
    ): readonly string[] {
      nowMs += given.after ?? 1000;
      applied = desired.revision;
      const seen = observed(given.of ?? desired, apps);
      const plan: Plan = { revision: desired.revision, differences: given.changes ?? [], steps: [], blocked: [] };
      return gate.advance({
        accepted: desired,
        asks: [],
        closed: NONE,
        effective: versions.effective(desired, [], NONE),
        before: given.before ?? (given.worked === undefined ? seen : observed(desired, {})),
        observed: seen,
        plan,
        ended: { failed: [], skipped: [], ...given.ended },
        worked: new Set(given.worked),
        busy: new Set(given.busy),
      });
    },
    /** `kiosk main@sha1:a`: what is good. */
    good: () => stored.goods.map(({ app, revision }) => `${app.name} ${revision.slice(0, 11)}`).sort(),
    bad: () => stored.quarantine.map(({ app, message }) => `${app}: ${message}`),
  };
}

/** A device on which A has proved itself, with `next` accepted. */
function proved(next: Desired) {
  const it = device();
  it.look(A, { kiosk: WELL, meter: WELL });
  it.look(A, { kiosk: WELL, meter: WELL });
  it.accept(next);
  return it;
}

describe('a version', () => {
  it('is good after two healthy looks a second apart, and with all apps the revision is', () => {
    const it = device();
    it.look(A, { kiosk: WELL, meter: WELL });
    expect([it.good(), it.gate.dueInMs()], 'a second later').toEqual([[], 1000]);
    it.look(A, { kiosk: WELL, meter: WELL });
    expect(it.good()).toEqual(['kiosk main@sha1:a', 'meter main@sha1:a']);
    expect([it.stored().lastGood, it.gate.dueInMs()]).toEqual([A.revision, null]);
  });

  it('that a revision does not change is not gated again', () => {
    const it = proved(B);
    it.look(B, { kiosk: ILL, meter: { state: { Status: 'restarting' } } }, { worked: ['kiosk'] });
    expect(it.good()).toContain('meter main@sha1:b');
    expect(it.bad()).toEqual([]);
  });

  it('that does not get healthy in its time goes to quarantine, once, and what was good runs again', () => {
    const it = proved(B);
    expect(it.look(B, { kiosk: ILL, meter: WELL }, { worked: ['kiosk'] })).toEqual([]);
    expect(it.gate.dueInMs(), 'when its time is over').toBe(60_001);
    expect(it.look(B, { kiosk: ILL, meter: WELL }, { after: 60_000 })).toEqual([]);
    expect(it.look(B, { kiosk: ILL, meter: WELL })).toEqual(['kiosk']);
    expect(it.bad()).toEqual(['kiosk: kiosk/web: health check has not passed yet']);
    expect(it.versions.effective(B, [], NONE).desired.apps[0]?.services[0]?.image).toBe('web:1');
    expect(it.gate.dueInMs()).toBeNull();
    for (const worked of [['kiosk'], [], []])
      expect(it.look(B, { kiosk: WELL, meter: WELL }, { of: A, worked })).toEqual([]);
    expect(it.good()).toEqual(['kiosk main@sha1:a', 'meter main@sha1:b']);
    expect([it.stored().lastGood, it.bad().length]).toEqual([A.revision, 1]);
  });

  it('with rollback: false, and the first one of an app, stays and is reported until it is well', () => {
    for (const [it, desired] of [
      [proved(B), desiredOf([kiosk('2', { rollback: false }), meter()], 'b')],
      [device(), A],
    ] as const) {
      it.look(desired, { kiosk: ILL, meter: WELL }, { worked: ['kiosk', 'meter'] });
      expect(it.look(desired, { kiosk: ILL, meter: WELL }, { after: 60_001 })).toEqual([]);
      expect(it.bad()).toEqual([]);
      expect(it.gate.failures()).toMatchObject([{ reason: 'HealthCheckFailed', stalled: false }]);
      it.look(desired, { kiosk: WELL, meter: WELL });
      it.look(desired, { kiosk: WELL, meter: WELL });
      expect(it.gate.failures()).toEqual([]);
      expect(it.good()).toContain(`kiosk ${desired.revision.slice(0, 11)}`);
    }
  });

  it('has its time from when it runs, not from when its image is first asked for', () => {
    const it = proved(B);
    for (const _hour of [1, 2, 3])
      expect(it.look(B, { kiosk: WELL, meter: WELL }, { after: 3_600_000, changes: [CHANGE] })).toEqual([]);
    expect([it.bad(), it.gate.dueInMs()]).toEqual([[], null]);
    it.look(B, { kiosk: ILL, meter: WELL }, { worked: ['kiosk'] });
    expect(it.look(B, { kiosk: ILL, meter: WELL }, { after: 60_001 })).toEqual(['kiosk']);
  });
});

describe('what no waiting mends', () => {
  const crashing = (restarts: number, parts: State = {}): Seen => ({
    id: 'new',
    restarts,
    state: { Status: 'restarting', ExitCode: 1, ...parts },
  });

  it('is a crash loop: it fails after a few restarts', () => {
    const it = proved(B);
    expect(it.look(B, { kiosk: crashing(2), meter: WELL }, { worked: ['kiosk'] })).toEqual([]);
    expect(it.look(B, { kiosk: crashing(3), meter: WELL })).toEqual(['kiosk']);
    expect(it.bad()).toEqual(['kiosk: kiosk/web: crash loop: restarted 3 times in 1 min, last exit code 1']);
  });

  it('is want of memory: it fails at once', () => {
    const it = proved(B);
    expect(it.look(B, { kiosk: crashing(0, { OOMKilled: true }), meter: WELL }, { worked: ['kiosk'] })).toEqual([
      'kiosk',
    ]);
    expect(it.bad()).toEqual(['kiosk: kiosk/web: restarting (0 times), out of memory']);
  });

  it.each([
    ['of this version', B, ['kiosk']],
    ['and not of one from before', A, []],
  ])('counts while something of the app is still to be done: %s', (_what, of, back) => {
    const it = proved(B);
    const changes = [{ ...CHANGE, field: 'container_name' }];
    expect(it.look(B, { kiosk: crashing(4), meter: WELL }, { of, worked: ['kiosk'], changes })).toEqual(back);
  });

  it('does not count restarts from before', () => {
    const it = proved(B);
    const before = observed(B, { kiosk: { id: 'new', restarts: 40 } });
    expect(it.look(B, { kiosk: crashing(41), meter: WELL }, { worked: ['kiosk'], before })).toEqual([]);
  });

  it('is a step by which the Engine says so', () => {
    const it = proved(B);
    const step = { kind: 'await-service', app: 'kiosk', subject: 'kiosk/web' } as unknown as Step;
    const failed = [{ step, error: new HoldfastError('HealthCheckFailed', 'it exited with 1') }];
    expect(it.look(B, { kiosk: ILL, meter: WELL }, { worked: ['kiosk'], ended: { failed } })).toEqual(['kiosk']);
    expect(it.bad()).toEqual(['kiosk: kiosk/web: it exited with 1']);
  });

  it('is not a registry that is away, however long', () => {
    const it = proved(B);
    const step = { kind: 'pull-image', app: 'kiosk', subject: 'kiosk/web' } as unknown as Step;
    const failed = [{ step, error: new HoldfastError('ImagePullFailed', 'away') }];
    for (const _day of [1, 2])
      expect(it.look(B, { kiosk: WELL, meter: WELL }, { after: 86_400_000, ended: { failed } })).toEqual([]);
    expect(it.bad()).toEqual([]);
  });
});

describe('a version that passed', () => {
  const loop = (restarts: number): Seen => ({ id: 'new', restarts });

  it('gives way all the same when it crashes again and again soon after', () => {
    const it = proved(B);
    it.look(B, { kiosk: loop(0), meter: WELL }, { worked: ['kiosk'] });
    it.look(B, { kiosk: loop(0), meter: WELL });
    expect([it.good(), it.stored().lastGood, it.gate.dueInMs()]).toEqual([
      ['kiosk main@sha1:b', 'meter main@sha1:b'],
      B.revision,
      null,
    ]);
    expect(it.look(B, { kiosk: loop(2), meter: WELL }, { after: 20_000 })).toEqual([]);
    expect(it.look(B, { kiosk: loop(3), meter: WELL }, { after: 20_000 })).toEqual(['kiosk']);
    expect([it.good(), it.stored().lastGood]).toEqual([['kiosk main@sha1:a', 'meter main@sha1:b'], A.revision]);
  });

  it('stays when it crashes later, and after any restart of the agent', () => {
    const it = proved(B);
    it.look(B, { kiosk: loop(0), meter: WELL }, { worked: ['kiosk'] });
    it.look(B, { kiosk: loop(0), meter: WELL });
    it.look(B, { kiosk: loop(0), meter: WELL }, { after: 60_001 });
    expect(it.look(B, { kiosk: loop(40), meter: WELL })).toEqual([]);
    const again = device(it.stored());
    expect(again.look(B, { kiosk: { state: { Status: 'restarting', OOMKilled: true } }, meter: WELL })).toEqual([]);
    expect(again.bad()).toEqual([]);
  });

  it('and is rolled back to is only reported', () => {
    const it = proved(B);
    it.look(B, { kiosk: ILL, meter: WELL }, { worked: ['kiosk'] });
    it.look(B, { kiosk: ILL, meter: WELL }, { after: 60_001 });
    it.look(B, { kiosk: ILL, meter: WELL }, { of: A, worked: ['kiosk'] });
    expect(it.look(B, { kiosk: ILL, meter: WELL }, { of: A, after: 60_001 })).toEqual([]);
    expect(it.gate.failures()).toMatchObject([{ reason: 'HealthCheckFailed' }]);
    expect(it.bad()).toHaveLength(1);
  });
});

it('an app is not judged before what it depends on is settled', () => {
  const next = desiredOf(
    [kiosk('2'), meter({ dependsOn: ['kiosk'], services: [serviceOf('web', { image: 'm:2' })] })],
    'b',
  );
  const it = proved(next);
  it.look(next, { kiosk: ILL, meter: ILL }, { worked: ['kiosk', 'meter'] });
  expect(it.look(next, { kiosk: ILL, meter: ILL }, { after: 60_001 })).toEqual(['kiosk']);
  expect(it.bad()).toHaveLength(1);
});

it('a new revision that leaves an app as it is leaves its time as it is', () => {
  const it = proved(B);
  it.look(B, { kiosk: ILL, meter: WELL }, { worked: ['kiosk'] });
  const next = desiredOf([kiosk('2'), meter({ services: [serviceOf('web', { image: 'm:2' })] })], 'c');
  it.accept(next);
  it.look(next, { kiosk: ILL, meter: WELL }, { after: 59_000, worked: ['meter'] });
  expect(it.look(next, { kiosk: ILL, meter: WELL }, { after: 2000 })).toEqual(['kiosk']);
});

it('a full disk keeps nothing from being rolled back, and says so', () => {
  const it = proved(B);
  it.look(B, { kiosk: ILL, meter: WELL }, { worked: ['kiosk'] });
  it.disk.full = true;
  expect(it.look(B, { kiosk: ILL, meter: WELL }, { after: 60_001 })).toEqual(['kiosk']);
  expect(it.versions.save).toThrow('the disk is full');
  expect(it.versions.effective(B, [], NONE).desired.apps[0]?.services[0]?.image).toBe('web:1');
  it.disk.full = false;
  it.versions.save();
  expect(it.bad()).toHaveLength(1);
});
