// Colours for states: red is broken, yellow needs a look, green is well. Pure; without colour, the same words.
import pc from 'picocolors';

export interface Paint {
  readonly bad: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly good: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly bold: (text: string) => string;
  /** By what the word means. */
  state(word: string): ((text: string) => string) | undefined;
}

export function createPaint(colour: boolean): Paint {
  const { red, yellow, green, dim, bold } = pc.createColors(colour);
  const by: Readonly<Record<string, (text: string) => string>> = {
    Degraded: red,
    Missing: red,
    error: red,
    offline: yellow,
    stale: yellow,
    OutOfSync: yellow,
    Progressing: yellow,
    warning: yellow,
    Unknown: dim,
    Suspended: dim,
    info: dim,
    Healthy: green,
    Synced: green,
    online: green,
  };
  return { bad: red, warn: yellow, good: green, dim, bold, state: (word) => by[word] };
}
