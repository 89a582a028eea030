// Shows what the demo is doing: one line a step, with its duration. Decides nothing.
import type { WriteStream } from 'node:tty';
import colours from 'picocolors';

export interface Steps {
  /** Runs the work and shows how it went; `note` adds what it is waiting for, on a terminal. */
  step<T>(label: string, work: (note: (text: string) => void) => Promise<T>): Promise<T>;
  line(text: string): void;
}

export function createSteps(out: WriteStream | NodeJS.WritableStream): Steps {
  const terminal = 'isTTY' in out && out.isTTY === true;
  const paint = colours.createColors(terminal);
  const open = (text: string): void => {
    // One terminal line at most: a longer one could not be overwritten.
    const width = ('columns' in out ? out.columns : 0) || 80;
    if (terminal) out.write(`\r\u001b[K${text.slice(0, Math.max(width - 1, 20))}`);
  };
  const close = (text: string): void => {
    out.write(terminal ? `\r\u001b[K${text}\n` : `${text}\n`);
  };

  return {
    async step(label, work) {
      const start = performance.now();
      const took = () => paint.dim(`(${((performance.now() - start) / 1000).toFixed(1)} s)`);
      open(`… ${label}`);
      try {
        const result = await work((text) => open(`… ${label}: ${text}`));
        close(`${paint.green('✓')} ${label} ${took()}`);
        return result;
      } catch (error) {
        close(`${paint.red('✗')} ${label} ${took()}`);
        throw error;
      }
    },
    line: close,
  };
}
