// GET /api/v1/alerts, and /api/v1/silences: what fires, who was told, and what is kept quiet.
import { createRoute, z } from '@hono/zod-openapi';
import { createSilence } from '../alerts/new-silence.ts';
import { alertPageSchema, expiredSchema, newSilenceSchema, silenceListSchema, silenceSchema } from '../api/alerts.ts';
import { createRoutes, type HttpDeps } from './deps.ts';
import { failure, failureResponse } from './failure.ts';

/** Of the audit. */
const SUBJECT_CHARS = 256;

const alertsRoute = createRoute({
  method: 'get',
  path: '/api/v1/alerts',
  summary: 'What fires, worst first, and what was resolved of late',
  request: {
    query: z.object({
      state: z.enum(['firing', 'resolved']).optional(),
      since: z.iso
        .datetime({ offset: true })
        .optional()
        .openapi({ description: 'Resolved since then; absent: a day ago' }),
      limit: z.coerce.number().int().min(1).max(500).default(100),
    }),
  },
  responses: { 200: json(alertPageSchema, 'Alerts'), 400: failureResponse('A parameter is not valid') },
});

const silencesRoute = createRoute({
  method: 'get',
  path: '/api/v1/silences',
  summary: 'Silences that hold or will hold',
  responses: { 200: json(silenceListSchema, 'Silences') },
});

const silenceRoute = createRoute({
  method: 'post',
  path: '/api/v1/silences',
  summary: 'Keep alerts of some devices or rules quiet for a while',
  request: { body: { required: true, content: { 'application/json': { schema: newSilenceSchema } } } },
  responses: {
    200: json(silenceSchema, 'The silence'),
    400: failureResponse('It cannot be read, or there are too many'),
  },
});

const expireRoute = createRoute({
  method: 'post',
  path: '/api/v1/silences/{id}/expire',
  summary: 'End a silence now',
  request: { params: z.object({ id: z.string().max(32) }) },
  responses: { 200: json(expiredSchema, 'Ended'), 404: failureResponse('There is none that is not over') },
});

export function alertRoutes({ alerts, now }: HttpDeps) {
  return createRoutes()
    .openapi(alertsRoute, async (context) => {
      const { state, since, limit } = context.req.valid('query');
      const from = since === undefined ? undefined : Date.parse(since);
      return context.json(await alerts.list({ state, since: from, limit }), 200);
    })
    .openapi(silencesRoute, async (context) => context.json({ items: [...(await alerts.silences())] }, 200))
    .openapi(silenceRoute, async (context) => {
      const made = createSilence(context.req.valid('json'), context.get('principal').name, now());
      if (typeof made === 'string') return context.json(failure('BadRequest', made), 400);
      const silence = await alerts.addSilence(made);
      if (silence === null) return context.json(failure('BadRequest', 'too many silences; end some first'), 400);
      context.set('subject', `${silence.id} ${silence.matchers.join(' ')}`.slice(0, SUBJECT_CHARS));
      return context.json(silence, 200);
    })
    .openapi(expireRoute, async (context) => {
      const { id } = context.req.valid('param');
      if (await alerts.expireSilence(id)) return context.json({ expired: true as const }, 200);
      return context.json(failure('NotFound', `there is no silence ${id} that is not over`), 404);
    });
}

function json<S extends z.ZodType>(schema: S, description: string) {
  return { description, content: { 'application/json': { schema } } };
}
