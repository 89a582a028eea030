import { expect, it } from 'vitest';
import { type PlanNow, planNowText } from '../../../agent/cli/plan.ts';
import { retryText } from '../../../agent/cli/retry.ts';
import { leftVolumes, statusText } from '../../../agent/cli/status.ts';
import type { Plan } from '../../../fleet/model/plan.ts';
import { NO_ROLLOUT } from '../../../fleet/model/rollout.ts';
import { summarise } from '../../../fleet/reconcile/summary.ts';
import { appOf, desiredOf, kiosk } from '../../fleet/reconcile/support/desired.ts';
import { createWorld } from '../../fleet/reconcile/support/world.ts';
import { FULL } from '../mqtt/statuses.ts';

const PLAN: Plan = {
  revision: 'main@sha1:abc',
  differences: [
    {
      resource: 'service:kiosk/web',
      app: 'kiosk',
      kind: 'field',
      field: 'labels.x',
      desired: 'a',
      observed: '\u001b[2J',
      origin: 'drift',
    },
  ],
  steps: [],
  blocked: [{ resource: 'service:kiosk/web', app: 'kiosk', reason: 'NameConflict', message: 'taken\u0007' }],
};
const observed = createWorld().observe({
  containerNames: [],
  networkNames: [],
  volumeNames: [],
  images: [],
  contents: [],
  live: [],
});
const MADE: PlanNow = {
  plan: PLAN,
  summary: summarise({ plan: PLAN, desired: kiosk([]), observed }),
  suspended: false,
  rolledBack: [],
  suspendedApps: [],
  waiting: null,
  refused: null,
};
const CONTROL = /[\p{Cc}]/u;

it('a status steers no terminal, and keeps its lines', () => {
  const conditions = [
    {
      type: 'Ready' as const,
      status: 'False' as const,
      reason: 'BuildFailed' as const,
      message: 'one\n  two\u001b[31m',
      since: FULL.ts,
    },
  ];
  const text = statusText('edge-01', { ...FULL, conditions });
  expect(text.replaceAll('\n', '')).not.toMatch(CONTROL);
  expect(text).toContain('one\n  two');
});

it('a status says once what several conditions have to say', () => {
  const common = { reason: 'PolicyDenied' as const, since: FULL.ts };
  const conditions = [
    {
      ...common,
      type: 'Ready' as const,
      status: 'False' as const,
      message: 'web asks for /etc\nmain@1 stays in force',
    },
    { ...common, type: 'Stalled' as const, status: 'True' as const, message: 'web asks for /etc' },
  ];
  const text = statusText('edge-01', { ...FULL, conditions });
  expect(text.split('web asks for /etc')).toHaveLength(2);
  expect(text).toContain('\nStalled True: PolicyDenied\n');
});

it('a status says in words which version is in quarantine, and which runs', () => {
  const [app] = FULL.apps;
  if (app === undefined) throw new Error('the sample has no app');
  const quarantined = { revision: 'main@sha1:bbbbbbbbbb', reason: 'HealthCheckFailed', since: FULL.ts } as const;
  const text = statusText('edge-01', { ...FULL, apps: [{ ...app, revision: 'main@sha1:aaaaaaaaaa', quarantined }] });
  expect(text).toContain(`main@bbbbbbbb is in quarantine since ${FULL.ts} (HealthCheckFailed); main@aaaaaaaa runs`);
});

it('a status says of an app whose change waits what runs, and of no other', () => {
  const [app] = FULL.apps;
  if (app === undefined) throw new Error('the sample has no app');
  const text = (sync: 'OutOfSync' | 'Synced') =>
    statusText('edge-01', { ...FULL, apps: [{ ...app, sync, revision: 'main@sha1:aaaaaaaaaa' }] });
  expect(text('OutOfSync')).toContain('\n  main@aaaaaaaa runs until the change can begin\n');
  expect(text('Synced')).not.toContain('main@aaaaaaaa');
});

it('a status names the volumes that no version declares which may have to run', () => {
  const volumeOf = (name: string) => ({ key: name, name, external: false, driver_opts: {}, labels: {} });
  const appWith = (name: string) => appOf('kiosk', { volumes: [volumeOf(name)] });
  const version = { app: appWith('good'), revision: 'r', secretValues: [], asks: [] };
  const item = (name: string, kind: 'volume' | 'network' = 'volume') =>
    ({ kind, name, resource: `${kind}:kiosk/${name}`, app: 'kiosk', applied: {}, revision: 'r' }) as const;
  const left = leftVolumes({
    accepted: () => desiredOf([appWith('declared')]),
    rollout: () => ({ ...NO_ROLLOUT, goods: [version] }),
    inventory: () => [item('declared'), item('good'), item('left'), item('front', 'network')],
  });
  expect(left).toEqual(['left']);
  expect(statusText('edge-01', FULL, left)).toMatch(/\n\nvolumes that Git declares no more \(.*\)\n {2}left\n$/);
  expect(statusText('edge-01', FULL)).not.toContain('volumes');
});

it('what is to be tried again is named, and when', () => {
  const entry = { app: 'kiosk', spec: 'x', revision: 'main@sha1:bbbbbbbbbb', message: 'ill', since: FULL.ts } as const;
  const meant = [{ ...entry, reason: 'HealthCheckFailed' }] as const;
  expect(retryText(meant, true)).toBe('kiosk: main@bbbbbbbb is tried again now.\n');
  expect(retryText(meant, false)).toContain('by the next "holdfast-agent run" or "once"');
  expect(retryText([], true)).toContain('Nothing is in quarantine');
});

it('a plan steers no terminal', () => {
  expect(planNowText(MADE).replaceAll('\n', '')).not.toMatch(CONTROL);
});

it('a suspended device plans nothing and says why', () => {
  expect(planNowText({ ...MADE, suspended: true })).toMatch(/^main@abc\nSuspended in Git.*nothing/);
});
