// The hub's configuration: its schema, read from a file and `HOLDFAST_HUB_…` variables. Reads no file itself.
// Safe defaults: everything listens on loopback until someone says otherwise.
import { z } from 'zod';
import { type ConfigInput, readConfig } from '../fleet/config/read.ts';
import { duration, id, path } from '../fleet/config/words.ts';
import { alertsSchema } from './alerts/config.ts';

const port = z.number().int().min(0).max(65535);
const brokerUrl = z.string().regex(/^(mqtt|mqtts|ws|wss):\/\//, 'write it as mqtt://host:1883 or mqtts://host:8883');

export const hubConfigSchema = z.strictObject({
  /** Names this hub on its state topic and towards an external broker. */
  id: id.default('hub'),
  /** Only this fleet; absent: every fleet that reports. */
  fleet: id.optional(),
  http: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1'),
      port: port.default(8080),
      /** Further `Host` names that are served while listening on loopback, as behind a reverse proxy. */
      allowed_hosts: z.array(z.string().min(1)).max(32).default([]),
      /** Folder of the built dashboard; absent: the one that came with this program. */
      web_dir: path.optional(),
      /** PEM; read again when they change. Absent: http in the clear. */
      tls: z.strictObject({ cert_file: path, key_file: path }).optional(),
    })
    .prefault({}),
  /** The embedded broker; not started when `broker.url` is set. */
  mqtt: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1'),
      port: port.default(1883),
      /** PEM; read again when they change. Absent: mqtt in the clear. */
      tls: z
        .strictObject({
          cert_file: path,
          key_file: path,
          /** Devices may prove themselves with a certificate of this CA: CN is the device, O (if there is one) the fleet. */
          client_ca_file: path.optional(),
        })
        .optional(),
      /** Devices that were not enrolled may connect; absent: only while the broker listens on loopback. */
      anonymous: z.boolean().optional(),
    })
    .prefault({}),
  /** What `holdfast enroll` writes into a device's configuration, for the embedded broker as for an external one. */
  enroll: z
    .strictObject({
      /** Where devices reach the broker; absent: where this hub does. */
      url: brokerUrl.optional(),
      /** The CA that devices trust for it; absent: those that their system trusts. */
      ca_file: path.optional(),
    })
    .prefault({}),
  broker: z
    .strictObject({
      url: brokerUrl,
      username: z.string().optional(),
      password_file: path.optional(),
      ca_file: path.optional(),
      cert_file: path.optional(),
      key_file: path.optional(),
    })
    .optional(),
  store: z
    .strictObject({
      /** The SQLite file, unless `url` says otherwise. */
      path: path.default('./holdfast.db'),
      /** `postgres://user@host/database`: what several hubs share. `sqlite:PATH` is the same as `path`. */
      url: z
        .string()
        .regex(/^(postgres(ql)?:\/\/|sqlite:.)/, 'write it as postgres://user@host/database or sqlite:PATH')
        .optional(),
      /** PostgreSQL: the password, so that the URL need not hold it. */
      password_file: path.optional(),
    })
    .prefault({}),
  /** A device that said nothing for this long is `stale`. */
  stale_after: duration.prefault('5m'),
  retention: z
    .strictObject({
      /** The newest events that are kept. */
      events: z.number().int().positive().max(10_000_000).default(100_000),
      /** The newest intervals of drift that are over and kept. */
      drift: z.number().int().positive().max(10_000_000).default(500_000),
      /** The newest revisions of a fleet whose rollout is kept. */
      revisions: z.number().int().positive().max(10_000).default(100),
      /** Events, closed drift and history older than this are dropped. */
      age: duration.prefault('720h'),
      /** The audit of who did what is kept for so long. */
      audit: duration.prefault('8760h'),
    })
    .prefault({}),
  /** What people are told of, and how. */
  alerts: alertsSchema.prefault({}),
  limits: z.strictObject({ devices: z.number().int().positive().max(1_000_000).default(200_000) }).prefault({}),
  log: z
    .strictObject({ level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info') })
    .prefault({}),
});

/** Durations are milliseconds. */
export type HubConfig = z.infer<typeof hubConfigSchema>;

/** Throws `ConfigInvalid` with every fault, its place and what to write instead. */
export function readHubConfig(input: Omit<ConfigInput, 'prefix' | 'except'>): HubConfig {
  // HOLDFAST_HUB_TOKEN and …_FILE are those of the command line, which asks a hub.
  return readConfig(hubConfigSchema, {
    ...input,
    prefix: 'HOLDFAST_HUB_',
    except: 'HOLDFAST_HUB_TOKEN',
    unquoted: ['alerts.receivers'],
  });
}
