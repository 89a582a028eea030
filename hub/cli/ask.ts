// What every command that asks a hub is given.
import type { Api } from './api.ts';
import type { Io } from './io.ts';
import type { Format } from './output.ts';
import type { Paint } from './paint.ts';

export interface Ask {
  readonly io: Io;
  readonly api: Api;
  readonly format: Format;
  readonly paint: Paint;
}

/** `?a=1&b=2` of what is set; lists repeat their key. */
export function query(parameters: Readonly<Record<string, string | number | readonly string[] | undefined>>): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(parameters)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) search.append(key, String(one));
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}
