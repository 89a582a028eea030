// The words that configuration files are made of, as schemas.
import { z } from 'zod';
import { DURATION_PATTERN, parseDuration, parseSize, SIZE_PATTERN } from '../units.ts';

/** Text like `60s`; a number lacks its unit. */
const durationText = z
  .string({
    error: ({ input }) =>
      typeof input === 'number' ? `write the unit: ${input}s` : 'has to be a duration like 90s, 5m or 1h30m',
  })
  .meta({ pattern: DURATION_PATTERN, examples: ['30s', '5m', '1h30m'] });

/** `60s`, `1h30m`: a Go duration longer than nothing, as milliseconds. */
export const duration = durationText.transform((text, context) => {
  const ns = parseDuration(text);
  if (ns === null || ns <= 0) {
    context.addIssue({ code: 'custom', message: `"${text}" is not a duration; write one like 90s, 5m or 1h30m` });
  }
  return (ns ?? 0) / 1e6;
});

/** A duration within bounds, both given as one would write them: `1s`, `24h`. */
export function durationFrom(least: string, most: string) {
  const [leastNs, mostNs] = [parseDuration(least) ?? 0, parseDuration(most) ?? 0];
  return durationText.transform((text, context) => {
    const ns = parseDuration(text);
    if (ns === null) {
      context.addIssue({ code: 'custom', message: `"${text}" is not a duration; write one like 90s, 5m or 1h30m` });
    } else if (ns < leastNs || ns > mostNs) {
      context.addIssue({ code: 'custom', message: `"${text}" is out of range; write ${least} to ${most}` });
    }
    return (ns ?? 0) / 1e6;
  });
}

/** `64MiB`, or a number of bytes. */
export const size = z
  .union([z.string().meta({ pattern: SIZE_PATTERN, examples: ['64MiB', '1GiB'] }), z.number()], {
    error: 'has to be a size like 64MiB',
  })
  .transform((given, context) => {
    const bytes = typeof given === 'number' ? given : parseSize(given);
    if (bytes === null || bytes < 0)
      context.addIssue({ code: 'custom', message: `"${given}" is not a size like 64MiB` });
    return bytes ?? 0;
  });

export const path = z.string().min(1).max(4096);

/** Where to listen: `127.0.0.1:9477`, `[::1]:9477`. */
export const listenAddress = z
  .string()
  .regex(
    /^(\[[0-9a-fA-F:]+\]|[^\s:[\]]+):(6553[0-5]|655[0-2]\d|65[0-4]\d{2}|6[0-4]\d{3}|[1-5]\d{4}|\d{1,4})$/,
    'write it as address:port, like 127.0.0.1:9477 or [::1]:9477',
  );

export const id = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9-]{0,62}$/,
    'use lower-case letters, digits and dashes, 63 at most, not starting with a dash',
  );

/** A folder of the repository: `devices/edge-01`, whatever slashes stand around it. */
export const repositoryPath = z.string().transform((text, context) => {
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) {
    const message =
      'a path of the repository must not hold ".."; write it from its top folder on, like devices/edge-01';
    context.addIssue({ code: 'custom', message });
  }
  return parts.join('/');
});
