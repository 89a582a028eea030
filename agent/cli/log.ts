// The agent's log: pino JSON lines on standard output.
import pino from 'pino';
import type { AgentConfig } from '../../fleet/config/agent.ts';
import type { Log } from '../loop/parts.ts';

export function createLog(level: AgentConfig['log']['level'], base: Readonly<Record<string, string>>): Log {
  // A worker transport fails in a single-file binary: write synchronously.
  const logger = pino({ level, base, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ sync: true }));
  return (at, message, fields) => logger[at](fields ?? {}, message);
}
