import { expect, it } from 'vitest';
import { createWitness } from '../../../agent/loop/witness.ts';
import type { NewEvent } from '../../../agent/mqtt/reporter.ts';
import type { InventoryItem } from '../../../fleet/model/inventory.ts';
import { specOf } from '../../../fleet/reconcile/attributes.ts';
import { completed } from '../../../fleet/reconcile/inventory-item.ts';
import { lookFor } from '../../../fleet/reconcile/look.ts';
import { DEVICE, kiosk, PATHS, serviceOf } from '../../fleet/reconcile/support/desired.ts';
import { createHost } from '../../fleet/reconcile/support/host.ts';
import { REGISTRY } from '../../fleet/reconcile/support/images.ts';

const JOB = serviceOf('job', { restart: 'no' });
const STATE = kiosk([serviceOf('web'), JOB]);

function witnessWith(inventory: readonly InventoryItem[] = []) {
  const host = createHost(REGISTRY);
  host.converge(STATE);
  const web = host.world.find('kiosk-web-1');
  if (web === undefined) throw new Error('no web');
  let nowMs = 0;
  const events: NewEvent[] = [];
  const store = { inventory: () => inventory } as Parameters<typeof createWitness>[0]['store'];
  const witness = createWitness({ store, paths: PATHS, monotonicMs: () => nowMs }, (event) => events.push(event));
  const look = (atS: number, restarts: number) => {
    nowMs = atS * 1000;
    const observed = host.world.observe(lookFor(STATE, host.inventory));
    const containers = observed.containers.map(({ inspect, ...rest }) =>
      inspect.Id === web.id
        ? {
            ...rest,
            inspect: { ...inspect, RestartCount: restarts, State: { ...inspect.State, Status: 'restarting' as const } },
          }
        : { inspect, ...rest },
    );
    return witness({ ...observed, containers }, STATE);
  };
  return { look, events, web };
}

it('tells a crash loop with every look, and an event when it begins and when it ends', () => {
  const { look, events, web } = witnessWith();
  expect(look(0, 0).crashLoops?.size).toBe(0);
  for (const atS of [1, 5, 9]) expect(look(atS, 4).crashLoops?.get(web.id)).toContain('crash loop: restarted 4 times');
  expect(look(200, 4).crashLoops?.size).toBe(0);
  expect(events.map(({ severity, message }) => `${severity} ${message}`)).toEqual([
    'warning kiosk-web-1: crash loop: restarted 4 times in 1 min, last exit code 0',
    'info kiosk-web-1: its crash loop has ended',
  ]);
});

it('knows one-shots that have run by the inventory alone', () => {
  const [app] = STATE.apps;
  if (app === undefined) throw new Error('no app');
  const spec = specOf({ device: DEVICE, app, service: JOB, paths: PATHS, salt: '' });
  const item: InventoryItem = {
    ...{
      kind: 'container',
      name: 'kiosk-job-1',
      resource: 'service:kiosk/job',
      app: 'kiosk',
      applied: {},
      revision: 'r',
    },
  };
  expect([...(witnessWith([item]).look(0, 0).completed ?? [])]).toEqual([]);
  expect([...(witnessWith([completed(item, undefined, [spec])]).look(0, 0).completed ?? [])]).toEqual([
    'service:kiosk/job',
  ]);
});
