// Sessions of browsers, tokens, enrolment and the audit: `/api/v1/session`, `tokens`, `credentials`, `audit`,
// `devices/{id}/enroll` and `revoke`. A secret is in an answer once, when it is made, and nowhere else.
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { Access, AuditRecord, TokenRecord } from '../access/access.ts';
import { HUB_USER } from '../access/brokers/contract.ts';
import { hashPassword, hashSecret, newSecret } from '../access/credentials.ts';
import { makeToken, openSession, principalOfToken, SESSION_MS } from '../access/operators.ts';
import type { AuditItem, TokenItem } from '../api/access.ts';
import { specs } from './access-specs.ts';
import { type Authenticator, SESSION_COOKIE, sourceOf, tooMany } from './authenticate.ts';
import { createRoutes, type Env } from './deps.ts';
import { failure } from './failure.ts';

export interface AccessDeps {
  readonly access: Access;
  readonly auth: Authenticator;
  /** Fleet of a device when nobody says. */
  readonly fleet: string;
  /** Where devices reach the broker, and the PEM of the CA to trust for it. */
  readonly broker: () => { readonly url: string; readonly ca: string | null };
  /** Ends the connections of a device, where the broker is the hub's own. */
  readonly cut: (fleet: string, device: string) => void;
  /** Ends the streams of those who may no longer see. */
  readonly dismiss: () => Promise<void>;
  /** Answers go out over TLS. */
  readonly secure: boolean;
  readonly now: () => number;
}

export function accessRoutes(deps: AccessDeps) {
  const { access, now } = deps;
  return createRoutes()
    .openapi(specs.whoami, async (context) => {
      const { name, role } = context.get('principal');
      return context.json({ name, role, guarded: await deps.auth.guarded() }, 200);
    })
    .openapi(specs.signIn, (context) => signIn(deps, context, context.req.valid('json').token))
    .openapi(specs.signOut, async (context) => {
      const secret = getCookie(context, SESSION_COOKIE);
      if (secret !== undefined) await access.removeSession(hashSecret(secret));
      deleteCookie(context, SESSION_COOKIE, { path: '/' });
      await deps.dismiss();
      return context.json({ ended: true as const }, 200);
    })
    .openapi(specs.tokens, async (context) => context.json({ items: (await access.tokens()).map(tokenItem) }, 200))
    .openapi(specs.makeToken, async (context) => {
      const { name, role, expires_in: seconds } = context.req.valid('json');
      context.set('subject', name);
      const lifetime = seconds === undefined ? null : seconds * 1000;
      const made = await makeToken(access, { name, role, by: context.get('principal').name, lifetime }, now());
      if (made === null)
        return context.json(failure('AlreadyExists', `there is a token ${name}; revoke it first`), 409);
      return context.json({ ...tokenItem(made.record), token: made.token }, 200);
    })
    .openapi(specs.revokeToken, async (context) => {
      const { name } = context.req.valid('param');
      if (!(await access.removeToken(name))) return context.json(failure('NotFound', `there is no token ${name}`), 404);
      await deps.dismiss();
      return context.json({ revoked: true as const }, 200);
    })
    .openapi(specs.enroll, async (context) => {
      const { id: device } = context.req.valid('param');
      const fleet = context.req.valid('query').fleet ?? deps.fleet;
      context.set('subject', `${fleet}/${device}`);
      if (device === HUB_USER)
        return context.json(failure('BadRequest', `${HUB_USER} is the name of the hubs themselves`), 400);
      const password = newSecret();
      await access.enroll(fleet, device, hashPassword(password), now());
      // Who held the older credentials, or none, has to come again.
      deps.cut(fleet, device);
      return context.json({ fleet, device, username: device, password, ...deps.broker() }, 200);
    })
    .openapi(specs.revoke, async (context) => {
      const { id: device } = context.req.valid('param');
      const fleet = context.req.valid('query').fleet ?? deps.fleet;
      context.set('subject', `${fleet}/${device}`);
      await access.revoke(fleet, device, now());
      deps.cut(fleet, device);
      return context.json({ revoked: true as const }, 200);
    })
    .openapi(specs.credentials, async (context) => {
      const items = (await access.devices()).map(({ changed: _, ...item }) => item);
      return context.json({ items }, 200);
    })
    .openapi(specs.audit, async (context) => {
      const { since, cursor, limit, ...filter } = context.req.valid('query');
      const from = since === undefined ? undefined : Date.parse(since);
      // One more than asked for tells whether there is a next page.
      const found = await access.trail({ ...filter, since: from, before: cursor, limit: limit + 1 });
      const items = found.slice(0, limit).map(auditItem);
      const last = items.at(-1);
      const next = found.length > limit && last !== undefined ? String(last.id) : null;
      return context.json({ items, next }, 200);
    });
}

async function signIn({ access, auth, secure, now }: AccessDeps, context: Context<Env>, token: string) {
  const who = await principalOfToken(access, token.trim(), now());
  const source = sourceOf(context);
  if (who === null) {
    if (!auth.mayTry(context)) return tooMany(context);
    await access.audit({
      at: now(),
      actor: '-',
      role: null,
      action: 'session.create',
      subject: '',
      outcome: 'refused',
      source,
    });
    return context.json(failure('Unauthorized', 'this token does not hold: mistyped, expired or revoked'), 401);
  }
  const { name, role } = who;
  await access.audit({ at: now(), actor: name, role, action: 'session.create', subject: '', outcome: 'done', source });
  const secret = await openSession(access, name, now());
  setCookie(context, SESSION_COOKIE, secret, {
    httpOnly: true,
    sameSite: 'Strict',
    path: '/',
    maxAge: SESSION_MS / 1000,
    secure: secure || context.req.header('x-forwarded-proto') === 'https',
  });
  return context.json({ name, role, guarded: await auth.guarded() }, 200);
}

function tokenItem({ name, role, by, created, expires, used }: TokenRecord): TokenItem {
  return { name, role, by, created: iso(created), expires: isoOrNull(expires), used: isoOrNull(used) };
}

function auditItem(record: AuditRecord): AuditItem {
  return { ...record, at: iso(record.at) };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : iso(ms);
}
