// What of a status counts as news: everything but the figures that move by themselves. Pure.
import type { NewStatus } from './reporter.ts';

/** Two statuses with the same outline need only one message. */
export function statusOutline(status: NewStatus): string {
  const { agent, host, ...rest } = status;
  const steady = host === null ? null : { ...host, mem_used_bytes: 0, disk_used_bytes: 0, load1: 0 };
  return JSON.stringify({ ...rest, version: agent.version, host: steady });
}
