// The receivers of hub.yaml as schemas. What is secret (`url` of chats, `secret`, `token`, `password`) comes from a file
// (`…_file`), or from a `HOLDFAST_HUB_ALERTS__…` variable; it is checked when it is read (`secrets.ts`), so that no message about
// the configuration ever quotes it.
import { z } from 'zod';
import { path } from '../../fleet/config/words.ts';

const text = z.string().min(1).max(4096);

/** A secret, one way or the other; that it is one of them is checked when it is read. */
const url = { url: text.optional(), url_file: path.optional() };
const password = { password: text.optional(), password_file: path.optional() };
const token = { token: text.optional(), token_file: path.optional() };
const address = z
  .string()
  .max(320)
  .regex(/^[^\s<>@,;]+@[^\s<>@,;]+$/, 'write an address like ops@example.com');

const webhook = z.strictObject({ ...url, secret: text.optional(), secret_file: path.optional() });

const chat = z.strictObject(url);

const ntfy = z.strictObject({ ...url, ...token });

const email = z.strictObject({
  host: z.string().min(1).max(253),
  port: z.number().int().min(1).max(65_535).optional(),
  /** `starttls`: begins in the clear and refuses to go on without; `implicit`: TLS from the start; `none`: in the clear. */
  tls: z.enum(['starttls', 'implicit', 'none']).default('starttls'),
  ca_file: path.optional(),
  username: z.string().min(1).max(320).optional(),
  ...password,
  from: address,
  to: z.array(address).min(1).max(50),
});

const alertmanager = z.strictObject({ ...url, username: z.string().min(1).max(320).optional(), ...password, ...token });

export const RECEIVER_KINDS = ['webhook', 'slack', 'discord', 'ntfy', 'email', 'alertmanager'] as const;
export type ReceiverKind = (typeof RECEIVER_KINDS)[number];

/** One name may stand for several ways. */
export const receiverSchema = z
  .strictObject({
    webhook: webhook.optional(),
    slack: chat.optional(),
    discord: chat.optional(),
    ntfy: ntfy.optional(),
    email: email.optional(),
    alertmanager: alertmanager.optional(),
  } satisfies Record<ReceiverKind, z.ZodType>)
  .refine((given) => Object.values(given).some((one) => one !== undefined), {
    error: `name one of ${RECEIVER_KINDS.join(', ')}`,
  });

export type ReceiverConfig = z.infer<typeof receiverSchema>;
export type ConfigOf<K extends ReceiverKind> = NonNullable<ReceiverConfig[K]>;
