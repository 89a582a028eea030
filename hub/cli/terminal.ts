// The real terminal as a command sees it.
import type { Io } from './io.ts';

export function terminal(): Io {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stopping.abort());
  const tty = process.stdout.isTTY === true;
  return {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    env: process.env,
    now: Date.now,
    columns: tty ? process.stdout.columns : null,
    colour: tty && (process.env.NO_COLOR ?? '') === '' && process.env.TERM !== 'dumb',
    watched: process.stderr.isTTY === true,
    signal: stopping.signal,
  };
}
