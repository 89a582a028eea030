import { describe, expect, it } from 'vitest';
import type { Difference, Plan, Step } from '../../../fleet/model/plan.ts';
import { besides, partOf, startable } from '../../../fleet/reconcile/under-way.ts';

const step = (app: string, ...after: readonly string[]): Step => ({
  ...{ id: app, after, subject: app, app, resource: `service:${app}/web`, cause: 'test' },
  ...{ kind: 'start-container', container: app },
});
const difference = (app: string, field: string): Difference => ({
  ...{ resource: `service:${app}/web`, app, kind: 'field', field, desired: 'a', observed: 'b', origin: 'drift' },
});
const planOf = (steps: readonly Step[], field = 'image'): Plan => ({
  revision: 'r',
  differences: steps.map(({ app }) => difference(app, field)),
  steps,
  blocked: steps.map(({ app, resource }) => ({ app, resource, reason: 'NameConflict', message: field })),
});
const shown = ({ differences, steps, blocked }: Plan) => ({
  differences: differences.map(({ app, field }) => `${app} ${field}`).sort(),
  blocked: blocked.map(({ app, message }) => `${app} ${message}`).sort(),
  steps: steps.map(({ id }) => id),
});
/** `till` needs `kiosk`, `menu` needs `till`, `sign` nobody. */
const WHOLE = planOf([step('kiosk'), step('till', 'kiosk'), step('menu', 'till'), step('sign')]);

describe('a plan while an app is under way', () => {
  it('is the very same where none is', () => {
    expect(besides(WHOLE, new Map())).toBe(WHOLE);
  });

  it('says of it what was known when it began, and has no step for it nor for whoever waits for it', () => {
    const begun = partOf(planOf([step('kiosk'), step('sign')], 'env'), 'kiosk');
    expect(shown(besides(WHOLE, new Map([['kiosk', begun]])))).toEqual({
      differences: ['kiosk env', 'menu image', 'sign image', 'till image'],
      blocked: ['kiosk env', 'menu image', 'sign image', 'till image'],
      steps: ['sign'],
    });
  });

  it('lets the others begin, as a whole, and names what has to wait', () => {
    const { plan, held } = startable(WHOLE, new Set(['till']));
    expect(shown(plan)).toEqual({
      differences: ['kiosk image', 'sign image'],
      blocked: ['kiosk image', 'sign image'],
      steps: ['kiosk', 'sign'],
    });
    expect(held.map(({ id }) => id)).toEqual(['menu']);
  });
});
