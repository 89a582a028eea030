// Randomness that a seed repeats: the same seed gives the same numbers on every machine. Not for secrets.

/** 0 ≤ x < 1 */
export type Random = () => number;

/** sfc32 (Chris Doty-Humphrey), its state filled from the text. Streams of different texts are independent. */
export function createRandom(seed: string): Random {
  let [a, b, c, d] = [0, 1, 2, 3].map((salt) => hash(`${salt}:${seed}`)) as [number, number, number, number];
  const next = (): number => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return (t >>> 0) / 2 ** 32;
  };
  for (let round = 0; round < 12; round++) next();
  return next;
}

/** Time until the next of things that happen independently, `mean` apart on average. */
export function exponential(random: Random, mean: number): number {
  return -Math.log(1 - random()) * mean;
}

/** @throws Error when there is nothing to pick from */
export function pick<T>(random: Random, from: readonly T[]): T {
  const picked = from[Math.floor(random() * from.length)];
  if (picked === undefined) throw new Error('nothing to pick from');
  return picked;
}

/** `length` hexadecimal digits. */
export function hex(random: Random, length: number): string {
  return Array.from({ length }, () => Math.floor(random() * 16).toString(16)).join('');
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value | 0;
}
