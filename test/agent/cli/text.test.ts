import { expect, it } from 'vitest';
import { planText } from '../../../agent/cli/plan.ts';
import { statusText } from '../../../agent/cli/status.ts';
import type { Plan } from '../../../fleet/model/plan.ts';
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

it('a plan steers no terminal', () => {
  expect(planText({ ...PLAN, suspended: false }).replaceAll('\n', '')).not.toMatch(CONTROL);
});

it('a suspended device plans nothing and says why', () => {
  expect(planText({ ...PLAN, suspended: true })).toMatch(/^main@sha1:abc\nSuspended in Git.*nothing/);
});
