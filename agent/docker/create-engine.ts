// The Engine as the loop knows it, over dockerode. Puts the parts together; must not decide anything.
import { createConnection } from './connection.ts';
import type { Engine } from './engine.ts';
import { createImages } from './images.ts';
import { lookInside } from './inside.ts';
import { observe } from './observe.ts';
import { createWasStopped, pastEvents } from './past-events.ts';
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
  const limits = { ...PULL_LIMITS, ...pull };
  const wasStopped = createWasStopped(connection);
  return {
    images: createImages(connection, limits, log),
    info: (signal) => connection.info(signal),
    observe: (look, signal) => observe(connection, look, wasStopped, log, signal),
    pastEvents: (sinceMs, signal) => pastEvents(connection, sinceMs, signal),
    inside: (container, signal) => lookInside(connection, container, signal),
    steps: createSteps(connection, limits, log),
    watch: (watch, signal) => watchEvents(connection, watch, log, signal),
  };
}

function silent(): void {
  // Without a log nothing is said.
}
