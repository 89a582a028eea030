// Every request that changes something is in the audit before it does: who, what, to what, and how it ended. Where that
// cannot be written nothing is done.
import type { MiddlewareHandler } from 'hono';
import type { Access } from '../access/access.ts';
import { actionOf } from '../access/action.ts';
import { sourceOf } from './authenticate.ts';
import type { Env } from './deps.ts';

/** Runs behind the authenticator: those whom nobody knows are not recorded here, or they could fill the disk. */
export function audited(access: Pick<Access, 'audit' | 'concluded'>, now: () => number): MiddlewareHandler<Env> {
  return async (context, next) => {
    const { method, path } = context.req;
    const who = context.get('principal');
    if (method === 'GET' || method === 'HEAD' || who === undefined) return await next();
    const { action, subject } = actionOf(method, path);
    const source = sourceOf(context);
    const id = await access.audit({
      at: now(),
      actor: who.name,
      role: who.role,
      action,
      subject,
      outcome: 'begun',
      source,
    });
    await next();
    const { status } = context.res;
    const outcome = status < 400 ? 'done' : status === 401 || status === 403 ? 'refused' : 'failed';
    await access.concluded(id, outcome, context.get('subject') ?? subject);
    return undefined;
  };
}
