// How much plain data there is, about as many characters as its JSON. Nothing is made of it, and counting stops early.

/** For what is not text: numbers, quotes, brackets. */
const EACH = 8;

export function weightOf(value: unknown, atMost: number): number {
  if (typeof value === 'string') return value.length + EACH;
  if (typeof value !== 'object' || value === null) return EACH;
  let weight = EACH;
  for (const [key, inner] of Object.entries(value)) {
    if (weight > atMost) break;
    weight += key.length + weightOf(inner, atMost - weight);
  }
  return weight;
}
