// The hub's HTTP API, as schemas: one source for types, validation, OpenAPI, the dashboard and the command line.
import { z } from 'zod';
import { HEALTH, PRESENCE, SYNC } from '../../fleet/model/conditions.ts';
import { appStatusSchema, driftSchema, eventSchema, statusSchema } from '../../fleet/wire/messages.ts';
import type { AlertItem } from './alerts.ts';

const counts = <K extends string>(keys: readonly [K, ...K[]]) =>
  z.object(Object.fromEntries(keys.map((key) => [key, z.number().int()])) as Record<K, z.ZodNumber>);

/** One line of the fleet: what a list, a grid or a table needs. */
export const deviceItemSchema = z.object({
  fleet: z.string(),
  id: z.string(),
  presence: z.enum(PRESENCE),
  /** Last message of any kind, ISO 8601. */
  last_seen: z.string(),
  sync: z.enum(SYNC),
  health: z.enum(HEALTH),
  /** Of the condition that says most: Stalled, else Ready. */
  reason: z.string(),
  message: z.string(),
  revision: statusSchema.shape.revision,
  labels: z.record(z.string(), z.string()),
  apps: z.array(appStatusSchema.pick({ name: true, sync: true, health: true, revision: true, quarantined: true })),
  drift: z.number().int(),
  changes: z.number().int(),
  agent_version: z.string(),
  /** Two agents report as this device and alternate. */
  clash: z.boolean().optional(),
});
export type DeviceItem = z.infer<typeof deviceItemSchema>;

export const eventItemSchema = eventSchema
  .pick({ device: true, ts: true, severity: true, message: true, revision: true, resource: true })
  .extend({
    /** Grows with time at this hub. */
    id: z.number().int(),
    fleet: z.string(),
    /** The agent's reason, or the hub's own: `Online`, `Offline`, `Stale`, `Hint`, `NewInstance`, `Clash`. */
    reason: z.string(),
    received: z.string(),
  });
export type EventItem = z.infer<typeof eventItemSchema>;

/** A device whole. `status` is the last snapshot as the agent sent it; null when only presence is known. */
export const deviceSchema = deviceItemSchema.extend({
  status: statusSchema.nullable(),
  events: z.array(eventItemSchema),
});
export type Device = z.infer<typeof deviceSchema>;

export const summarySchema = z.object({
  devices: z.number().int(),
  presence: counts(PRESENCE),
  sync: counts(SYNC),
  health: counts(HEALTH),
  revisions: z.array(z.object({ revision: z.string(), devices: z.number().int() })),
  drift: z.object({ devices: z.number().int(), open: z.number().int() }),
  /** At most ten, only those with something wrong. */
  worst: z.array(deviceItemSchema),
  now: z.string(),
});
export type Summary = z.infer<typeof summarySchema>;

export const devicePageSchema = z.object({ items: z.array(deviceItemSchema), next: z.string().nullable() });
export type DevicePage = z.infer<typeof devicePageSchema>;

export const driftItemSchema = driftSchema.extend({
  fleet: z.string(),
  device: z.string(),
  app: z.string(),
  service: z.string().nullable(),
  revision: z.string().nullable(),
});
export type DriftItem = z.infer<typeof driftItemSchema>;

export const DRIFT_GROUPS = ['field', 'service', 'app', 'revision', 'label'] as const;
export type DriftGroup = (typeof DRIFT_GROUPS)[number];

export const driftPageSchema = z.object({
  /** Open drift, oldest first. Empty when `by` asks for groups. */
  items: z.array(driftItemSchema),
  groups: z.array(
    z.object({
      key: z.string(),
      open: z.number().int(),
      devices: z.number().int(),
      since: z.string(),
      sample: driftItemSchema,
    }),
  ),
  total: z.number().int(),
});
export type DriftPage = z.infer<typeof driftPageSchema>;

export const eventPageSchema = z.object({ items: z.array(eventItemSchema), next: z.string().nullable() });
export type EventPage = z.infer<typeof eventPageSchema>;

export const causeSchema = z.object({
  /** `condition`: devices say why they are not ready. `drift`: what runs is not what was declared. */
  kind: z.enum(['condition', 'drift']),
  /** The reason of the condition, or the field that drifted. */
  reason: z.string(),
  /** What the devices were to run. */
  revision: z.string().nullable(),
  /** Of drift: which app. */
  app: z.string().nullable(),
  /** Devices that have it now. */
  affected: z.number().int(),
  /** Of those, the ones that are being led back right now. */
  recovering: z.number().int(),
  /** Devices that had it and got over it within the last hour. */
  recovered: z.number().int(),
  /** First seen by the hub, ISO 8601. */
  since: z.string(),
  /** The device that had it first. */
  sample: z.object({ fleet: z.string(), device: z.string(), message: z.string() }),
});
export type Cause = z.infer<typeof causeSchema>;
export const causePageSchema = z.object({ items: z.array(causeSchema) });

export const historySchema = z.object({
  /** Seconds that one point stands for. */
  step_s: z.number().int(),
  /** Minutes that drift was open, all devices and differences together. */
  drift_minutes: z.number().int(),
  points: z.array(
    z.object({
      at: z.string(),
      devices: z.number().int(),
      online: z.number().int(),
      synced: z.number().int(),
      degraded: z.number().int(),
      drift_devices: z.number().int(),
      drift_open: z.number().int(),
    }),
  ),
});
export type History = z.infer<typeof historySchema>;

export const rolloutSchema = z.object({
  fleet: z.string(),
  revision: z.string(),
  /** When the first device wanted it, ISO 8601. */
  first_seen: z.string(),
  /** null: the devices did not tell; times count from `first_seen`. */
  committed: z.string().nullable(),
  /** Devices that were led from another revision to this one. */
  devices: z.number().int(),
  /** Those that got there. */
  applied: z.number().int(),
  /** Seconds from the commit until half of those, 95 % and the last one had applied it. */
  p50_s: z.number().int().nullable(),
  p95_s: z.number().int().nullable(),
  last_s: z.number().int().nullable(),
});
export type Rollout = z.infer<typeof rolloutSchema>;
export const rolloutPageSchema = z.object({ items: z.array(rolloutSchema) });

export const rejectPageSchema = z.object({
  items: z.array(
    z.object({
      /** Empty: the topic named no device. */
      fleet: z.string(),
      device: z.string(),
      cause: z.string(),
      count: z.number().int(),
      first: z.string(),
      last: z.string(),
    }),
  ),
});

export const reconcileSchema = z.object({ sent: z.literal(true) });

export const errorSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/** Server-sent events of `GET /api/v1/stream`: `event:` is the key, `data:` the JSON of the value. */
export interface StreamEvents {
  device: DeviceItem;
  event: EventItem;
  /** At most once a second. */
  summary: Summary;
  /** One that fires, has changed or was resolved. */
  alert: AlertItem;
}
