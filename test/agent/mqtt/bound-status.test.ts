import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../../agent/backoff.ts';
import { boundStatus, clip } from '../../../agent/mqtt/bound-status.ts';
import { RECONNECT } from '../../../agent/mqtt/create-reporter.ts';
import { statusOutline } from '../../../agent/mqtt/status-outline.ts';
import { type DriftEntry, STATUS_BYTES, type Status, statusSchema } from '../../../fleet/wire/messages.ts';
import { FULL, STATUS } from './statuses.ts';

const DRIFT: DriftEntry = {
  resource: 'service:kiosk/web',
  kind: 'field',
  field: 'environment.TZ',
  desired: 'Europe/Berlin',
  observed: 'UTC',
  since: '2026-01-01T00:00:00.000Z',
};

function bytes(status: Status): number {
  return Buffer.byteLength(JSON.stringify(status));
}

function many<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

describe('a bounded status', () => {
  it('is untouched when it is small', () => {
    expect(boundStatus(FULL)).toEqual(FULL);
  });

  it('cuts drift from its end and counts what was cut', () => {
    const status = { ...FULL, drift: many(500, (index) => ({ ...DRIFT, field: `environment.V${index}` })) };
    const bounded = boundStatus(status);
    expect(bytes(bounded)).toBeLessThanOrEqual(STATUS_BYTES);
    expect(bounded.drift[0]?.field).toBe('environment.V0');
    expect(bounded.drift.length).toBeGreaterThan(100);
    expect(bounded.cut).toEqual({ apps: 0, drift: 500 - bounded.drift.length });
    expect(bounded.apps).toEqual(FULL.apps);
  });

  it('counts what the schema has no room for, even when the bytes would fit', () => {
    const small = { ...DRIFT, resource: 'r', field: null, desired: 1, observed: 2 };
    const bounded = boundStatus({ ...FULL, drift: many(600, () => small) });
    expect((bounded.cut?.drift ?? 0) + bounded.drift.length).toBe(600);
    expect(bounded.drift.length).toBeLessThanOrEqual(512);
  });

  it('shortens long texts rather than giving up entries', () => {
    const bounded = boundStatus({ ...FULL, drift: many(8, () => ({ ...DRIFT, desired: 'x'.repeat(10_000) })) });
    expect(bounded.drift).toHaveLength(8);
    expect(bounded.cut).toBeUndefined();
  });

  it('never cuts a character in half', () => {
    expect(clip('ab😀', 3)).toBe('ab…');
    expect(clip('a😀b', 3)).toBe('a…');
    expect(clip('abc', 3)).toBe('abc');
  });

  it('fits and is valid, whatever the device reports', () => {
    const text = fc.oneof(
      fc.string({ maxLength: 20 }),
      fc.integer({ min: 0, max: 6000 }).map((length) => '\u0001'.repeat(length)),
      fc.integer({ min: 0, max: 6000 }).map((length) => '😀'.repeat(length)),
    );
    const value = fc.oneof(text, fc.integer(), fc.constant(null), fc.array(text, { maxLength: 300 }));
    const drift = fc.array(
      fc
        .record({ resource: text, field: fc.option(text), desired: value, observed: value })
        .map((given) => ({ ...DRIFT, ...given })),
      { maxLength: 30 },
    );
    const service = fc.record({ name: text, image: text, digest: fc.option(text), message: text });
    const app = fc.record({ name: text, services: fc.array(service, { maxLength: 20 }) }).map(({ name, services }) => ({
      name,
      sync: 'Synced' as const,
      health: 'Healthy' as const,
      services: services.map((each) => ({ ...each, health: 'Healthy' as const, restarts: 0 })),
    }));
    const labels = fc.array(fc.tuple(text, text), { maxLength: 30 }).map((pairs) => Object.fromEntries(pairs));
    const condition = text.map((message) => ({
      type: 'Ready' as const,
      status: 'True' as const,
      reason: 'Succeeded' as const,
      message,
      since: DRIFT.since,
    }));
    const conditions = fc.array(condition, { maxLength: 12 });
    fc.assert(
      fc.property(drift, fc.array(app, { maxLength: 10 }), labels, conditions, (drift, apps, labels, conditions) => {
        const bounded = boundStatus({ ...FULL, drift, apps, labels, conditions });
        expect(bytes(bounded)).toBeLessThanOrEqual(STATUS_BYTES);
        expect(statusSchema.safeParse(bounded).error).toBeUndefined();
        expect(bounded.drift.length + (bounded.cut?.drift ?? 0)).toBe(drift.length);
        expect(bounded.apps.length + (bounded.cut?.apps ?? 0)).toBe(apps.length);
      }),
      { numRuns: 60 },
    );
  });
});

describe('the outline of a status', () => {
  it('ignores what moves by itself', () => {
    const host = STATUS.host === null ? null : { ...STATUS.host, load1: 3, mem_used_bytes: 99, disk_used_bytes: 98 };
    const later = { ...STATUS, agent: { ...STATUS.agent, uptime_s: 99 }, host };
    expect(statusOutline(later)).toBe(statusOutline(STATUS));
  });

  it.each<[string, Partial<typeof STATUS>]>([
    ['sync', { sync: 'OutOfSync' }],
    ['drift', { drift: [DRIFT] }],
    ['the clock', { clock_synced: false }],
    ['the version', { agent: { version: '0.2.0', uptime_s: 12 } }],
    ['the host', { host: null }],
  ])('changes with %s', (_, change) => {
    expect(statusOutline({ ...STATUS, ...change })).not.toBe(statusOutline(STATUS));
  });
});

describe('the wait before the next connection', () => {
  it('grows to its cap and is spread over all of it', () => {
    expect([0, 1, 2, 5, 6, 7, 1000].map((failures) => backoffMs(RECONNECT, failures, 1))).toEqual([
      1000, 2000, 4000, 32_000, 60_000, 60_000, 60_000,
    ]);
    expect(backoffMs(RECONNECT, 3, 0)).toBe(0);
    expect(backoffMs(RECONNECT, 3, 0.5)).toBe(4000);
  });
});
