// The agent's configuration file as a schema: one source for types, validation and the JSON Schema of editors.
import { z } from 'zod';
import { durationFrom, id, path, size } from './words.ts';

const NOT_YET = 'this version allows no commit to ask for it';
/** What no service can have yet: only the denial can be written. */
const unsupported = z.literal(false, NOT_YET).default(false);

export const agentConfigSchema = z.strictObject({
  device: id,
  fleet: id.default('default'),
  state_dir: path.default('/var/lib/holdfast'),
  source: z.strictObject({
    url: z.string().min(1),
    ref: z.string().min(1).default('main'),
    path: z.string().min(1).optional(),
    interval: durationFrom('1s', '24h').prefault('60s'),
    timeout: durationFrom('1s', '1h').prefault('60s'),
    auth: z
      .strictObject({ username: z.string().optional(), password_file: path.optional(), token_file: path.optional() })
      .optional(),
    ca_file: path.optional(),
    /** Plain http beyond loopback sends the fleet's secrets in the clear; it has to be asked for. */
    allow_http: z.boolean().default(false),
  }),
  verify: z
    .undefined('this version does not verify signatures; leave it out only where unsigned commits are acceptable')
    .optional(),
  docker: z.strictObject({ socket: path.default('/var/run/docker.sock') }).prefault({}),
  mqtt: z
    .strictObject({
      url: z.string().min(1),
      username: z.string().optional(),
      password_file: path.optional(),
      ca_file: path.optional(),
      cert_file: path.optional(),
      key_file: path.optional(),
    })
    .optional(),
  policy: z
    .strictObject({
      privileged: unsupported,
      host_network: unsupported,
      devices: z.array(path).max(0, NOT_YET).default([]),
      docker_socket: z.boolean().default(false),
      /** Absolute host paths, each with everything below it. */
      binds: z.array(path).default([]),
    })
    .prefault({}),
  limits: z
    .strictObject({
      source_bytes: size.prefault('64MiB'),
      steps: z.number().int().positive().default(1000),
      deletes: z.number().int().nonnegative().default(20),
    })
    .prefault({}),
  log: z
    .strictObject({ level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info') })
    .prefault({}),
});

/** Durations are milliseconds, sizes bytes. */
export type AgentConfig = z.infer<typeof agentConfigSchema>;
