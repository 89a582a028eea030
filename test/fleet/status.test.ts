import { describe, expect, it } from 'vitest';
import type { Difference, Plan } from '../../fleet/model/plan.ts';
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

function ready(given: Partial<StatusInput>) {
  const status = buildStatus({
    agent: { version: '0', uptime_s: 0 },
    clockSynced: true,
    host: null,
    gitRevision: DESIRED.revision,
    desired: DESIRED,
    applied: DESIRED.revision,
    lastGood: null,
    signedBy: null,
    source: { way: 'narrow', verified: false },
    observed: OBSERVED,
    plan: EMPTY,
    working: false,
    failures: [],
    driftSince: new Map(),
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

  it('is suspended as a whole where the device is', () => {
    const { health, ready: said } = ready({ desired: { ...DESIRED, suspend: true } });
    expect([health, said]).toEqual(['Suspended', 'Unknown Suspended: suspend: true in main@aaaaaaaa']);
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
    expect(ready({ previous, desired: null }).conditions[0]?.since).toBe('2026-01-01T00:00:00Z');
  });
});
