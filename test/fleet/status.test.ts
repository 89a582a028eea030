import { describe, expect, it } from 'vitest';
import type { Desired } from '../../fleet/model/desired.ts';
import type { Difference, Plan } from '../../fleet/model/plan.ts';
import { NO_ROLLOUT } from '../../fleet/model/rollout.ts';
import { declaredVersions, effectiveState } from '../../fleet/rollout/effective.ts';
import { withGoods, withQuarantined } from '../../fleet/rollout/record.ts';
import { appSpec } from '../../fleet/rollout/spec.ts';
import { buildStatus, type StatusInput } from '../../fleet/status.ts';
import { kiosk, serviceOf } from './reconcile/support/desired.ts';

const DESIRED = kiosk([serviceOf('web')]);
const EMPTY: Plan = { revision: DESIRED.revision, differences: [], steps: [], blocked: [] };
const OBSERVED = {
  engine: { version: '1', apiVersion: '1.41', os: 'linux', arch: 'x64' },
  containers: [],
  networks: [],
  volumes: [],
  images: new Map(),
  content: new Map(),
};
const MISSING: Difference = {
  resource: 'service:kiosk/web',
  app: 'kiosk',
  kind: 'missing',
  field: null,
  desired: 'running',
  observed: null,
  origin: 'drift',
};

/** Windows are closed, and what Git declares has not begun: an app without services is in force. */
function closedFor(before: Desired) {
  return effectiveState(DESIRED, [], { ...NO_ROLLOUT, begun: declaredVersions(before, []) }, new Set(['kiosk']));
}

function ready(given: Partial<StatusInput>) {
  const status = buildStatus({
    agent: { version: '0', uptime_s: 0 },
    clockSynced: true,
    host: null,
    gitRevision: DESIRED.revision,
    effective: effectiveState(DESIRED, [], NO_ROLLOUT),
    applied: DESIRED.revision,
    lastGood: null,
    signedBy: null,
    source: { way: 'narrow', verified: false },
    observed: OBSERVED,
    waiting: null,
    plan: EMPTY,
    working: false,
    failures: [],
    driftKnown: new Map(),
    inside: [],
    previous: [],
    now: '2026-01-01T00:00:00Z',
    ...given,
  });
  const condition = status.conditions.find(({ type }) => type === 'Ready');
  return {
    ...status,
    ready: `${condition?.status} ${condition?.reason}: ${condition?.message}`,
    types: status.conditions.map(({ type }) => type),
  };
}

const failure = (reason: 'ImagePullFailed' | 'BuildFailed', message: string, stalled = false) => ({
  key: message,
  reason,
  message,
  stalled,
});

describe('the status', () => {
  it('names every failure, and what stays in force only when that is something else', () => {
    const failures = [
      failure('ImagePullFailed', 'kiosk/a: no such tag'),
      failure('ImagePullFailed', 'kiosk/b: no answer'),
    ];
    expect(ready({ failures }).ready).toBe('False ImagePullFailed: kiosk/a: no such tag\nkiosk/b: no answer');
    expect(ready({ failures: failures.slice(0, 1), gitRevision: 'main@sha1:bbbbbbbbbb' }).ready).toBe(
      'False ImagePullFailed: kiosk/a: no such tag\nmain@aaaaaaaa stays in force',
    );
  });

  it('is OutOfSync and Stalled under a commit that does not resolve', () => {
    const { sync, types } = ready({
      failures: [failure('BuildFailed', 'compose.yaml:1:1: …', true)],
      gitRevision: 'main@sha1:bbbb',
    });
    expect([sync, types]).toEqual(['OutOfSync', ['Ready', 'Stalled']]);
  });

  it('says drift that is left as found, not that something is being applied', () => {
    const plan = { ...EMPTY, differences: [MISSING] };
    expect(ready({ plan, working: true }).ready).toBe(
      'False DriftDetected: 1 difference from main@aaaaaaaa left as found',
    );
  });

  it('says that something else sets what was corrected', () => {
    const plan = { ...EMPTY, differences: [{ ...MISSING, left: 'held' as const }] };
    expect(ready({ plan }).ready).toBe(
      'False DriftDetected: 1 difference from main@aaaaaaaa left as found; 1 held back: something else sets what was corrected',
    );
  });

  it('tells what was found inside containers, and is ready all the same', () => {
    const inside = [{ ...MISSING, kind: 'unexpected' as const, field: 'files', observed: ['A /srv/x'] }];
    const known = { since: '2025-12-31T00:00:00Z', by: 'exec "sh …" at 12:03:10Z' };
    const { drift, sync } = ready({ inside, driftKnown: new Map([[`${MISSING.resource}|files`, known]]) });
    expect(drift).toMatchObject([{ field: 'files', observed: ['A /srv/x'], ...known }]);
    expect(sync).toBe('Synced');
  });

  it('is suspended as a whole where the device is', () => {
    const { health, ready: said } = ready({ effective: effectiveState({ ...DESIRED, suspend: true }, [], NO_ROLLOUT) });
    expect([health, said]).toEqual(['Suspended', 'Unknown Suspended: suspend: true in main@aaaaaaaa']);
  });

  it('says what waits for a window: out of sync, and no fault', () => {
    const message = '3 changes of kiosk wait for the window that opens 2026-11-28T02:00+01:00';
    const {
      sync,
      ready: said,
      conditions,
      apps,
    } = ready({
      effective: closedFor({ ...DESIRED, apps: DESIRED.apps.map((app) => ({ ...app, services: [] })) }),
      waiting: message,
    });
    expect([sync, said, apps[0]?.sync]).toEqual(['OutOfSync', `Unknown Suspended: ${message}`, 'OutOfSync']);
    expect(conditions.map(({ type }) => type)).toEqual(['Ready']);
  });

  it('tells drift while something waits for a window', () => {
    const waiting = '1 change of kiosk waits';
    expect(ready({ waiting, plan: { ...EMPTY, differences: [MISSING] } }).ready).toContain('False DriftDetected');
  });

  it('of a suspended app, says that it is, and waits for nothing of it', () => {
    const effective = effectiveState(
      { ...DESIRED, apps: DESIRED.apps.map((app) => ({ ...app, suspend: true })) },
      [],
      NO_ROLLOUT,
    );
    const { health, sync, ready: said, apps } = ready({ effective, plan: { ...EMPTY, differences: [MISSING] } });
    expect([health, sync, said, apps[0]?.health]).toEqual([
      'Suspended',
      'OutOfSync',
      'Unknown Suspended: kiosk is suspended',
      'Suspended',
    ]);
    expect(ready({ effective }).ready).toBe('True Succeeded: runs main@aaaaaaaa');
  });

  it('says of an app that was rolled back what runs and what does not, and is OutOfSync with it', () => {
    const good = withGoods(NO_ROLLOUT, declaredVersions(DESIRED, []));
    const bad = { ...kiosk([serviceOf('web', { image: 'nginx:2' })]), revision: 'main@sha1:bbbb' };
    const [app] = bad.apps;
    const spec = app === undefined ? '' : appSpec(app);
    const entry = { app: 'kiosk', spec, revision: bad.revision, reason: 'HealthCheckFailed', message: 'ill' } as const;
    const since = '2026-01-01T00:00:00Z';
    const effective = effectiveState(bad, [], withQuarantined(good, { ...entry, since }));
    const { apps, sync } = ready({ effective, gitRevision: bad.revision });
    expect(sync).toBe('OutOfSync');
    expect(apps).toMatchObject([
      {
        sync: 'OutOfSync',
        revision: DESIRED.revision,
        quarantined: { revision: bad.revision, reason: 'HealthCheckFailed', since },
        services: [{ image: 'nginx:1' }],
      },
    ]);
  });

  it('knows nothing without a look at the Engine', () => {
    expect(ready({ observed: null, plan: null })).toMatchObject({ sync: 'Unknown', health: 'Unknown' });
  });

  it('keeps since while the status of a condition stays', () => {
    const previous = [
      { type: 'Ready', status: 'False', reason: 'BuildFailed', message: 'before', since: '2020-01-01T00:00:00Z' },
    ] as const;
    const { conditions } = ready({ failures: [failure('ImagePullFailed', 'x')], previous });
    expect(conditions[0]?.since).toBe('2020-01-01T00:00:00Z');
    expect(ready({ previous, effective: null }).conditions[0]?.since).toBe('2026-01-01T00:00:00Z');
  });
});

it('says how far the steps are while there is nothing worse to say', () => {
  const working = { working: true, progress: 'pulling nginx:1: 1.0 MB of 2.0 MB' };
  const reconciling = (given: Partial<StatusInput>) =>
    ready(given).conditions.find(({ type }) => type === 'Reconciling')?.message;
  expect(reconciling(working)).toBe('pulling nginx:1: 1.0 MB of 2.0 MB');
  expect(reconciling({ ...working, failures: [failure('ImagePullFailed', 'no answer')] })).toBe('no answer');
});
