// Lets metrics see what the agent's parts say, without the parts knowing: a reporter that is listened to, and cycles.
import type { StatusBody } from '../../fleet/status.ts';
import type { Parts } from '../loop/parts.ts';
import { type Listener, startListener } from './listener.ts';
import { createMetrics } from './metrics.ts';

export interface Watched extends Pick<Listener, 'url' | 'stop'> {
  /** The same parts, seen by metrics. */
  readonly parts: Parts;
}

export async function watch(parts: Parts, listen: string): Promise<Watched> {
  const { config, reporter, version, now, log } = parts;
  let newest: StatusBody | null = null;
  const metrics = createMetrics({ version, now, connected: config.mqtt === undefined ? null : reporter.connected });
  const listener = await startListener(listen, { metrics, status: () => newest }, log);
  const heard: Parts['reporter'] = {
    ...reporter,
    status(status) {
      newest = status;
      metrics.status(status);
      reporter.status(status);
    },
    event(event) {
      metrics.event(event);
      reporter.event(event);
    },
  };
  return { ...listener, parts: { ...parts, reporter: heard, onCycle: metrics.cycle } };
}
