// Access over HTTP, as schemas: who asks, tokens, enrolment, the audit. Times are ISO 8601 in UTC.
import { z } from 'zod';
import { OUTCOMES } from '../access/access.ts';
import { ROLES } from '../access/roles.ts';

/** The name of a token: it is what the audit shows. */
const tokenName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._@-]{0,62}$/, 'use lower-case letters, digits and . _ @ -, 63 at most');

const role = z.enum(ROLES);

export const sessionSchema = z.object({
  /** Of the token; `local` on a hub without tokens. */
  name: z.string(),
  role,
  /** false: nobody needs a token here. */
  guarded: z.boolean(),
});
export type SessionInfo = z.infer<typeof sessionSchema>;

export const signInSchema = z.strictObject({ token: z.string().min(1).max(256) });

export const tokenSchema = z.object({
  name: z.string(),
  role,
  created: z.string(),
  by: z.string(),
  expires: z.string().nullable(),
  used: z.string().nullable(),
});
export type TokenItem = z.infer<typeof tokenSchema>;

export const tokenListSchema = z.object({ items: z.array(tokenSchema) });

export const newTokenSchema = z.strictObject({
  name: tokenName,
  role,
  /** Seconds from now; absent: until it is revoked. */
  expires_in: z
    .number()
    .int()
    .min(60)
    .max(10 * 365 * 86_400)
    .optional(),
});

/** `token` is shown this once. */
export const madeTokenSchema = tokenSchema.extend({ token: z.string() });
export type MadeToken = z.infer<typeof madeTokenSchema>;

export const revokedSchema = z.object({ revoked: z.literal(true) });

/** `password` is shown this once. */
export const enrolledSchema = z.object({
  fleet: z.string(),
  device: z.string(),
  username: z.string(),
  password: z.string(),
  /** Where the device reaches the broker. */
  url: z.string(),
  /** PEM of the CA to trust for it; null: those that the system trusts. */
  ca: z.string().nullable(),
});
export type Enrolled = z.infer<typeof enrolledSchema>;

/** What an external broker has to know. The hashes are of 256 random bits. */
export const credentialListSchema = z.object({
  items: z.array(
    z.object({ fleet: z.string(), device: z.string(), salt: z.string(), hash: z.string(), revoked: z.boolean() }),
  ),
});
export type CredentialList = z.infer<typeof credentialListSchema>;

export const auditItemSchema = z.object({
  id: z.number().int(),
  at: z.string(),
  /** Name of the token; `local` without one, `-` when nobody was known. */
  actor: z.string(),
  role: role.nullable(),
  /** As `device.reconcile`, `token.create`. */
  action: z.string(),
  subject: z.string(),
  /** `begun` that stays so: the hub ended in the middle of it. */
  outcome: z.enum(OUTCOMES),
  source: z.string(),
});
export type AuditItem = z.infer<typeof auditItemSchema>;

export const auditPageSchema = z.object({ items: z.array(auditItemSchema), next: z.string().nullable() });
