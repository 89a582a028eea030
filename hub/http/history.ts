// GET /api/v1/drift and /api/v1/events: what differs now, and what happened.
import { createRoute, z } from '@hono/zod-openapi';
import { SEVERITY } from '../../fleet/wire/messages.ts';
import { DRIFT_GROUPS, driftPageSchema, eventPageSchema } from '../api/schemas.ts';
import { createRoutes, type HttpDeps } from './deps.ts';
import { failureResponse } from './failure.ts';

const text = z.string().max(256);

const driftRoute = createRoute({
  method: 'get',
  path: '/api/v1/drift',
  summary: 'Open drift of all devices, oldest first, or in groups',
  request: {
    query: z.object({
      by: z.enum(DRIFT_GROUPS).optional(),
      limit: z.coerce.number().int().min(1).max(500).default(500),
    }),
  },
  responses: {
    200: { description: 'Drift', content: { 'application/json': { schema: driftPageSchema } } },
    400: failureResponse('A parameter is not valid'),
  },
});

const eventsRoute = createRoute({
  method: 'get',
  path: '/api/v1/events',
  summary: 'The audit trail, newest first',
  request: {
    query: z.object({
      device: text.optional(),
      fleet: text.optional(),
      severity: z.enum(SEVERITY).optional(),
      since: z.iso.datetime({ offset: true }).optional().openapi({ description: 'Received at this hub since then' }),
      cursor: z.coerce.number().int().positive().optional(),
      limit: z.coerce.number().int().min(1).max(500).default(100),
    }),
  },
  responses: {
    200: { description: 'A page', content: { 'application/json': { schema: eventPageSchema } } },
    400: failureResponse('A parameter is not valid'),
  },
});

export function historyRoutes(deps: HttpDeps) {
  return createRoutes()
    .openapi(driftRoute, async (context) => {
      const { by, limit } = context.req.valid('query');
      return context.json(await deps.store.drift(by, limit), 200);
    })
    .openapi(eventsRoute, async (context) => {
      const { since, cursor, limit, ...filter } = context.req.valid('query');
      const from = since === undefined ? undefined : Date.parse(since);
      // One more than asked for tells whether there is a next page.
      const found = await deps.store.events({ ...filter, since: from, before: cursor, limit: limit + 1 });
      const items = found.slice(0, limit);
      const last = items.at(-1);
      const next = found.length > limit && last !== undefined ? String(last.id) : null;
      return context.json({ items, next }, 200);
    });
}
