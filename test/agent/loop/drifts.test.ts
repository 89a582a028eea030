// Drift over time: told once with what did it, held back when it keeps coming back, and cheap meanwhile.
import { describe, expect, it } from 'vitest';
import { createDrifts } from '../../../agent/loop/drifts.ts';
import type { Parts } from '../../../agent/loop/parts.ts';
import type { NewEvent } from '../../../agent/mqtt/reporter.ts';
import type { DriftSince } from '../../../agent/store/store.ts';
import type { EngineEvent } from '../../../fleet/engine/event.ts';
import type { Plan, Step } from '../../../fleet/model/plan.ts';
import { LABEL } from '../../../fleet/names.ts';
import { CALM_CORRECTIONS, FIRST_HOLD_MS } from '../../../fleet/reconcile/fights.ts';
import { lookFor } from '../../../fleet/reconcile/look.ts';
import { makePlan } from '../../../fleet/reconcile/plan.ts';
import { kiosk, LIMITS, networkOf, on, PATHS, serviceOf } from '../../fleet/reconcile/support/desired.ts';
import { createHost } from '../../fleet/reconcile/support/host.ts';
import { REGISTRY } from '../../fleet/reconcile/support/images.ts';

const START = Date.UTC(2026, 0, 1, 12, 0, 0);
const SIGNAL = new AbortController().signal;

/** An agent's sense of drift on a model host, with a clock that a test moves. */
function sense(
  given: {
    readonly status?: string;
    readonly past?: readonly EngineEvent[];
    readonly since?: readonly DriftSince[];
  } = {},
) {
  const host = createHost(REGISTRY);
  const declared = serviceOf('web', { mem_limit: 64 << 20, networks: on('front') });
  const desired = kiosk([declared], { networks: [networkOf('front')] });
  host.converge(desired);
  const clock = { ms: 0 };
  const told: NewEvent[] = [];
  const asked: number[] = [];
  let stored: readonly DriftSince[] = given.since ?? [];
  const parts = {
    engine: {
      pastEvents: async (sinceMs: number) => {
        asked.push(sinceMs);
        return given.past ?? [];
      },
    },
    store: {
      status: () => given.status ?? null,
      driftSince: () => stored,
      replaceDriftSince: (entries: readonly DriftSince[]) => {
        stored = entries;
      },
    },
    now: () => new Date(START + clock.ms),
    monotonicMs: () => clock.ms,
  } as unknown as Parts;
  const drifts = createDrifts(parts, {
    event: (event) => told.push(event),
    persist: (write) => {
      write();
      return true;
    },
    hide: (text) => text,
  });
  const web = () => {
    const found = host.world.find('kiosk-web-1');
    if (found === undefined) throw new Error('there is no container');
    return found;
  };
  const look = async (): Promise<Plan> => {
    const observed = host.world.observe(lookFor(desired, host.inventory));
    const hide = (text: string) => text;
    const held = drifts.held();
    const plan = makePlan({ desired, observed, inventory: host.inventory, paths: PATHS, limits: LIMITS, hide, held });
    await drifts.note(plan, { desired, observed }, SIGNAL);
    return plan;
  };
  return {
    ...{ drifts, clock, told, asked, web, look, host },
    stored: () => stored,
    event: (action: string, ms = START + clock.ms): EngineEvent => ({
      ...{ type: 'container', action, id: web().id, name: 'kiosk-web-1', ms },
      attributes: { [LABEL.device]: 'edge-01', [LABEL.app]: 'kiosk', [LABEL.service]: 'web' },
    }),
    /** One cycle: a look, its steps, a look. Returns how many steps there were. */
    async cycle(): Promise<number> {
      const plan = await look();
      for (const step of plan.steps) await drifts.during(step, async () => host.world.execute(step));
      drifts.applied(plan, { failed: [], skipped: [] });
      if (plan.steps.length > 0) await look();
      return plan.steps.length;
    },
  };
}

describe('drift', () => {
  it('is told with what did it, and carries that as long as it lasts', async () => {
    const { drifts, clock, told, web, look, event } = sense();
    web().host.Memory = 32 << 20;
    clock.ms = 5000;
    drifts.saw(event('update'));
    await look();
    expect(told.map(({ message }) => message)).toEqual([
      'drift: mem_limit is 32 MiB, declared is 64 MiB (update at 12:00:05Z)',
    ]);
    clock.ms = 90_000;
    drifts.saw(event('update'));
    await look();
    expect([...drifts.known().values()]).toEqual([{ since: '2026-01-01T12:00:05.000Z', by: 'update at 12:00:05Z' }]);
  });

  it('takes the better word that comes after it: a stop is told after the end that it led to', async () => {
    const { drifts, clock, web, look, event } = sense();
    Object.assign(web(), { status: 'exited', exitCode: 137 });
    clock.ms = 5000;
    for (const action of ['kill', 'die']) drifts.saw(event(action));
    await look();
    const by = () => [...drifts.known().values()].map((known) => known.by);
    expect(by()).toEqual(['kill signal ? at 12:00:05Z']);
    drifts.saw(event('stop'));
    await look();
    expect(by()).toEqual(['stop at 12:00:05Z']);
  });

  it('is never laid at the door of the agent itself', async () => {
    const { drifts, clock, web, look, event } = sense();
    const step = { kind: 'update-container', container: web().id, update: {} } as unknown as Step;
    await drifts.during(step, async () => {
      drifts.saw(event('update'));
    });
    clock.ms = 500;
    drifts.saw(event('update', START + 200)); // Just after the answer.
    web().host.Memory = 32 << 20;
    await look();
    expect([...drifts.known().values()]).toEqual([{ since: '2026-01-01T12:00:00.500Z' }]);
    clock.ms = 5000;
    drifts.saw(event('update'));
    await look();
    expect([...drifts.known().values()].map(({ by }) => by)).toEqual(['update at 12:00:05Z']);
  });

  it('is not laid there for the networks of a container that it made, of which the Engine tells by its id alone', async () => {
    const { drifts, clock, web, host, look, event } = sense();
    const step = (kind: string, parts: object) => ({ kind, ...parts }) as unknown as Step;
    const [network] = host.world.networks.values();
    const joined: EngineEvent = {
      ...{ type: 'network', action: 'connect', id: network?.Id ?? '', name: network?.Name ?? '' },
      ...{ attributes: { container: web().id }, ms: START + 2000 },
    };
    await drifts.during(
      step('create-container', { name: 'kiosk-web-1' }),
      async () => void drifts.saw(event('create')),
    );
    clock.ms = 2000;
    await drifts.during(step('start-container', { container: 'kiosk-web-1' }), async () => void drifts.saw(joined));
    clock.ms = 60_000;
    web().endpoints.clear();
    await look();
    expect([...drifts.known().values()]).toEqual([{ since: '2026-01-01T12:01:00.000Z' }]);
    drifts.saw({ ...joined, action: 'disconnect', ms: START + 60_000 });
    await look();
    expect([...drifts.known().values()].map(({ by }) => by)).toEqual(['network disconnect at 12:01:00Z']);
  });

  it('is explained by events that were missed, asked for once, from the last report on', async () => {
    const status = JSON.stringify({ ts: new Date(START - 3600_000).toISOString(), drift: [] });
    const past: EngineEvent[] = [];
    const { drifts, clock, web, look, event, asked } = sense({ status, past });
    past.push(event('update', START - 60_000));
    await look();
    expect(asked, 'nothing drifted').toEqual([]);
    web().host.Memory = 32 << 20;
    await look();
    expect([...drifts.known().values()].map(({ by }) => by)).toEqual(['update at 11:59:00Z']);
    clock.ms = 60_000;
    await look();
    expect(asked).toEqual([START - 3600_000]);
  });

  it('keeps what did it over a restart', async () => {
    const first = sense();
    first.web().host.Memory = 32 << 20;
    first.drifts.saw(first.event('update'));
    await first.look();
    const [known] = first.drifts.known().values();
    const status = JSON.stringify({
      ts: new Date(START).toISOString(),
      drift: [{ resource: 'service:kiosk/web', kind: 'field', field: 'mem_limit', ...known }],
    });
    const second = sense({ status, since: first.stored() });
    second.web().host.Memory = 32 << 20;
    second.clock.ms = 90_000;
    await second.look();
    expect([...second.drifts.known().values()]).toEqual([known]);
    expect(second.told).toEqual([]);
  });
});

describe('a fight', () => {
  /** Somebody sets the limit every second, for so long; returns the seconds in which steps were taken. */
  async function fight(seconds: number) {
    const sensed = sense();
    const steps: number[] = [];
    let looks = 0;
    for (let second = 0; second < seconds; second++) {
      sensed.clock.ms = second * 1000;
      sensed.web().host.Memory = 32 << 20;
      const woken = sensed.drifts.saw(sensed.event('update'));
      const due = sensed.drifts.heldForMs() === 0;
      if (!woken && !due) continue;
      looks++;
      if ((await sensed.cycle()) > 0) steps.push(second);
    }
    return { ...sensed, steps, looks };
  }

  it('is not fought for ever, is told with each pause, and stays reported', async () => {
    const { steps, told, drifts, look } = await fight(120);
    expect(steps).toEqual([0, 1, 2, 3, 4, 34, 94]);
    const fights = told.filter(({ message }) => message.includes('something else sets it'));
    expect(fights.map(({ reason, message }) => `${reason} ${message.split('; ').slice(1).join('; ')}`)).toEqual([
      'DriftDetected corrected 5 times in 5s: something else sets it (update at 12:00:05Z); next correction in 29s',
      'DriftDetected corrected 6 times in 35s: something else sets it (update at 12:00:35Z); next correction in 59s',
      'DriftDetected corrected 7 times in 1m35s: something else sets it (update at 12:01:35Z); next correction in 1m59s',
    ]);
    const plan = await look();
    expect(plan.differences.map(({ field, left }) => [field, left])).toEqual([['mem_limit', 'held']]);
    expect(drifts.heldForMs()).toBeGreaterThan(60_000);
  });

  it('costs few looks: what only repeats it wakes nobody', async () => {
    const { looks } = await fight(120);
    expect(looks).toBeLessThan(40);
  });

  it('holds up no other drift of the same container', async () => {
    const sensed = await fight(CALM_CORRECTIONS + 3);
    sensed.web().host.Memory = 32 << 20;
    sensed.web().status = 'paused';
    expect(sensed.drifts.saw(sensed.event('pause'))).toBe(true);
    expect((await sensed.look()).steps.map(({ kind }) => kind)).toEqual(['unpause-container']);
  });

  it('ends when the other one gives up', async () => {
    const { clock, web, cycle, drifts, look } = await fight(CALM_CORRECTIONS + 2);
    web().host.Memory = 32 << 20;
    await look();
    clock.ms += FIRST_HOLD_MS;
    expect(await cycle()).toBe(1);
    expect(drifts.heldForMs()).toBeNull();
  });
});
