// What each role may do over HTTP. Fails closed: an endpoint that nobody thought of here still needs a role, to read from it
// that of a viewer, for anything else that of an operator.
import type { MiddlewareHandler } from 'hono';
import { mayAct, type Role } from '../access/roles.ts';
import { SESSION_PATH } from './authenticate.ts';
import type { Env } from './deps.ts';
import { failure } from './failure.ts';

/** Access itself, and who used it, is the admin's. */
export const ADMIN_PATHS = [
  '/api/v1/tokens/*',
  '/api/v1/credentials/*',
  '/api/v1/audit/*',
  '/api/v1/devices/:id/enroll',
  '/api/v1/devices/:id/revoke',
] as const;

export const everyday: MiddlewareHandler<Env> = async (context, next) => {
  const { method, path } = context.req;
  // To sign in needs no role, and whoever is in may leave.
  if (path === SESSION_PATH) return await next();
  const reads = method === 'GET' || method === 'HEAD';
  return await needs(reads ? 'viewer' : 'operator')(context, next);
};

export function needs(role: Role): MiddlewareHandler<Env> {
  return async (context, next) => {
    const who = context.get('principal');
    if (mayAct(who.role, role)) return await next();
    const message = `this needs the role ${role}, and ${who.name} is ${who.role}`;
    return context.json(failure('Forbidden', message), 403);
  };
}
