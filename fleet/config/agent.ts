// The agent's configuration file as a schema: one source for types, validation and the JSON Schema of editors.
import { z } from 'zod';
import { policySchema } from './policy.ts';
import { durationFrom, id, listenAddress, path, repositoryPath, size } from './words.ts';

/** Both keys, or neither. */
function together<K extends string>(one: K, other: K): (given: { readonly [key in K]?: unknown }) => boolean {
  return (given) => (given[one] === undefined) === (given[other] === undefined);
}

/** Stands for `/dev/shm/holdfast` on a host whose `/run` is on a disk. */
export const USUAL_RUNTIME_DIR = '/run/holdfast';

export const agentConfigSchema = z.strictObject({
  device: id,
  fleet: id.default('default'),
  state_dir: path.default('/var/lib/holdfast'),
  /** In memory: secrets are written below it, and gone after a reboot until the agent writes them again. */
  runtime_dir: path.default(USUAL_RUNTIME_DIR),
  source: z
    .strictObject({
      url: z.string().min(1),
      ref: z.string().min(1).default('main'),
      path: repositoryPath.optional(),
      interval: durationFrom('1s', '24h').prefault('60s'),
      timeout: durationFrom('1s', '1h').prefault('60s'),
      auth: z
        .strictObject({
          username: z.string().optional(),
          password_file: path.optional(),
          token_file: path.optional(),
          ssh_key_file: path.optional(),
          known_hosts_file: path.optional(),
        })
        .refine(together('ssh_key_file', 'known_hosts_file'), {
          error: 'ssh_key_file and known_hosts_file belong together: without known host keys anybody could answer',
        })
        .optional(),
      ca_file: path.optional(),
      /** A client certificate for https, PEM. */
      cert_file: path.optional(),
      key_file: path.optional(),
      /** Plain http beyond loopback sends the fleet's secrets in the clear; it has to be asked for. */
      allow_http: z.boolean().default(false),
    })
    .refine(together('cert_file', 'key_file'), { error: 'cert_file and key_file belong together' }),
  /** Absent: unsigned commits are accepted, and reported so. */
  verify: z
    .strictObject({
      /** OpenSSH's format; SSH signatures. */
      allowed_signers: path.optional(),
      /** Public keys, armored or binary; OpenPGP signatures. */
      openpgp_keyring: path.optional(),
      /** `tip`: the commit (or annotated tag) that the ref names. `every`: also each commit since the last applied one. */
      mode: z.enum(['tip', 'every']).default('tip'),
    })
    .refine((given) => given.allowed_signers !== undefined || given.openpgp_keyring !== undefined, {
      error:
        'name allowed_signers, openpgp_keyring or both; leave verify out only where unsigned commits are acceptable',
    })
    .optional(),
  /** age identities (X25519) that open the SOPS files of this device. */
  secrets: z
    .strictObject({
      identity_file: path.optional(),
      /** Further ones, such as an older one until every file is encrypted anew. */
      identity_files: z.array(path).max(16).default([]),
    })
    .prefault({}),
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
    .refine(together('cert_file', 'key_file'), { error: 'cert_file and key_file belong together' })
    .optional(),
  /** Prometheus metrics and probes, read only; absent: nothing listens. */
  metrics: z.strictObject({ listen: listenAddress }).optional(),
  /** What a commit may do to this host; the repository cannot change it. */
  policy: policySchema.prefault({}),
  limits: z
    .strictObject({
      source_bytes: size.prefault('64MiB'),
      steps: z.number().int().positive().default(1000),
      deletes: z.number().int().nonnegative().default(20),
      /** Images that are pulled at once. */
      pulls: z.number().int().min(1).max(16).default(3),
      /** Room that pulls leave free on a disk; absent: a share of the disk. */
      disk_reserve: size.optional(),
      /** How long an image that was pulled stays after nothing uses it any more. */
      images_unused_for: durationFrom('1h', '8760h').prefault('168h'),
    })
    .prefault({}),
  log: z
    .strictObject({ level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info') })
    .prefault({}),
});

/** Durations are milliseconds, sizes bytes. */
export type AgentConfig = z.infer<typeof agentConfigSchema>;
