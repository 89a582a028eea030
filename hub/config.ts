// The hub's configuration: its schema, read from a file and `HOLDFAST_HUB_…` variables. Reads no file itself.
// Safe defaults: everything listens on loopback until someone says otherwise.
import { z } from 'zod';
import { type ConfigInput, readConfig } from '../fleet/config/read.ts';
import { duration, id, path } from '../fleet/config/words.ts';

const port = z.number().int().min(0).max(65535);

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
    })
    .prefault({}),
  /** The embedded broker; not started when `broker.url` is set. */
  mqtt: z.strictObject({ host: z.string().min(1).default('127.0.0.1'), port: port.default(1883) }).prefault({}),
  broker: z
    .strictObject({
      url: z.string().regex(/^(mqtt|mqtts|ws|wss):\/\//, 'write it as mqtt://host:1883 or mqtts://host:8883'),
      username: z.string().optional(),
      password_file: path.optional(),
      ca_file: path.optional(),
      cert_file: path.optional(),
      key_file: path.optional(),
    })
    .optional(),
  store: z.strictObject({ path: path.default('./holdfast.db') }).prefault({}),
  /** A device that said nothing for this long is `stale`. */
  stale_after: duration.prefault('5m'),
  retention: z
    .strictObject({
      /** The newest events that are kept. */
      events: z.number().int().positive().max(10_000_000).default(100_000),
      /** Events and closed drift older than this are dropped. */
      age: duration.prefault('720h'),
    })
    .prefault({}),
  limits: z.strictObject({ devices: z.number().int().positive().max(1_000_000).default(20_000) }).prefault({}),
  log: z
    .strictObject({ level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info') })
    .prefault({}),
});

/** Durations are milliseconds. */
export type HubConfig = z.infer<typeof hubConfigSchema>;

/** Throws `ConfigInvalid` with every fault, its place and what to write instead. */
export function readHubConfig(input: Omit<ConfigInput, 'prefix'>): HubConfig {
  return readConfig(hubConfigSchema, { ...input, prefix: 'HOLDFAST_HUB_' });
}
