// Alerts and silences over HTTP, as schemas. Times are ISO 8601 in UTC.
import { z } from 'zod';
import { CONDITIONS, SEVERITIES } from '../alerts/model.ts';

export const alertItemSchema = z.object({
  id: z.number().int(),
  rule: z.string(),
  /** What the rule watches. */
  when: z.enum(CONDITIONS),
  severity: z.enum(SEVERITIES),
  state: z.enum(['firing', 'resolved']),
  fleet: z.string(),
  labels: z.record(z.string(), z.string()),
  /** One sentence. */
  summary: z.string(),
  since: z.string(),
  resolved: z.string().nullable(),
  /** Devices that have it; of one that is resolved: that had it last. */
  devices: z.number().int(),
  /** The most at a time. */
  most: z.number().int(),
  /** Devices that the rule looks at there. */
  of: z.number().int(),
  /** Devices under a silence. */
  silenced: z.number().int(),
  /** Ids of silences; `maintenance/<name>` are those of hub.yaml. */
  silenced_by: z.array(z.string()),
  reasons: z.array(z.object({ reason: z.string(), devices: z.number().int() })),
  /** The first ten, longest first. */
  samples: z.array(z.object({ device: z.string(), since: z.string(), reason: z.string(), message: z.string() })),
  /** Whom the routes lead to. */
  receivers: z.array(z.string()),
});
export type AlertItem = z.infer<typeof alertItemSchema>;

export const alertPageSchema = z.object({
  /** Those that fire, worst first; then those that were resolved, the last ones first. */
  items: z.array(alertItemSchema),
  /** How sending goes. */
  receivers: z.array(
    z.object({
      receiver: z.string(),
      kind: z.string(),
      /** Failures in a row. */
      failures: z.number().int(),
      error: z.string().nullable(),
      retry_at: z.string().nullable(),
      /** When it last took a message. */
      ok_at: z.string().nullable(),
    }),
  ),
});
export type AlertPage = z.infer<typeof alertPageSchema>;

export const silenceSchema = z.object({
  id: z.string(),
  /** As `site=berlin`. */
  matchers: z.array(z.string()),
  starts: z.string(),
  ends: z.string(),
  by: z.string(),
  reason: z.string(),
});
export type SilenceItem = z.infer<typeof silenceSchema>;

export const silenceListSchema = z.object({
  /** Those that hold or will hold, the first to end first. */
  items: z.array(silenceSchema),
});

export const newSilenceSchema = z.strictObject({
  /** All have to hold: name=value, name!=value, name=~pattern, name!~pattern. */
  matchers: z.array(z.string().min(1).max(512)).min(1).max(20),
  /** Absent: now. */
  starts: z.iso.datetime({ offset: true }).optional(),
  ends: z.iso.datetime({ offset: true }),
  reason: z.string().min(1).max(500),
});
export type NewSilence = z.infer<typeof newSilenceSchema>;

export const expiredSchema = z.object({ expired: z.literal(true) });
