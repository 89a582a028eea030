// What is left of a plan when none of its pulls may begin: a disk is short of room, or a registry is away.
import { expect, test } from 'vitest';
import type { DesiredApp } from '../../../fleet/model/desired.ts';
import type { Plan } from '../../../fleet/model/plan.ts';
import type { Service } from '../../../fleet/model/service.ts';
import { kiosk, needs, networkOf, on, serviceOf, tcp } from './support/desired.ts';
import { createHost } from './support/host.ts';
import { REGISTRY } from './support/images.ts';

/** Steps that wait for no pull. */
function withoutPulls({ steps }: Plan): string[] {
  const waiting = new Set(steps.filter(({ kind }) => kind === 'pull-image').map(({ id }) => id));
  for (let size = -1; size !== waiting.size; ) {
    size = waiting.size;
    for (const { id, after } of steps) if (after.some((one) => waiting.has(one))) waiting.add(id);
  }
  return steps.filter(({ id }) => !waiting.has(id)).map(({ kind, subject }) => `${kind} ${subject}`);
}

const INTERRUPTS = /^(stop|remove|restart|rename|disconnect)-/;

const CHECKED: Partial<Service> = { healthcheck: { test: ['CMD', 'true'], interval: 2e9 } };

test.each<[string, Partial<DesiredApp>, Partial<Service>]>([
  ['one after the other', { strategy: 'stop-first' }, {}],
  ['side by side', { strategy: 'start-first' }, CHECKED],
  ['side by side, after a trial', { strategy: 'start-first' }, { ...CHECKED, ports: [tcp(80, 8080)] }],
])('nothing of an app stops: %s', (_strategy, parts, web) => {
  const state = (image: string, TZ: string) =>
    kiosk(
      [
        serviceOf('web', { image, networks: on('front'), depends_on: needs('db'), ...web }),
        serviceOf('db', { environment: { TZ }, networks: on('front') }),
      ],
      { networks: [networkOf('front')], ...parts },
    );
  const host = createHost(REGISTRY);
  host.converge(state('nginx:1', 'UTC'));
  const plan = host.plan(state('nginx:2', 'CET'));
  expect(plan.steps.map(({ kind }) => kind)).toContain('stop-container');
  expect(withoutPulls(plan).filter((step) => INTERRUPTS.test(step))).toEqual([]);
});
