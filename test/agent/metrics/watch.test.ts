import { afterEach, describe, expect, it } from 'vitest';
import { createAgent } from '../../../agent/loop/agent.ts';
import { type Watched, watch } from '../../../agent/metrics/watch.ts';
import { kiosk, serviceOf } from '../../fleet/reconcile/support/desired.ts';
import { takenPort } from '../../support/machine.ts';
import { partsWith } from '../loop/support/parts.ts';
import { event, STATUS } from '../mqtt/statuses.ts';

const SINCE = '2026-01-01T00:00:00.000Z';
const BAD = {
  ...STATUS,
  health: 'Degraded' as const,
  conditions: [
    {
      type: 'Ready' as const,
      status: 'False' as const,
      reason: 'RolledBack' as const,
      message: 'secret words',
      since: SINCE,
    },
    {
      type: 'Stalled' as const,
      status: 'True' as const,
      reason: 'RolledBack' as const,
      message: 'secret words',
      since: SINCE,
    },
  ],
  drift: [
    {
      resource: 'service:kiosk/web',
      kind: 'field' as const,
      field: 'image',
      desired: 'a',
      observed: 'b',
      since: SINCE,
    },
  ],
};

let watched: Watched;
afterEach(() => watched.stop());

async function listen(config: object = {}): Promise<Watched> {
  const { parts } = partsWith({});
  watched = await watch({ ...parts, config: { ...parts.config, ...config } }, '127.0.0.1:0');
  return watched;
}

async function get(path: string, init?: RequestInit): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${watched.url}${path}`, init);
  return { status: answer.status, text: await answer.text() };
}

describe('the metrics of an agent', () => {
  it('follow its newest status', async () => {
    const { parts } = await listen();
    parts.reporter.status(STATUS);
    expect((await get('/metrics')).text).toMatch(/^holdfast_agent_ready 1$/m);
    parts.reporter.status(BAD);
    const { text } = await get('/metrics');
    for (const line of [
      'holdfast_agent_ready 0',
      'holdfast_agent_stalled 1',
      'holdfast_agent_ready_reason{reason="RolledBack"} 1',
      'holdfast_agent_ready_reason{reason="Succeeded"} 0',
      'holdfast_agent_health{health="Degraded"} 1',
      'holdfast_agent_drift_open 1',
      `holdfast_agent_drift_oldest_timestamp_seconds ${Date.parse(SINCE) / 1000}`,
    ])
      expect(text).toContain(`\n${line}\n`);
  });

  it('count events and cycles', async () => {
    const { parts } = await listen();
    parts.reporter.event(event('e'));
    parts.onCycle?.({ ms: 400, steps: 3, failed: true });
    const { text } = await get('/metrics');
    for (const line of [
      'holdfast_agent_events_total{severity="info"} 1',
      'holdfast_agent_events_total{severity="error"} 0',
      'holdfast_agent_cycle_seconds_bucket{le="0.5"} 1',
      'holdfast_agent_cycle_seconds_bucket{le="0.25"} 0',
      'holdfast_agent_steps_total 3',
      'holdfast_agent_cycles_failed_total 1',
    ])
      expect(text).toContain(`\n${line}\n`);
  });

  it('hold no word of Git or of containers', async () => {
    const { parts } = await listen();
    parts.reporter.status(BAD);
    const { text } = await get('/metrics');
    expect(text).not.toMatch(/secret|kiosk|nginx|berlin|main@/);
    expect((await get('/readyz')).text).toBe('RolledBack\n');
  });

  it('say whether the broker is there, and nothing where there is none', async () => {
    await listen();
    expect((await get('/metrics')).text).not.toContain('holdfast_agent_broker_connected');
    await watched.stop();
    await listen({ mqtt: { url: 'mqtt://127.0.0.1:1' } });
    expect((await get('/metrics')).text).toContain('\nholdfast_agent_broker_connected 0\n');
  });

  it('know the cycles of a daemon that runs', async () => {
    const stop = new AbortController();
    const accepted = { ...kiosk([serviceOf('web')]), suspend: true };
    const { parts } = partsWith({ store: { accepted: () => accepted } });
    watched = await watch(parts, '127.0.0.1:0');
    const running = createAgent(watched.parts).run(stop.signal);
    await expect.poll(async () => (await get('/metrics')).text).toMatch(/^holdfast_agent_cycle_seconds_count [1-9]/m);
    stop.abort();
    await running;
  });
});

describe('the probes of an agent', () => {
  it('answer before and after the first cycle', async () => {
    const { parts } = await listen();
    expect(await get('/healthz')).toEqual({ status: 200, text: 'ok\n' });
    expect(await get('/readyz')).toEqual({ status: 503, text: 'no cycle has ended yet\n' });
    parts.reporter.status(STATUS);
    expect(await get('/readyz')).toEqual({ status: 200, text: 'ok\n' });
  });

  it('are read only, and there is nothing else', async () => {
    await listen();
    expect((await get('/metrics', { method: 'POST' })).status).toBe(405);
    expect((await get('/')).status).toBe(404);
  });

  it('do not keep an agent from its work when their port is taken', async () => {
    await using taken = await takenPort();
    const { parts } = partsWith({});
    const said: string[] = [];
    watched = await watch(
      { ...parts, log: (level, message) => said.push(`${level} ${message}`) },
      `127.0.0.1:${taken.port}`,
    );
    expect(watched.url).toBeNull();
    expect(said).toEqual([
      `error metrics.listen 127.0.0.1:${taken.port} cannot be listened on: choose another; the agent goes on without`,
    ]);
  });
});
