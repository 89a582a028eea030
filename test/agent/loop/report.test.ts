// What is told when a plan begins.
import { expect, it } from 'vitest';
import type { Parts } from '../../../agent/loop/parts.ts';
import { createReport } from '../../../agent/loop/report.ts';
import type { NewEvent } from '../../../agent/mqtt/reporter.ts';
import type { Desired } from '../../../fleet/model/desired.ts';
import { summarise } from '../../../fleet/reconcile/summary.ts';
import { eventSchema } from '../../../fleet/wire/messages.ts';
import { appOf, desiredOf, kiosk, serviceOf } from '../../fleet/reconcile/support/desired.ts';
import { createHost, type Host } from '../../fleet/reconcile/support/host.ts';
import { REGISTRY } from '../../fleet/reconcile/support/images.ts';

function reporting() {
  const events: NewEvent[] = [];
  const report = createReport({
    store: { status: () => null, driftSince: () => [], replaceDriftSince: () => undefined },
    reporter: { event: (event: NewEvent) => events.push(event) },
    secrets: { hide: (text: string) => text.replaceAll('hunter2', '(redacted)') },
    log: () => undefined,
    monotonicMs: () => 0,
    now: () => new Date(0),
  } as unknown as Parts);
  const begin = (host: Host, desired: Desired) => {
    const plan = host.plan(desired);
    report.begins(plan, summarise({ plan, desired, observed: host.observe(desired) }));
  };
  return { events, begin };
}

function running(desired: Desired): Host {
  const host = createHost(REGISTRY);
  host.converge(desired);
  return host;
}

it('a change is told once, with what becomes of each service', () => {
  const { events, begin } = reporting();
  const host = running(kiosk([serviceOf('web')]));
  const next = kiosk([serviceOf('web', { image: 'nginx:2', labels: { note: 'hunter2' } })]);
  begin(host, next);
  begin(host, next);
  expect(events).toEqual([
    {
      severity: 'info',
      reason: 'Progressing',
      message:
        'applies main@aaaaaaaa\nkiosk/web  recreate  image: nginx:1 → nginx:2; labels.note: none → (redacted)  down about 2 s, 1 image to pull\n1 change: 1 recreated; 1 image to pull; longest gap about 2 s',
      revision: next.revision,
      resource: null,
    },
  ]);
});

it('the repair of drift has no event beyond that of the drift', () => {
  const { events, begin } = reporting();
  const host = running(kiosk([serviceOf('web')]));
  for (const machine of host.world.machines.values()) host.world.stop(machine);
  begin(host, kiosk([serviceOf('web')]));
  expect(events).toEqual([]);
});

it('a large change fits what the wire takes', () => {
  const { events, begin } = reporting();
  const services = Array.from({ length: 200 }, (_, index) => serviceOf(`s${index}`, { container_name: `s${index}` }));
  begin(createHost(REGISTRY), desiredOf([appOf('kiosk', { services })]));
  const [event] = events;
  expect(eventSchema.shape.message.safeParse(event?.message).success).toBe(true);
  expect(event?.message).toMatch(/and \d+ more\n200 changes/);
});
