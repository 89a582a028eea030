// GET /api/v1/summary, /api/v1/devices, /api/v1/devices/{id}; POST /api/v1/devices/{id}/reconcile.
import { createRoute, z } from '@hono/zod-openapi';
import { messageOf } from '../../fleet/error.ts';
import { HEALTH, PRESENCE, SYNC } from '../../fleet/model/conditions.ts';
import { type DeviceItem, devicePageSchema, deviceSchema, reconcileSchema, summarySchema } from '../api/schemas.ts';
import { SORTS } from '../roster/select.ts';
import { createRoutes, type HttpDeps } from './deps.ts';
import { failure, failureResponse } from './failure.ts';

const RECENT_EVENTS = 50;
const text = z.string().max(256);
const params = z.object({ id: text });
const whichFleet = z.object({ fleet: text.optional() });

const summaryRoute = createRoute({
  method: 'get',
  path: '/api/v1/summary',
  summary: 'The fleet in numbers, and what is worst',
  responses: { 200: json(summarySchema, 'Summary') },
});

const listRoute = createRoute({
  method: 'get',
  path: '/api/v1/devices',
  summary: 'Devices, filtered and sorted, a page at a time',
  request: {
    query: z.object({
      sync: z.enum(SYNC).optional(),
      health: z.enum(HEALTH).optional(),
      presence: z.enum(PRESENCE).optional(),
      fleet: text.optional(),
      label: z
        .union([text, z.array(text).max(16)])
        .optional()
        .openapi({ description: '`key=value`, or `key` alone; repeat for more, all have to hold' }),
      q: text.optional(),
      sort: z.enum(SORTS).default('worst'),
      cursor: z.string().max(1024).optional(),
      limit: z.coerce.number().int().min(1).max(500).default(100),
    }),
  },
  responses: {
    200: json(devicePageSchema, 'A page; `next` is the cursor of the following one'),
    400: failureResponse('A parameter is not valid'),
  },
});

const oneRoute = createRoute({
  method: 'get',
  path: '/api/v1/devices/{id}',
  summary: 'One device whole',
  request: { params, query: whichFleet },
  responses: {
    200: json(deviceSchema, 'The device'),
    404: failureResponse('No such device'),
    409: failureResponse('Several fleets have a device of this id; say which with ?fleet='),
  },
});

const reconcileRoute = createRoute({
  method: 'post',
  path: '/api/v1/devices/{id}/reconcile',
  summary: 'Hint the device to look at Git now',
  request: { params, query: whichFleet },
  responses: {
    200: json(reconcileSchema, 'The broker has the hint'),
    403: failureResponse('The request came from another site'),
    404: failureResponse('No such device'),
    409: failureResponse('Several fleets have a device of this id; say which with ?fleet='),
    503: failureResponse('The broker did not take the hint'),
  },
});

export function deviceRoutes(deps: HttpDeps) {
  return createRoutes()
    .openapi(summaryRoute, (context) => context.json(deps.summary(), 200))
    .openapi(listRoute, (context) => {
      const { label, ...query } = context.req.valid('query');
      const labels = label === undefined ? [] : [label].flat();
      const page = deps.board.select({ ...query, labels });
      if (page === null)
        return context.json(failure('BadRequest', 'cursor: not one that this hub gave; begin without it'), 400);
      return context.json(page, 200);
    })
    .openapi(oneRoute, async (context) => {
      const found = pick(deps, context.req.valid('param').id, context.req.valid('query').fleet);
      if (found.kind === 'none') return context.json(found.body, 404);
      if (found.kind === 'several') return context.json(found.body, 409);
      const { fleet, id } = found.item;
      const status = await deps.store.status(fleet, id);
      const events = [...(await deps.store.events({ fleet, device: id, limit: RECENT_EVENTS }))];
      return context.json({ ...found.item, status, events }, 200);
    })
    .openapi(reconcileRoute, async (context) => {
      const found = pick(deps, context.req.valid('param').id, context.req.valid('query').fleet);
      if (found.kind === 'none') return context.json(found.body, 404);
      if (found.kind === 'several') return context.json(found.body, 409);
      try {
        await deps.hint(found.item.fleet, found.item.id);
      } catch (error) {
        return context.json(failure('BrokerUnavailable', `the hint was not sent: ${messageOf(error)}`), 503);
      }
      return context.json({ sent: true as const }, 200);
    });
}

type Found =
  | { readonly kind: 'one'; readonly item: DeviceItem }
  | { readonly kind: 'none'; readonly body: ReturnType<typeof failure> }
  | { readonly kind: 'several'; readonly body: ReturnType<typeof failure> };

function pick(deps: HttpDeps, id: string, fleet: string | undefined): Found {
  if (fleet !== undefined) {
    const item = deps.board.find(fleet, id);
    return item === undefined ? none(`no device ${id} in the fleet ${fleet}`) : { kind: 'one', item };
  }
  const [item, ...others] = deps.board.named(id);
  if (item === undefined) return none(`no device ${id} has reported to this hub`);
  if (others.length === 0) return { kind: 'one', item };
  const fleets = [item, ...others].map((device) => device.fleet).join(', ');
  return { kind: 'several', body: failure('Ambiguous', `the fleets ${fleets} each have a device ${id}; add ?fleet=`) };
}

function none(message: string): Found {
  return { kind: 'none', body: failure('NotFound', message) };
}

function json<S extends z.ZodType>(schema: S, description: string) {
  return { description, content: { 'application/json': { schema } } };
}
