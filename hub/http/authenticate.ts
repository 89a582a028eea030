// Who asks, over HTTP. A token comes as `Authorization: Bearer`, or as the cookie of a session that a browser got for one.
// What those who are known may do is in `roles.ts`.
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie } from 'hono/cookie';
import type { Access } from '../access/access.ts';
import { principalOfSession, principalOfToken } from '../access/operators.ts';
import { LOCAL, type Principal } from '../access/roles.ts';
import { createBuckets } from '../bucket.ts';
import type { Env } from './deps.ts';
import { failure } from './failure.ts';
import { isLoopbackName } from './guard.ts';

export const SESSION_COOKIE = 'holdfast_session';
export const SESSION_PATH = '/api/v1/session';

/** Requests with one token; a person with a dashboard or a scraper comes nowhere near. */
const TOKEN_RATE = { perSecond: 200, burst: 2000 };
/** Requests without a token that holds, from one address: a dashboard that nobody has signed in to yet makes some. */
const STRANGER_RATE = { perSecond: 20, burst: 500 };
/** Attempts to sign in that failed, from one address: beyond it they are not recorded, or they would fill the audit. */
const ATTEMPT_RATE = { perSecond: 1, burst: 30 };
const BUCKETS = 10_000;

export interface AuthInput {
  readonly access: Pick<Access, 'guarded' | 'findToken' | 'findSession'>;
  /** The hub listens beyond loopback: never without a token, whatever became of those that there were. */
  readonly exposed: boolean;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What a request shows of who sends it. */
export interface Shown {
  readonly bearer: string | undefined;
  readonly session: string | undefined;
  readonly host: string | undefined;
}

export interface Authenticator {
  /** null: a token is needed, and there is none or one that does not hold. */
  readonly principal: (shown: Shown) => Promise<Principal | null>;
  /** Sets `principal`, or answers 401 or 429. Lets through whoever wants to sign in. */
  readonly middleware: MiddlewareHandler<Env>;
  readonly guarded: () => Promise<boolean>;
  /** false: this address has tried to sign in too often. */
  readonly mayTry: (context: Context<Env>) => boolean;
}

export function createAuthenticator({ access, exposed, now }: AuthInput): Authenticator {
  const byToken = createBuckets(TOKEN_RATE, BUCKETS);
  const strangers = createBuckets(STRANGER_RATE, BUCKETS);
  const guarded = async () => exposed || (await access.guarded());
  const attempts = createBuckets(ATTEMPT_RATE, BUCKETS);

  async function principal({ bearer, session, host }: Shown): Promise<Principal | null> {
    if (bearer !== undefined) {
      const known = await principalOfToken(access, bearer, now());
      if (known !== null) return known;
    } else if (session !== undefined) {
      const known = await principalOfSession(access, session, now());
      if (known !== null) return known;
    }
    // Behind a proxy the hub is no longer a matter of this machine alone.
    return isLoopbackName(host) && !(await guarded()) ? LOCAL : null;
  }
  return {
    principal,
    mayTry: (context) => attempts.take(sourceOf(context), now()) === 0,
    guarded,
    async middleware(context, next) {
      if (context.req.method === 'POST' && context.req.path === SESSION_PATH) return await next();
      const who = await principal(shownBy(context));
      if (who === null) return strangers.take(sourceOf(context), now()) > 0 ? tooMany(context) : unknown(context);
      if (who.token !== null && byToken.take(who.token, now()) > 0) return tooMany(context);
      context.set('principal', who);
      return await next();
    },
  };
}

export function shownBy(context: Context<Env>): Shown {
  const { req } = context;
  const bearer = /^Bearer +(\S{1,256})$/i.exec(req.header('authorization') ?? '')?.[1];
  return { bearer, session: getCookie(context, SESSION_COOKIE), host: req.header('host') };
}

/** The address of the other end; of the proxy, where there is one. */
export function sourceOf(context: Context<Env>): string {
  return context.env.incoming.socket.remoteAddress ?? '';
}

export function tooMany(context: Context<Env>) {
  context.header('retry-after', '1');
  return context.json(failure('TooManyRequests', 'too many requests; wait a second'), 429);
}

function unknown(context: Context<Env>) {
  context.header('www-authenticate', 'Bearer realm="holdfast"');
  const message =
    'this hub needs a token: sign in, or give one with HOLDFAST_HUB_TOKEN or --token-file (an admin makes one with "holdfast token create NAME")';
  return context.json(failure('Unauthorized', message), 401);
}
