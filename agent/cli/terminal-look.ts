// How text looks on this terminal: its width, and colours where it has them.
import type { WriteStream } from 'node:tty';
import pc from 'picocolors';
import { type Look, PLAIN, type Tone } from '../../fleet/reconcile/plan-text.ts';

/** Plain where nobody looks: in a pipe, a file or a log. */
export function terminalLook(stream: Pick<WriteStream, 'columns'> & { readonly isTTY?: boolean }): Look {
  if (stream.isTTY !== true) return PLAIN;
  const colour = (process.env.NO_COLOR ?? '') === '' && process.env.TERM !== 'dumb';
  const { green, yellow, red, dim, bold } = pc.createColors(colour);
  const tones: Readonly<Record<Tone, (text: string) => string>> = { good: green, warn: yellow, bad: red, dim, bold };
  return { columns: stream.columns, paint: (tone, text) => tones[tone](text) };
}
