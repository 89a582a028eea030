// Rendered state without secrets: values that came out of secret files, wherever they stand. What a Compose file holds in the
// clear is shown as it is: it lies in the repository beside whoever asks, and `docker compose config` shows it too.
import { hider, isHidden } from '../../mask.ts';
import { REDACTED } from '../../secret.ts';

/** Keys too. What is too short to be looked for inside of texts is hidden where it is all of one. */
export function masked(data: unknown, secrets: readonly string[]): unknown {
  const hide = hider(secrets);
  const whole = new Set(secrets.filter((value) => value !== '' && !isHidden(value)));
  return walk(data, (text) => (whole.has(text) ? REDACTED : hide(text)));
}

function walk(data: unknown, hide: (text: string) => string): unknown {
  if (typeof data === 'string') return hide(data);
  if (Array.isArray(data)) return data.map((item) => walk(item, hide));
  if (typeof data !== 'object' || data === null) return data;
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [hide(name), walk(value, hide)]));
}
