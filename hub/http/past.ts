// GET /api/v1/causes, /api/v1/history, /api/v1/rollouts and /api/v1/rejects: what is behind what is wrong, and how it went.
import { createRoute, z } from '@hono/zod-openapi';
import { causePageSchema, historySchema, rejectPageSchema, rolloutPageSchema } from '../api/schemas.ts';
import { createRoutes, type HttpDeps } from './deps.ts';
import { failureResponse } from './failure.ts';

const DAY_MS = 24 * 60 * 60_000;

const text = z.string().max(256);
const limit = z.coerce.number().int().min(1).max(500).default(100);
const time = z.iso.datetime({ offset: true });
const notValid = failureResponse('A parameter is not valid');

const causesRoute = createRoute({
  method: 'get',
  path: '/api/v1/causes',
  summary: 'What is wrong, one line for each cause: the same reason or drifted field at the same revision',
  request: { query: z.object({ limit }) },
  responses: { 200: json(causePageSchema, 'Most affected first'), 400: notValid },
});

const historyRoute = createRoute({
  method: 'get',
  path: '/api/v1/history',
  summary: 'The fleet over time, and how long drift was open',
  request: {
    query: z.object({
      fleet: text.optional(),
      since: time.optional().openapi({ description: 'Absent: a day ago' }),
      until: time.optional().openapi({ description: 'Absent: now' }),
      points: z.coerce.number().int().min(1).max(1_500).default(288),
    }),
  },
  responses: { 200: json(historySchema, 'Oldest first'), 400: notValid },
});

const rolloutsRoute = createRoute({
  method: 'get',
  path: '/api/v1/rollouts',
  summary: 'How long each revision took to be applied',
  request: { query: z.object({ fleet: text.optional(), limit: limit.default(20) }) },
  responses: { 200: json(rolloutPageSchema, 'Newest first'), 400: notValid },
});

const rejectsRoute = createRoute({
  method: 'get',
  path: '/api/v1/rejects',
  summary: 'Messages that were not taken, by sender and cause',
  request: { query: z.object({ limit }) },
  responses: { 200: json(rejectPageSchema, 'The last ones first'), 400: notValid },
});

export function pastRoutes({ store, now }: HttpDeps) {
  return createRoutes()
    .openapi(causesRoute, async (context) => {
      const items = [...(await store.causes(now(), context.req.valid('query').limit))];
      return context.json({ items }, 200);
    })
    .openapi(historyRoute, async (context) => {
      const { fleet, since, until, points } = context.req.valid('query');
      const to = until === undefined ? now() : Date.parse(until);
      const from = since === undefined ? to - DAY_MS : Date.parse(since);
      return context.json(await store.history({ fleet, from, to, points }), 200);
    })
    .openapi(rolloutsRoute, async (context) => {
      const items = [...(await store.rollouts(context.req.valid('query')))];
      return context.json({ items }, 200);
    })
    .openapi(rejectsRoute, async (context) => {
      const rows = await store.rejects(context.req.valid('query').limit);
      const iso = (ms: number) => new Date(ms).toISOString();
      const items = rows.map(({ first_at, last_at, n, ...row }) => ({
        ...row,
        count: n,
        first: iso(first_at),
        last: iso(last_at),
      }));
      return context.json({ items }, 200);
    });
}

function json<S extends z.ZodType>(schema: S, description: string) {
  return { description, content: { 'application/json': { schema } } };
}
