import { describe, expect, it } from 'vitest';
import { compareRoster, missingEvents, type RosterItem } from '../../../scripts/fleet-sim/compare.ts';
import { createDevice, deviceId } from '../../../scripts/fleet-sim/device.ts';
import { createLatencies } from '../../../scripts/fleet-sim/latencies.ts';
import { createLedger } from '../../../scripts/fleet-sim/ledger.ts';
import type { Meaning, StatusMeaning } from '../../../scripts/fleet-sim/step.ts';

const device = createDevice({ seed: '1', index: 0, skewed: 0, revision: 'r1' });

function status(seq: number, changes: Partial<StatusMeaning> = {}): StatusMeaning {
  return {
    ...{ kind: 'status', instance: 'i', boot: 1, seq, sync: 'Synced', health: 'Healthy', drift: 0, applied: 'r1' },
    ...{ message: 'in sync', ...changes },
  };
}

function item(changes: Partial<RosterItem> = {}): RosterItem {
  return {
    ...{ id: deviceId(0), presence: 'online', sync: 'Synced', health: 'Healthy', drift: 0, message: 'in sync' },
    ...{ revision: { applied: 'r1' }, ...changes },
  };
}

/** A ledger after these messages; `?` after one that was not acknowledged. */
function ledgerOf(...said: readonly (Meaning | readonly [Meaning, '?'])[]) {
  const ledger = createLedger({ keepEvents: true });
  for (const one of said) {
    if ('kind' in one) ledger.sent(device, one)(true);
    else ledger.sent(device, one[0]);
  }
  return ledger;
}

const online = { kind: 'presence', online: true } as const;
const drifted = status(2, { sync: 'OutOfSync', drift: 1, message: 'drift' });
const seen = { sync: 'OutOfSync', drift: 1, message: 'drift' };

describe('a roster', () => {
  it.each([
    ['what was acknowledged', ledgerOf(online, status(1)), [item()]],
    ['the newest of two', ledgerOf(online, status(1), drifted), [item(seen)]],
    ['what may have arrived without an acknowledgement', ledgerOf(online, status(1), [drifted, '?']), [item(seen)]],
    ['what was there before that', ledgerOf(online, status(1), [drifted, '?']), [item()]],
    ['nothing of a device that never got through', ledgerOf([status(1), '?']), []],
  ])('may show %s', (_, ledger, items) => {
    expect(compareRoster(ledger, items)).toEqual([]);
  });

  it.each([
    ['a device that is missing', ledgerOf(status(1)), [], 'sim-000000: is missing'],
    ['a device that nobody knows', ledgerOf(), [item()], 'never sent anything'],
    ['a device twice', ledgerOf(online, status(1)), [item(), item()], 'listed twice'],
    ['an older status than was acknowledged', ledgerOf(online, status(1), drifted), [item()], 'shows Synced'],
    [
      'an older one after a newer was acknowledged',
      ledgerOf(online, [status(1), '?'], drifted),
      [item()],
      'shows Synced',
    ],
    ['another presence', ledgerOf(online, status(1)), [item({ presence: 'stale' })], 'is stale, was last online'],
    ['another revision', ledgerOf(online, status(1)), [item({ revision: { applied: 'r0' } })], 'r0'],
  ])('may not show %s', (_, ledger, items, said) => {
    const found = compareRoster(ledger, items);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(said);
  });

  it('shows a device as offline once its will was said, whatever it said before', () => {
    const ledger = ledgerOf(online, status(1));
    ledger.willSpoken(device, true);
    expect(compareRoster(ledger, [item({ presence: 'offline' })])).toEqual([]);
    expect(compareRoster(ledger, [item()])).toHaveLength(1);
  });

  it('may show a device as offline or not when its will may not have been said, until it speaks again', () => {
    const ledger = ledgerOf(online, status(1));
    ledger.willSpoken(device, false);
    expect(compareRoster(ledger, [item({ presence: 'offline' })])).toEqual([]);
    expect(compareRoster(ledger, [item()])).toEqual([]);
    ledger.sent(device, online)(true);
    expect(compareRoster(ledger, [item({ presence: 'offline' })])).toHaveLength(1);
  });

  it('owes nothing for what the broker refused', () => {
    const ledger = ledgerOf(online, status(1));
    ledger.sent(device, drifted)(false);
    expect(compareRoster(ledger, [item(seen)])).toHaveLength(1);
    expect(ledger.outstanding()).toBe(0);
  });
});

it('an acknowledged event that a hub does not have is named', () => {
  const ledger = ledgerOf({ kind: 'event', message: 'a' }, { kind: 'event', message: 'b' }, [
    { kind: 'event', message: 'c' },
    '?',
  ]);
  expect(missingEvents(ledger, new Set(['a']))).toEqual(['sim-000000: b']);
});

it('quantiles of latencies are right to a tenth', () => {
  const latencies = createLatencies();
  for (let ms = 1; ms <= 1000; ms++) latencies.add(ms);
  expect(latencies.quantile(0.5) / 500).toBeCloseTo(1, 0);
  expect(latencies.quantile(0.5)).toBeGreaterThan(450);
  expect(latencies.quantile(0.5)).toBeLessThan(560);
  expect(latencies.quantile(0.99)).toBeGreaterThan(900);
  expect(latencies.quantile(1)).toBe(1000);
});
