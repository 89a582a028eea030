import { describe, expect, it, test } from 'vitest';
import { type ErrorCode, HoldfastError } from '../../../fleet/error.ts';
import type { Ask } from '../../../fleet/model/ask.ts';
import type { Desired } from '../../../fleet/model/desired.ts';
import type { Observed } from '../../../fleet/model/observed.ts';
import type { Blocked, Step } from '../../../fleet/model/plan.ts';
import { NO_ROLLOUT, type Quarantined, type Rollout } from '../../../fleet/model/rollout.ts';
import { declaredVersions, effectiveState } from '../../../fleet/rollout/effective.ts';
import { faultOf } from '../../../fleet/rollout/fault.ts';
import {
  forAccepted,
  goneBack,
  QUARANTINE_CAP,
  withGoods,
  withLastGood,
  withoutQuarantined,
  withQuarantined,
} from '../../../fleet/rollout/record.ts';
import { appSpec } from '../../../fleet/rollout/spec.ts';
import { askOf } from '../policy/support.ts';
import { appOf, desiredOf, serviceOf } from '../reconcile/support/desired.ts';

const web = (image: string) => appOf('kiosk', { services: [serviceOf('web', { image })] });
const meter = appOf('meter', { services: [serviceOf('web', { container_name: 'meter-web-1' })] });
const GOOD = desiredOf([web('nginx:1'), meter], 'a');
const BAD = desiredOf([web('nginx:2'), meter], 'b');
const ALL = new Set(['kiosk', 'meter']);
function versionsOf(desired: Desired, asks: readonly Ask[], names: ReadonlySet<string>) {
  return declaredVersions(desired, asks).filter(({ app }) => names.has(app.name));
}

const proved = withGoods(NO_ROLLOUT, versionsOf(GOOD, [askOf({ kind: 'privileged' })], ALL));

function failed(desired: Desired): Quarantined {
  const spec = appSpec(desired.apps[0] ?? appOf('none'));
  return { app: 'kiosk', spec, revision: desired.revision, reason: 'HealthCheckFailed', message: 'ill', since: 'now' };
}

const images = (desired: Desired, rollout: Rollout) =>
  effectiveState(desired, [], rollout).desired.apps.map(({ services }) => services[0]?.image);

describe('the spec of an app', () => {
  const app = web('nginx:1');
  const [service = serviceOf('web')] = app.services;
  test.each([
    [
      'is the same for the same services, however their keys are ordered',
      { services: [Object.fromEntries(Object.entries(service).reverse()) as typeof service] },
      true,
    ],
    [
      'says nothing of how the app is treated',
      { ignore: ['*'], healthTimeoutMs: 1, drift: 'warn', rollback: false, dependsOn: ['meter'] },
      true,
    ],
    ['is another with another service', { services: [{ ...service, image: 'nginx:2' }] }, false],
    [
      'is another with another volume',
      { volumes: [{ key: 'd', name: 'd', external: false, driver_opts: {}, labels: {} }] },
      false,
    ],
  ] as const)('%s', (_what, parts, same) => {
    expect(appSpec({ ...app, ...parts }) === appSpec(app)).toBe(same);
  });
});

describe('what is in force', () => {
  it('is what is declared, the very object, while nothing is in quarantine', () => {
    expect(effectiveState(BAD, [], proved).desired).toBe(BAD);
  });

  it('is the last known good of an app whose declared version is in quarantine, and of no other app', () => {
    const rollout = withQuarantined(proved, failed(BAD));
    expect(images(BAD, rollout)).toEqual(['nginx:1', 'nginx:1']);
    const { apps } = effectiveState(BAD, [], rollout);
    expect(apps.get('kiosk')).toMatchObject({ revision: GOOD.revision, proved: true, fallback: null });
    expect(apps.get('kiosk')?.quarantined?.revision).toBe(BAD.revision);
    expect(apps.get('meter')).toMatchObject({ revision: BAD.revision, proved: true, quarantined: null });
  });

  it('is treated as Git says now, whichever version runs', () => {
    const now = { ...BAD, apps: [{ ...web('nginx:2'), drift: 'warn', ignore: ['x'] }] } as const;
    const { desired } = effectiveState(now, [], withQuarantined(proved, failed(BAD)));
    expect(desired.apps[0]).toMatchObject({ drift: 'warn', ignore: ['x'], services: [{ image: 'nginx:1' }] });
  });

  it('asks of the host what the version asks that runs, and hides the secrets of both', () => {
    const secret = withGoods(
      NO_ROLLOUT,
      versionsOf({ ...GOOD, secretValues: ['old'] }, [askOf({ kind: 'privileged' })], ALL),
    );
    const asks = [askOf({ kind: 'capability', capability: 'NET_ADMIN' })];
    const rollout = withQuarantined(secret, failed(BAD));
    const effective = effectiveState({ ...BAD, secretValues: ['new'] }, asks, rollout);
    expect(effective.asks.map(({ kind }) => kind)).toEqual(['privileged']);
    expect(effective.desired.secretValues).toEqual(['new', 'old']);
  });

  test.each([
    ['there is no last known good', BAD, withQuarantined(NO_ROLLOUT, failed(BAD))],
    [
      'it says rollback: false',
      { ...BAD, apps: [{ ...web('nginx:2'), rollback: false }] },
      withQuarantined(proved, failed(BAD)),
    ],
    ['another version of it is declared', desiredOf([web('nginx:3')], 'c'), withQuarantined(proved, failed(BAD))],
  ])('is what is declared where %s', (_why, desired, rollout) => {
    expect(effectiveState(desired, [], rollout).desired).toBe(desired);
    expect([...effectiveState(desired, [], rollout).apps.values()].every((one) => one.quarantined === null)).toBe(true);
  });

  it('gives way only where there is something to go back to', () => {
    expect(effectiveState(BAD, [], proved).apps.get('kiosk')?.fallback?.revision).toBe(GOOD.revision);
    expect(effectiveState(BAD, [], proved).apps.get('meter')?.fallback).toBeNull();
    expect(effectiveState(GOOD, [], proved).apps.get('kiosk')).toMatchObject({ fallback: null, proved: true });
  });
});

describe('the record', () => {
  it('is the same object where nothing changes', () => {
    const rollout = withLastGood(withQuarantined(proved, failed(BAD)), GOOD.revision);
    expect(withGoods(rollout, versionsOf(GOOD, [], ALL))).toBe(rollout);
    expect(withLastGood(rollout, GOOD.revision)).toBe(rollout);
    expect(withQuarantined(rollout, failed(BAD))).toBe(rollout);
    expect(forAccepted(rollout, BAD)).toBe(rollout);
    expect(withoutQuarantined(rollout, 'meter')).toBe(rollout);
  });

  it('has one good version of an app, under the newest revision that declares it', () => {
    const moved = withGoods(proved, versionsOf(BAD, [], new Set(['meter'])));
    expect(moved.goods.map(({ app, revision }) => `${app.name} ${revision.slice(0, 11)}`).sort()).toEqual([
      'kiosk main@sha1:a',
      'meter main@sha1:b',
    ]);
  });

  it('tries a version again that Git goes back to, and not one that Git only leaves as it is', () => {
    const rollout = withQuarantined(proved, failed(BAD));
    expect(forAccepted(rollout, desiredOf([web('nginx:2'), meter], 'c')).quarantine).toHaveLength(1);
    expect(forAccepted(rollout, GOOD).quarantine).toEqual([]);
  });

  it('forgets what is known of an app that is no longer declared', () => {
    const rollout = forAccepted(withQuarantined(proved, failed(BAD)), desiredOf([meter], 'c'));
    expect(rollout.goods.map(({ app }) => app.name)).toEqual(['meter']);
    expect(rollout.quarantine).toEqual([]);
  });

  it('lets out of quarantine what a person asks for: one app, or all', () => {
    const rollout = withQuarantined(proved, failed(BAD));
    expect(withoutQuarantined(rollout, 'kiosk').quarantine).toEqual([]);
    expect(withoutQuarantined(rollout, null).quarantine).toEqual([]);
  });

  it('goes back to the version before one that had passed', () => {
    const [before] = proved.goods;
    const after = withLastGood(withGoods(proved, versionsOf(BAD, [], ALL)), BAD.revision);
    const back = goneBack(after, before === undefined ? null : { good: before, lastGood: GOOD.revision });
    expect(back.lastGood).toBe(GOOD.revision);
    expect(images(BAD, withQuarantined(back, failed(BAD)))).toEqual(['nginx:1', 'nginx:1']);
  });

  it('is bounded', () => {
    const many = Array.from({ length: QUARANTINE_CAP + 5 }, (_, index) => ({ ...failed(BAD), spec: String(index) }));
    const rollout = many.reduce(withQuarantined, NO_ROLLOUT);
    expect(rollout.quarantine).toHaveLength(QUARANTINE_CAP);
    expect(rollout.quarantine[0]?.spec).toBe(String(QUARANTINE_CAP + 4));
  });
});

describe('a step that failed', () => {
  const observed = (error: string | null): Observed => ({
    engine: { version: '1', apiVersion: '1.41', os: 'linux', arch: 'x64' },
    networks: [],
    volumes: [],
    images: new Map(),
    content: new Map(),
    containers:
      error === null
        ? []
        : [
            {
              stoppedByRequest: false,
              inspect: {
                ...{ Id: 'x', Name: '/kiosk-web-1', Image: 'x', State: { Status: 'created', Error: error } },
                ...{ Config: {}, HostConfig: {}, NetworkSettings: {} },
              },
            },
          ],
  });
  const faultAfter = (
    kind: 'pull-image' | 'start-container' | 'await-service' | 'create-network',
    code: ErrorCode,
    error: string | null = 'port taken',
  ) => {
    const step = { kind, id: 'x', app: 'kiosk', subject: 'kiosk/web', container: 'kiosk-web-1' } as unknown as Step;
    const ended = { failed: [{ step, error: new HoldfastError(code, 'why') }] };
    return [faultOf('kiosk', ended, [], observed(error)), faultOf('meter', ended, [], observed(error))];
  };

  test.each([
    ['await-service', 'HealthCheckFailed', 'HealthCheckFailed'],
    ['start-container', 'DockerRefused', 'ReconciliationFailed'],
  ] as const)('%s with %s is the fault of the version, and of no other app', (kind, code, reason) => {
    expect(faultAfter(kind, code)).toEqual([{ reason, message: 'kiosk/web: why' }, null]);
  });

  test.each([
    ['pull-image', 'ImagePullFailed'],
    ['pull-image', 'DiskPressure'],
    ['start-container', 'DockerUnavailable'],
    ['await-service', 'DockerUnavailable'],
    ['create-network', 'DockerRefused'],
    ['start-container', 'NameConflict'],
  ] as const)('%s with %s is tried again', (kind, code) => {
    expect(faultAfter(kind, code)).toEqual([null, null]);
  });

  it('because the Engine lost track of the container is tried again', () => {
    const error = 'failed to start shim: mkdir /run/containerd/task/moby/aa: file exists: unknown';
    expect(faultAfter('start-container', 'DockerRefused', error)).toEqual([null, null]);
  });

  it('because somebody took the container away is tried again', () => {
    expect(faultAfter('start-container', 'DockerRefused', null)).toEqual([null, null]);
  });

  test.each<readonly [Blocked['reason'], boolean, Pick<Blocked, 'hopeless'>]>([
    ['ReconciliationFailed', true, {}],
    ['NameConflict', false, {}],
    ['DependencyNotReady', false, {}],
    ['PolicyDenied', false, {}],
    ['DependencyNotReady', true, { hopeless: true }],
  ])('and what is blocked with %s: %s %o', (reason, isFault, more) => {
    const blocked: Blocked = { resource: 'service:kiosk/web', app: 'kiosk', reason, message: 'why', ...more };
    expect(faultOf('kiosk', { failed: [] }, [blocked], observed(null)) !== null).toBe(isFault);
  });
});
