import { expect, it } from 'vitest';
import type { Plan, Step } from '../../../fleet/model/plan.ts';
import { holdApps } from '../../../fleet/policy/hold.ts';

function step(id: string, app: string, after: readonly string[] = []): Step {
  const resource = `service:${app}/web`;
  return { kind: 'start-container', container: id, id, after, app, resource, subject: `${app}/web`, cause: 'test' };
}

const PLAN: Plan = {
  revision: 'main@sha1:a',
  differences: [],
  steps: [
    step('1', 'kiosk'),
    step('2', 'till', ['1']),
    step('3', 'till'),
    step('4', 'shop', ['3']),
    step('5', 'radio'),
  ],
  blocked: [],
};

it('an app that is denied is left as it is, and so is, whole, what waits for it', () => {
  const held = holdApps(PLAN, new Map([['kiosk', 'it is privileged']]));
  expect(held.steps.map(({ id }) => id)).toEqual(['5']);
  expect(held.blocked.map(({ resource, reason, message }) => `${resource} ${reason}: ${message}`)).toEqual([
    'app:kiosk PolicyDenied: left as it is: it is privileged',
    'app:till DependencyNotReady: left as it is: it waits for an app that the policy of this host denies',
    'app:shop DependencyNotReady: left as it is: it waits for an app that the policy of this host denies',
  ]);
});

it('an app that is suspended is left as it is without a word, and so is, whole, what waits for it', () => {
  const blocked = { resource: 'service:kiosk/web', app: 'kiosk', reason: 'NameConflict', message: 'taken' } as const;
  const held = holdApps({ ...PLAN, blocked: [blocked] }, new Map(), new Set(['kiosk']));
  expect(held.steps.map(({ id }) => id)).toEqual(['5']);
  expect(held.blocked.map(({ resource, reason, message }) => `${resource} ${reason}: ${message}`)).toEqual([
    'app:till DependencyNotReady: left as it is: it waits for an app that is suspended',
    'app:shop DependencyNotReady: left as it is: it waits for an app that is suspended',
  ]);
});

it('no network is replaced under an app that is denied: nothing would connect it again', () => {
  const network = (id: string, action: 'remove-network' | 'create-network', after: readonly string[]): Step => {
    const frame = { id, after, app: 'shop', resource: 'network:shop/front', subject: 'shop/front', cause: 'test' };
    return action === 'remove-network'
      ? { ...frame, kind: action, network: 'n', name: 'shop_front' }
      : {
          ...frame,
          kind: action,
          body: { Name: 'n', CheckDuplicate: true, Internal: false, Attachable: false, Options: {}, Labels: {} },
        };
  };
  const replaced = [
    network('1', 'remove-network', []),
    network('2', 'create-network', ['1']),
    step('3', 'kiosk', ['2']),
  ];
  const held = holdApps({ ...PLAN, steps: replaced }, new Map([['kiosk', 'x']]));
  expect(held.steps).toEqual([]);
  expect(held.blocked.map(({ message }) => message)).toContain(
    'left as it is: its network would be replaced under an app that the policy of this host denies',
  );
  const fresh = [network('2', 'create-network', []), step('3', 'kiosk', ['2'])];
  expect(holdApps({ ...PLAN, steps: fresh }, new Map([['kiosk', 'x']])).steps).toHaveLength(1);
});

it('an app that is denied is said so though nothing is to be done', () => {
  const held = holdApps({ ...PLAN, steps: [] }, new Map([['kiosk', 'x']]));
  expect(held.blocked).toHaveLength(1);
});

it('nothing that is denied holds nothing', () => {
  expect(holdApps(PLAN, new Map())).toBe(PLAN);
});
