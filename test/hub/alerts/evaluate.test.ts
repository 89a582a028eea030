import { describe, expect, test } from 'vitest';
import { ALERTS_OF_RULE, evaluate, groupKey, type Look } from '../../../hub/alerts/evaluate.ts';
import { createTest } from '../../../hub/alerts/matcher.ts';
import type { Alert, Rule } from '../../../hub/alerts/model.ts';
import { fact, look, MINUTE, min, rule } from './sample.ts';

const many = (count: number, changes: Parameters<typeof fact>[1] = {}) =>
  Array.from({ length: count }, (_, index) => fact(`edge-${String(index).padStart(3, '0')}`, changes));
const stored = (alerts: readonly Alert[]) => alerts.map((alert, index) => ({ ...alert, id: index + 1 }));
/** `offline 3` for each that fires, `offline over` for one that is over, `offline quiet` for one that is about to be. */
const said = (alerts: readonly Alert[]) =>
  alerts.map(({ rule: name, devices, quiet, resolved }) => {
    if (resolved !== null) return `${name} over`;
    return quiet === null ? `${name} ${devices}` : `${name} quiet`;
  });

describe('an alert begins', () => {
  const total = (one: Rule, count: number) => new Map([[groupKey(one, 'acme', {}), count]]);
  const tenth = rule({ share: 0.1 });
  test.each<[what: string, given: Partial<Look>, expected: readonly string[]]>([
    ['not before the time of the rule', { facts: many(3, { since: min(6) }) }, []],
    ['when it has lasted for the time of the rule', { facts: many(3, { since: min(5) }) }, ['offline 3']],
    [
      'of those alone that have it for so long',
      { facts: [...many(3), fact('late', { since: min(19) })] },
      ['offline 3'],
    ],
    ['once for 300 devices', { facts: many(300) }, ['offline 300']],
    ['not for a device away when the hub began to listen', { facts: many(9), listeningSince: min(10) }, []],
    ['for it once the hub has listened for so long', { facts: many(9), listeningSince: min(5) }, ['offline 9']],
    ['not at a share of exactly so many', { rules: [tenth], facts: many(10), totals: total(tenth, 100) }, []],
    ['beyond a share', { rules: [tenth], facts: many(11), totals: total(tenth, 100) }, ['offline 11']],
    [
      'for devices with the labels of the rule only',
      { rules: [rule({ match: { site: 'berlin' } })], facts: many(2) },
      [],
    ],
    [
      'for each value of a label that the rule goes by',
      {
        rules: [rule({ by: ['site'] })],
        facts: [fact('a', { labels: { site: 'berlin' } }), fact('b', { labels: { site: 'paris' } }), fact('c')],
      },
      ['offline 1', 'offline 1', 'offline 1'],
    ],
    [
      'for each cause and fleet',
      {
        rules: [rule({ name: 'drift', when: 'drift' })],
        facts: [
          fact('a', { when: 'drift', cause: { app: 'kiosk', field: 'image' } }),
          fact('b', { when: 'drift', cause: { app: 'kiosk', field: 'image' } }),
          fact('a', { when: 'drift', cause: { app: 'kiosk', field: 'ports' } }),
          fact('a', { when: 'drift', fleet: 'other', cause: { app: 'kiosk', field: 'image' } }),
        ],
      },
      ['drift 2', 'drift 1', 'drift 1'],
    ],
    [
      'with what a device that is away had for long enough while it was heard',
      {
        rules: [rule({ name: 'degraded', when: 'degraded' })],
        facts: [
          fact('long', { when: 'degraded', until: min(16) }),
          fact('short', { when: 'degraded', until: min(14) }),
        ],
      },
      ['degraded 1'],
    ],
    ['never of a label that every object has', { rules: [rule({ match: { constructor: 'x' } })], facts: many(1) }, []],
  ])('%s', (_, given, expected) => {
    expect(said(evaluate(look(given)))).toEqual(expected);
  });

  test('and no more of one rule than there is room for', () => {
    const facts = Array.from({ length: ALERTS_OF_RULE + 5 }, (_, n) => fact('a', { cause: { field: `f${n}` } }));
    const first = stored(evaluate(look({ facts })));
    expect(first).toHaveLength(ALERTS_OF_RULE);
    expect(evaluate(look({ facts, before: first, now: min(21) }))).toHaveLength(ALERTS_OF_RULE);
  });
});

describe('an alert that fires', () => {
  const before = stored(evaluate(look({ facts: many(3) })));
  test.each<[what: string, steps: readonly Partial<Look>[], expected: readonly string[]]>([
    ['stays the same alert as devices come and go', [{ facts: many(2), now: min(21) }], ['offline 2']],
    ['is quiet at first when nobody has it', [{ now: min(21) }], ['offline quiet']],
    ['is over when nobody has had it for a while', [{ now: min(21) }, { now: min(22) }], ['offline over']],
    [
      'goes on when it comes back within that while',
      [{ now: min(21) }, { facts: many(1, { until: min(21.5) }), now: min(21.5) }, { now: min(22) }],
      ['offline quiet'],
    ],
    [
      'goes on after the hub was away, although times begin anew',
      [{ facts: many(3, { until: min(90) }), now: min(90), listeningSince: min(89) }],
      ['offline 3'],
    ],
    [
      'is over after the hub was away, when all are back',
      [
        { now: min(90), listeningSince: min(89) },
        { now: min(92), listeningSince: min(89) },
      ],
      ['offline over'],
    ],
    ['ends with its rule', [{ rules: [], facts: many(3), now: min(21) }], ['offline over']],
  ])('%s', (_, steps, expected) => {
    const after = steps.reduce((alerts, step) => stored(evaluate(look({ ...step, before: alerts }))), before);
    expect(said(after)).toEqual(expected);
    expect(after.map(({ since, most }) => [since, most])).toEqual([[min(20), 3]]);
  });

  test('below its share ends as well', () => {
    const rules = [rule({ share: 0.1 })];
    const totals = new Map([[groupKey(rule(), 'acme', {}), 20]]);
    const fires = stored(evaluate(look({ rules, totals, facts: many(3) })));
    expect(said(fires)).toEqual(['offline 3']);
    expect(said(evaluate(look({ rules, totals, facts: many(2), before: fires, now: min(21) })))).toEqual([
      'offline quiet',
    ]);
  });

  test('tells how many of how many, since when, why, and ten for example', () => {
    const facts = [...many(12, { reason: 'stale' }), fact('first', { since: min(-5) })];
    const totals = new Map([[groupKey(rule(), 'acme', {}), 40]]);
    const [one] = evaluate(look({ facts, totals, rules: [rule({ labels: { team: 'ops' } })] }));
    expect(one).toMatchObject({ devices: 13, of: 40, joined: min(15), samples: { length: 10 } });
    expect(one?.samples[0]).toMatchObject({ device: 'first', since: min(-5) });
    expect(one?.reasons).toEqual([
      { reason: 'stale', devices: 12 },
      { reason: 'offline', devices: 1 },
    ]);
    expect(one?.labels).toEqual({ team: 'ops', rule: 'offline', when: 'offline', severity: 'warning', fleet: 'acme' });
  });

  test('looks the same whatever the order of the facts', () => {
    const facts = [...many(30, { reason: 'stale' }), ...many(5, { cause: { app: 'a' } })];
    const sorted = (alerts: readonly Alert[]) => [...alerts].sort((a, b) => (a.key < b.key ? -1 : 1));
    expect(sorted(evaluate(look({ facts: facts.toReversed() })))).toEqual(sorted(evaluate(look({ facts }))));
  });
});

describe('a silence', () => {
  const silencing = (name: string, value: string): Look['silencedBy'] => {
    const test = createTest([{ name, op: '=', value }]);
    return (labels) => (test(labels) ? ['s1'] : []);
  };
  const facts = [
    fact('a', { labels: { site: 'berlin' } }),
    fact('b', { labels: { site: 'paris' }, since: min(-MINUTE) }),
  ];
  test.each<[name: string, value: string, silenced: number, loud: boolean]>([
    ['site', 'berlin', 1, true],
    ['device', 'b', 1, true],
    ['rule', 'offline', 2, false],
    ['fleet', 'acme', 2, false],
    ['site', 'rome', 0, true],
  ])('of %s=%s covers %i of two devices', (name, value, silenced, loud) => {
    const [one] = evaluate(look({ facts, silencedBy: silencing(name, value) }));
    expect(one).toMatchObject({ devices: 2, silenced, loud, silencedBy: silenced === 0 ? [] : ['s1'] });
  });

  test('hides when a device joined that it covers', () => {
    const late = [fact('a'), fact('b', { since: min(4), labels: { site: 'berlin' } })];
    expect(evaluate(look({ facts: late }))[0]?.joined).toBe(min(19));
    expect(evaluate(look({ facts: late, silencedBy: silencing('site', 'berlin') }))[0]?.joined).toBe(min(15));
  });
});
