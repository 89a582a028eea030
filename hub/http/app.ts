// The hub's HTTP application: guards, API, probes, dashboard. Knows no socket; `server.ts` listens.
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { OpenAPIHono } from '@hono/zod-openapi';
import { bodyLimit } from 'hono/body-limit';
import { matchedRoutes } from 'hono/route';
import { messageOf } from '../../fleet/error.ts';
import { VERSION } from '../../fleet/version.ts';
import { type AccessDeps, accessRoutes } from './access.ts';
import { alertRoutes } from './alerts.ts';
import { audited } from './audited.ts';
import { shownBy } from './authenticate.ts';
import { createRoutes, type Env, type HttpDeps } from './deps.ts';
import { deviceRoutes } from './devices.ts';
import { failure } from './failure.ts';
import { hostAllowed, sameSite } from './guard.ts';
import { historyRoutes } from './history.ts';
import { pastRoutes } from './past.ts';
import { ADMIN_PATHS, everyday, needs } from './roles.ts';
import type { StreamAccess } from './stream-access.ts';
import { NOT_BUILT, type WebFile } from './web.ts';

const BODY_BYTES = 16 * 1024;

/** How the route table writes `*`. */
const EVERYTHING = '/*';

const CSP =
  "default-src 'self'; script-src 'self'; style-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; form-action 'none'";
/** A browser that was here over TLS comes back over TLS, for a year. */
const HSTS = 'max-age=31536000';

export interface AppInput extends HttpDeps, Omit<AccessDeps, 'dismiss'> {
  readonly streamAccess: StreamAccess;
  readonly listenHost: string;
  readonly allowedHosts: readonly string[];
  readonly web: ReadonlyMap<string, WebFile>;
}

export function createApp(input: AppInput): OpenAPIHono<Env> {
  const app = createRoutes();
  app.use(async (context, next) => {
    const startedMs = performance.now();
    await next();
    const routes = matchedRoutes(context).map(({ path }) => path);
    const route = routes.findLast((path) => path !== EVERYTHING) ?? EVERYTHING;
    input.metrics.answered({ route, status: context.res.status, ms: performance.now() - startedMs });
  });
  guards(app, input);
  admission(app, input);
  app.route('/', deviceRoutes(input)).route('/', historyRoutes(input)).route('/', pastRoutes(input));
  app.route('/', alertRoutes(input));
  app.route('/', accessRoutes({ ...input, dismiss: input.streamAccess.dismiss }));
  app.get('/api/v1/stream', (context) => {
    const shown = shownBy(context);
    const { outgoing } = context.env;
    if (input.streams.add(outgoing)) {
      input.streamAccess.add(outgoing, () => input.auth.principal(shown));
      return RESPONSE_ALREADY_SENT;
    }
    return context.json(failure('TooManyStreams', 'too many open streams; close another one first'), 503);
  });
  app.get('/metrics', async (context) => {
    const { type, body } = await input.metrics.render();
    return context.body(body, 200, { 'content-type': type });
  });
  app.get('/healthz', (context) => context.text('ok\n'));
  app.get('/readyz', (context) =>
    input.ready() ? context.text('ok\n') : context.text('the broker is not connected\n', 503),
  );
  app.doc31('/openapi.json', {
    openapi: '3.1.0',
    info: {
      title: 'Holdfast hub',
      version: VERSION,
      description: 'What the devices of a fleet report. The hub can hint, never command.',
    },
  });
  dashboard(app, input.web);
  app.notFound((context) =>
    context.json(failure('NotFound', `nothing here: ${context.req.method} ${context.req.path}`), 404),
  );
  app.onError((error, context) => {
    input.log.error({ path: context.req.path, error: messageOf(error) }, 'request failed');
    return context.json(failure('Internal', 'the hub failed to answer; its log says why'), 500);
  });
  return app;
}

function guards(app: OpenAPIHono<Env>, input: AppInput): void {
  app.use(async (context, next) => {
    if (!hostAllowed(context.req.header('host'), input.listenHost, input.allowedHosts)) {
      const message = 'this name does not lead here; use localhost, or add the name to http.allowed_hosts';
      return context.json(failure('MisdirectedRequest', message), 421);
    }
    await next();
    context.header('x-content-type-options', 'nosniff');
    context.header('referrer-policy', 'no-referrer');
    context.header('content-security-policy', CSP);
    context.header('cross-origin-opener-policy', 'same-origin');
    context.header('cross-origin-resource-policy', 'same-origin');
    if (input.secure) context.header('strict-transport-security', HSTS);
    if (!context.res.headers.has('cache-control')) context.header('cache-control', 'no-store');
    return undefined;
  });
  const tooLarge = failure('TooLarge', `a request may have ${BODY_BYTES / 1024} KiB`);
  app.use(bodyLimit({ maxSize: BODY_BYTES, onError: (context) => context.json(tooLarge, 413) }));
  app.on(['POST', 'PUT', 'PATCH', 'DELETE'], '*', async (context, next) => {
    const { req } = context;
    const request = { host: req.header('host'), origin: req.header('origin'), fetchSite: req.header('sec-fetch-site') };
    if (!sameSite(request)) return context.json(failure('Forbidden', 'requests from other sites are refused'), 403);
    await next();
    return undefined;
  });
}

/** Who it is, then the record of it, then whether that one may. */
function admission(app: OpenAPIHono<Env>, input: AppInput): void {
  const guarded = ['/api/*', '/metrics'];
  for (const path of guarded) app.use(path, input.auth.middleware, audited(input.access, input.now));
  for (const path of ADMIN_PATHS) app.use(path, needs('admin'));
  for (const path of guarded) app.use(path, everyday);
}

function dashboard(app: OpenAPIHono<Env>, web: ReadonlyMap<string, WebFile>): void {
  const index = web.get('/index.html');
  app.get('/', (context) => (index === undefined ? context.html(NOT_BUILT) : respond(index)));
  app.get('*', async (context, next) => {
    const file = web.get(context.req.path);
    if (file === undefined) {
      await next();
      return undefined;
    }
    return respond(file);
  });
}

function respond(file: WebFile): Response {
  const cache = file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache';
  return new Response(file.bytes, { headers: { 'content-type': file.type, 'cache-control': cache } });
}
