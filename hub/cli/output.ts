// `-o table|json|yaml`: exact data for programs, text for people.
import { stringify } from 'yaml';
import type { Io } from './io.ts';

export const FORMATS = ['table', 'json', 'yaml'] as const;
/** `github`: lines that GitHub Actions shows at the place in the change. */
export const VALIDATE_FORMATS = [...FORMATS, 'github'] as const;
export type Format = (typeof FORMATS)[number];

/** @param text makes the table; only called for it */
export function print(io: Io, format: Format, data: unknown, text: () => string): void {
  if (format === 'json') io.out(`${JSON.stringify(data, null, 2)}\n`);
  else if (format === 'yaml') io.out(stringify(data, { lineWidth: 0, aliasDuplicateObjects: false }));
  else io.out(text());
}
