// The endpoints of access as OpenAPI describes them; what they do is in `access.ts`.
import { createRoute, z } from '@hono/zod-openapi';
import { id as deviceId } from '../../fleet/config/words.ts';
import {
  auditPageSchema,
  credentialListSchema,
  enrolledSchema,
  madeTokenSchema,
  newTokenSchema,
  revokedSchema,
  sessionSchema,
  signInSchema,
  tokenListSchema,
} from '../api/access.ts';
import { SESSION_PATH } from './authenticate.ts';
import { failureResponse } from './failure.ts';

const text = z.string().max(256);
const fleetQuery = z.object({ fleet: deviceId.optional() });
const refused = { 401: failureResponse('A token is needed'), 403: failureResponse('The role does not allow it') };

export const specs = {
  whoami: createRoute({
    method: 'get',
    path: SESSION_PATH,
    summary: 'Who asks, and what that one may do',
    responses: { 200: json(sessionSchema, 'Who asks'), 401: failureResponse('A token is needed') },
  }),
  signIn: createRoute({
    method: 'post',
    path: SESSION_PATH,
    summary: 'Sign a browser in: a cookie for a token',
    request: body(signInSchema),
    responses: {
      200: json(sessionSchema, 'Signed in'),
      401: failureResponse('The token does not hold'),
      429: failureResponse('Too many attempts from this address'),
    },
  }),
  signOut: createRoute({
    method: 'delete',
    path: SESSION_PATH,
    summary: 'Sign this browser out',
    responses: { 200: json(z.object({ ended: z.literal(true) }), 'Signed out') },
  }),
  tokens: createRoute({
    method: 'get',
    path: '/api/v1/tokens',
    summary: 'Tokens, without their secrets',
    responses: { 200: json(tokenListSchema, 'Tokens'), ...refused },
  }),
  makeToken: createRoute({
    method: 'post',
    path: '/api/v1/tokens',
    summary: 'Make a token; it is shown this once',
    request: body(newTokenSchema),
    responses: {
      200: json(madeTokenSchema, 'The token'),
      409: failureResponse('There is one of this name'),
      ...refused,
    },
  }),
  revokeToken: createRoute({
    method: 'post',
    path: '/api/v1/tokens/{name}/revoke',
    summary: 'Revoke a token, and end its sessions',
    request: { params: z.object({ name: text }) },
    responses: { 200: json(revokedSchema, 'Revoked'), 404: failureResponse('No such token'), ...refused },
  }),
  enroll: createRoute({
    method: 'post',
    path: '/api/v1/devices/{id}/enroll',
    summary: 'Make credentials for a device; they are shown this once, and older ones end',
    request: { params: z.object({ id: deviceId }), query: fleetQuery },
    responses: { 200: json(enrolledSchema, 'The credentials'), 400: failureResponse('Not a device id'), ...refused },
  }),
  revoke: createRoute({
    method: 'post',
    path: '/api/v1/devices/{id}/revoke',
    summary: 'Revoke the credentials of a device, and cut its connection',
    request: { params: z.object({ id: deviceId }), query: fleetQuery },
    responses: { 200: json(revokedSchema, 'Revoked'), ...refused },
  }),
  credentials: createRoute({
    method: 'get',
    path: '/api/v1/credentials',
    summary: 'Credentials of all devices as hashes, for an external broker',
    responses: { 200: json(credentialListSchema, 'Credentials'), ...refused },
  }),
  audit: createRoute({
    method: 'get',
    path: '/api/v1/audit',
    summary: 'Who did what, newest first',
    request: {
      query: z.object({
        actor: text.optional(),
        action: text.optional(),
        subject: text.optional(),
        since: z.iso.datetime({ offset: true }).optional(),
        cursor: z.coerce.number().int().positive().optional(),
        limit: z.coerce.number().int().min(1).max(500).default(100),
      }),
    },
    responses: { 200: json(auditPageSchema, 'A page'), ...refused },
  }),
};

function json<S extends z.ZodType>(schema: S, description: string) {
  return { description, content: { 'application/json': { schema } } };
}

function body<S extends z.ZodType>(schema: S) {
  return { body: { required: true, content: { 'application/json': { schema } } } };
}
