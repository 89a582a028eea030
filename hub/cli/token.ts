// `holdfast token create|list|revoke`: through the API, or, with --db or --config, in the hub's store itself: the first token of a
// hub that may not listen without one has no other way in.
import { parseDuration } from '../../fleet/units.ts';
import type { Access, TokenRecord } from '../access/access.ts';
import { makeToken } from '../access/operators.ts';
import type { Role } from '../access/roles.ts';
import {
  type MadeToken,
  madeTokenSchema,
  newTokenSchema,
  revokedSchema,
  type TokenItem,
  tokenListSchema,
} from '../api/access.ts';
import type { Ask } from './ask.ts';
import { CliError, type ExitCode } from './io.ts';
import { print } from './output.ts';
import { table } from './table.ts';
import { ago } from './text.ts';

export interface Tokens {
  create(name: string, role: Role, seconds: number | undefined): Promise<MadeToken>;
  list(): Promise<readonly TokenItem[]>;
  revoke(name: string): Promise<void>;
}

/** Where the command runs on the hub's machine, the audit says so. */
const BY_STORE = 'local';

export function tokensOfApi(api: Ask['api']): Tokens {
  return {
    create: (name, role, seconds) =>
      api.post('/api/v1/tokens', madeTokenSchema, {
        name,
        role,
        ...(seconds === undefined ? {} : { expires_in: seconds }),
      }),
    list: async () => (await api.get('/api/v1/tokens', tokenListSchema)).items,
    revoke: async (name) => void (await api.post(`/api/v1/tokens/${encodeURIComponent(name)}/revoke`, revokedSchema)),
  };
}

export function tokensOfStore(access: Access, now: () => number): Tokens {
  const audited = async <T>(action: string, subject: string, work: () => Promise<T>): Promise<T> => {
    const entry = { at: now(), actor: BY_STORE, role: null, action, subject, outcome: 'begun', source: '' } as const;
    const id = await access.audit(entry);
    const done = await work();
    await access.concluded(id, 'done', subject);
    return done;
  };
  return {
    create: (name, role, seconds) =>
      audited('token.create', name, async () => {
        const lifetime = seconds === undefined ? null : seconds * 1000;
        const made = await makeToken(access, { name, role, by: BY_STORE, lifetime }, now());
        if (made === null) throw new CliError(`there is a token ${name}; revoke it first`, 1);
        return { ...item(made.record), token: made.token };
      }),
    list: async () => (await access.tokens()).map(item),
    revoke: (name) =>
      audited('token.revoke', name, async () => {
        if (!(await access.removeToken(name))) throw new CliError(`there is no token ${name}`, 1);
      }),
  };
}

type Asked = Pick<Ask, 'io' | 'format'> & { readonly tokens: Tokens };

export async function createToken(
  { io, format, tokens }: Asked,
  name: string,
  { role, expires }: { role: Role; expires?: string },
): Promise<ExitCode> {
  const given = newTokenSchema.shape.name.safeParse(name);
  if (!given.success) throw new CliError(`"${name}" cannot be the name of a token: ${given.error.issues[0]?.message}`);
  const ns = expires === undefined ? undefined : parseDuration(expires);
  if (ns === null) throw new CliError(`"${expires}" is not a duration; write one like 720h`);
  const made = await tokens.create(name, role, ns === undefined ? undefined : Math.round(ns / 1e9));
  print(io, format, made, () => `${made.token}\n`);
  if (format === 'table')
    io.err(`This is the only time that it is shown. Use it to sign in, or as HOLDFAST_HUB_TOKEN. Role: ${role}.\n`);
  return 0;
}

export async function listTokens({ io, format, tokens }: Asked): Promise<ExitCode> {
  const items = await tokens.list();
  print(io, format, items, () => {
    if (items.length === 0) return 'No tokens: the hub answers everybody on its own machine, and nobody else.\n';
    const rows = items.map(({ name, role, by, created, expires, used }) => [
      name,
      role,
      ago(created, io.now()),
      by,
      expires === null ? 'never' : expires.slice(0, 16).replace('T', ' '),
      used === null ? 'never' : ago(used, io.now()),
    ]);
    return table(['NAME', 'ROLE', 'MADE', 'BY', 'EXPIRES', 'USED'], rows, io.columns);
  });
  return 0;
}

export async function revokeToken({ io, format, tokens }: Asked, name: string): Promise<ExitCode> {
  await tokens.revoke(name);
  print(io, format, { revoked: true }, () => `The token ${name} no longer holds.\n`);
  return 0;
}

function item({ name, role, by, created, expires, used }: TokenRecord): TokenItem {
  const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  return { name, role, by, created: new Date(created).toISOString(), expires: iso(expires), used: iso(used) };
}
