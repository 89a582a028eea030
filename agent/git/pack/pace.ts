// Long work in turns: lets everything else run now and then, and ends it when the signal says so.
import { setImmediate } from 'node:timers/promises';

const TURN_STEPS = 256;
const TURN_BYTES = 1024 * 1024;

/** To be called after every step with the bytes that it went through. Throws the signal's reason. */
export type Pace = (bytes: number) => Promise<void> | undefined;

export function createPace(signal: AbortSignal): Pace {
  let steps = 0;
  let done = 0;
  return (bytes) => {
    steps++;
    done += bytes;
    if (steps < TURN_STEPS && done < TURN_BYTES) return undefined;
    steps = 0;
    done = 0;
    return turn();
  };

  async function turn(): Promise<void> {
    await setImmediate();
    signal.throwIfAborted();
  }
}
