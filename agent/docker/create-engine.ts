// The Engine as the loop knows it, over dockerode. Puts the parts together; must not decide anything.
import { createConnection } from './connection.ts';
import type { Engine } from './engine.ts';
import { observe } from './observe.ts';
import { type Log, PULL_LIMITS, type PullLimits } from './pull.ts';
import { createSteps } from './steps.ts';
import { watchEvents } from './watch.ts';

export interface EngineOptions {
  /** Path of the Engine's unix socket. */
  readonly socket: string;
  readonly log?: Log;
  readonly pull?: Partial<PullLimits>;
}

export function createEngine({ socket, log = silent, pull = {} }: EngineOptions): Engine {
  const connection = createConnection(socket);
  return {
    info: (signal) => connection.info(signal),
    observe: (look, signal) => observe(connection, look, log, signal),
    steps: createSteps(connection, { ...PULL_LIMITS, ...pull }, log),
    watch: (onEvent, onGap, signal) => watchEvents(connection, onEvent, onGap, log, signal),
  };
}

function silent(): void {
  // Without a log nothing is said.
}
