// The messages between agent and hub: one schema each for types, validation and documentation. Additive within
// schema 1: unknown keys are dropped, never an error.
import { z } from 'zod';
import { HEALTH, REASONS, SYNC } from '../model/conditions.ts';

/** A status payload never exceeds this; longer lists are cut with a count. */
export const STATUS_BYTES = 32 * 1024;

const text = z.string().max(2048);
const short = z.string().max(256);
const count = z.number().int().nonnegative();
const timestamp = z.iso.datetime();
const value = z.union([
  z.string().max(4096),
  z.number(),
  z.boolean(),
  z.null(),
  z.array(z.string().max(4096)).max(256),
]);

/** Who says it, and in which order: within one `instance` the highest `(boot, seq)` wins. */
const origin = { schema: z.literal(1), device: short, instance: short, boot: count, ts: timestamp };

export const presenceSchema = z.object({ ...origin, online: z.boolean() });
export type PresenceMessage = z.infer<typeof presenceSchema>;

export const conditionSchema = z.object({
  type: z.enum(['Ready', 'Reconciling', 'Stalled']),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.enum(REASONS),
  message: text,
  since: timestamp,
});

export const driftSchema = z.object({
  resource: short,
  kind: z.enum(['missing', 'unexpected', 'field']),
  field: short.nullable(),
  desired: value,
  observed: value,
  since: timestamp,
  /** What did it, when an event of the Engine tells: `update at 12:03:10Z`. */
  by: short.optional(),
});
export type DriftEntry = z.infer<typeof driftSchema>;

export const serviceStatusSchema = z.object({
  name: short,
  health: z.enum(HEALTH),
  image: short,
  digest: short.nullable(),
  restarts: count,
  /** Why it is not healthy, when it is not. */
  message: text.optional(),
});

export const appStatusSchema = z.object({
  name: short,
  sync: z.enum(SYNC),
  health: z.enum(HEALTH),
  services: z.array(serviceStatusSchema).max(512),
  /** The newest revision that declares the version in force. */
  revision: short.optional(),
  /** The declared version failed: the last known good one runs in its place. */
  quarantined: z.object({ revision: short, reason: z.enum(REASONS), since: timestamp }).optional(),
});

export const hostSchema = z.object({
  os: short,
  arch: short,
  engine: short,
  cpus: count,
  mem_bytes: count,
  mem_used_bytes: count,
  disk_bytes: count,
  disk_used_bytes: count,
  load1: z.number(),
});

export const statusSchema = z.object({
  ...origin,
  seq: count,
  clock_synced: z.boolean(),
  agent: z.object({ version: short, uptime_s: count }),
  revision: z.object({
    desired: short.nullable(),
    applied: short.nullable(),
    last_good: short.nullable(),
    /** Of the revision in force; null: signatures are not verified. */
    signed_by: short.nullable(),
  }),
  source: z
    .object({
      /** How Git objects are fetched: `narrow`, `snapshot (the server has filters off)`; null: not known yet. */
      way: short.nullable(),
      /** Are signatures verified? */
      verified: z.boolean(),
    })
    .optional(),
  labels: z.record(short, short),
  sync: z.enum(SYNC),
  health: z.enum(HEALTH),
  conditions: z.array(conditionSchema).max(8),
  apps: z.array(appStatusSchema).max(256),
  drift: z.array(driftSchema).max(512),
  /** Declared changes that are not applied yet. */
  changes: count,
  /** What was cut to keep the snapshot small. */
  cut: z.object({ apps: count, drift: count }).optional(),
  host: hostSchema.nullable(),
});
export type Status = z.infer<typeof statusSchema>;
export type AppStatus = z.infer<typeof appStatusSchema>;
export type ServiceStatus = z.infer<typeof serviceStatusSchema>;
export type HostFacts = z.infer<typeof hostSchema>;

export const SEVERITY = ['info', 'warning', 'error'] as const;

export const eventSchema = z.object({
  ...origin,
  seq: count,
  severity: z.enum(SEVERITY),
  reason: z.enum(REASONS),
  message: text,
  revision: short.nullable(),
  /** `service:kiosk/web`, when one resource is meant. */
  resource: short.nullable(),
});
export type EventMessage = z.infer<typeof eventSchema>;

export const hintSchema = z.object({ schema: z.literal(1), ts: timestamp });

/** What a hub says of itself, retained. Devices do not listen to it. */
export interface HubState {
  readonly schema: 1;
  readonly hub: string;
  readonly online: boolean;
  /** ISO 8601 */
  readonly ts: string;
}
