// Nothing that leaves the loop holds what came out of a secret, whoever worded it.
import { expect, it } from 'vitest';
import type { Parts } from '../../../agent/loop/parts.ts';
import { createReport } from '../../../agent/loop/report.ts';
import { createLearned } from '../../../agent/secrets/learned.ts';
import { hider } from '../../../fleet/mask.ts';
import type { Difference } from '../../../fleet/model/plan.ts';
import { lookFor } from '../../../fleet/reconcile/look.ts';
import { redacted } from '../../../fleet/reconcile/redact.ts';
import { kiosk } from '../../fleet/reconcile/support/desired.ts';
import { createWorld } from '../../fleet/reconcile/support/world.ts';

const SECRET = 'correct-horse-battery';
const drift: Difference = {
  resource: 'service:till/web',
  app: 'till',
  kind: 'field',
  field: 'command',
  desired: ['serve', `--url=db://x:${SECRET}@h`],
  observed: `told ${SECRET}`,
  origin: 'drift',
};

it('status, events and what is stored of them', async () => {
  const told: unknown[] = [];
  const { hide, learn } = createLearned();
  learn([SECRET]);
  const parts = {
    secrets: { hide, learn, salt: '', open: async () => new Map() },
    store: {
      status: () => null,
      putStatus: (json: string) => told.push(json),
      driftSince: () => [],
      replaceDriftSince: (entries: unknown) => told.push(entries),
      applied: () => null,
      signer: () => null,
    },
    reporter: { status: (status: unknown) => told.push(status), event: (event: unknown) => told.push(event) },
    engine: { pastEvents: async () => [] },
    source: { way: () => 'narrow' },
    verifier: null,
    hostFacts: async () => null,
    clockSynced: async () => true,
    now: () => new Date(0),
    monotonicMs: () => 0,
    version: '1',
    log: () => undefined,
  } as unknown as Parts;
  const report = createReport(parts);
  const plan = { revision: 'main@sha1:0', differences: [drift], steps: [], blocked: [] };
  const desired = kiosk([]);
  await report.drifts.note(
    plan,
    { desired, observed: createWorld().observe(lookFor(desired, [])) },
    new AbortController().signal,
  );
  const failures = [
    { key: 'x', reason: 'ReconciliationFailed', message: `Engine: bad ${SECRET}`, stalled: false },
  ] as const;
  report.failures(failures, null);
  await report.status({
    gitRevision: null,
    lastGood: null,
    effective: null,
    observed: null,
    plan,
    waiting: null,
    working: false,
    failures,
  });
  expect(told.length).toBeGreaterThan(3);
  expect(JSON.stringify(told)).toContain('(redacted)');
  expect(JSON.stringify(told)).not.toContain(SECRET);

  const padding = 'x'.repeat(1995);
  report.failures(
    [{ key: 'cut', reason: 'ReconciliationFailed', message: `${padding}${SECRET}`, stalled: false }],
    null,
  );
  expect(JSON.stringify(told)).toContain(padding);
  expect(JSON.stringify(told), 'not cut first and hidden then').not.toContain(`x${SECRET.slice(0, 4)}`);
});

it('a rotated secret shows neither what it was nor what it is', () => {
  const hide = hider(['new-value-1']);
  expect(
    redacted({ ...drift, field: 'environment.URL', desired: 'db://new-value-1', observed: 'db://old-value-0' }, hide),
  ).toMatchObject({
    desired: 'db://(redacted)',
    observed: '(redacted)',
  });
  expect(
    redacted({ ...drift, field: 'environment.URL', desired: 'db://new-value-1', observed: null }, hide).observed,
  ).toBeNull();
});
