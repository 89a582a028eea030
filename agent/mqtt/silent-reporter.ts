// The reporter of an agent without a broker: it reconciles alone and reports nowhere.
import type { Reporter } from './reporter.ts';

export function createSilentReporter(): Reporter {
  return {
    status: () => undefined,
    event: () => undefined,
    connected: () => false,
    idle: () => true,
    run: (_onHint, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener('abort', () => resolve(), { once: true });
      }),
  };
}
