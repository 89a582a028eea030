// A hub for the dashboard to talk to: serves the build, a made-up fleet and a stream that the test speaks into, under
// the Content-Security-Policy that the dashboard has to live with. No state but the fleet; loopback only.
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import type { DeviceItem, DriftItem, DriftPage, StreamEvents } from '../../../hub/api/schemas.ts';
import { matches, worstFirst } from '../../../hub/web/data/device-list.ts';
import { type FleetQuery, NO_FILTER } from '../../../hub/web/route/route.ts';
import { fixtureDevices, fixtureDrift, fixtureEvents, fixtureSummary, fixtureWhole } from './fixture-fleet.ts';

export const POLICY = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export interface FixtureHub {
  readonly url: string;
  /** Devices to which a hint was sent, in order. */
  readonly hints: readonly string[];
  readonly devices: DeviceItem[];
  /** Says it to every open stream. */
  say<K extends keyof StreamEvents>(kind: K, value: StreamEvents[K]): void;
  /** Streams that are open now. */
  streams(): number;
  /** Cuts every stream and answers nothing but 503 until `wake`. */
  sleep(): void;
  wake(): void;
  stop(): Promise<void>;
}

export async function startFixtureHub(options: { dist: string; devices: number; port?: number }): Promise<FixtureHub> {
  const devices = fixtureDevices(options.devices, Date.now());
  const hints: string[] = [];
  const streams = new Set<ServerResponse>();
  let asleep = false;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://hub');
    response.setHeader('content-security-policy', POLICY);
    if (asleep) return void response.writeHead(503).end();
    if (url.pathname === '/api/v1/stream') return openStream(response, streams);
    if (url.pathname.startsWith('/api/v1/')) return sendJson(response, answer(request, url, devices, hints));
    sendFile(response, options.dist, url.pathname).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The fixture hub has no port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    hints,
    devices,
    say(kind, value) {
      for (const stream of streams) stream.write(`event: ${kind}\ndata: ${JSON.stringify(value)}\n\n`);
    },
    streams: () => streams.size,
    sleep() {
      asleep = true;
      for (const stream of streams) stream.destroy();
    },
    wake() {
      asleep = false;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

function answer(request: IncomingMessage, url: URL, devices: readonly DeviceItem[], hints: string[]): Answer {
  const now = Date.now();
  const events = fixtureEvents(devices, now);
  const [, , , list, id, verb] = url.pathname.split('/');
  if (list === 'session') return { status: 200, body: { name: 'local', role: 'admin', guarded: false } };
  if (list === 'summary') return { status: 200, body: fixtureSummary(devices, now) };
  if (list === 'drift') return { status: 200, body: driftPage(devices, url.searchParams.get('by'), now) };
  if (list === 'events') {
    const severity = url.searchParams.get('severity');
    return {
      status: 200,
      body: { items: events.filter((e) => severity === null || e.severity === severity), next: null },
    };
  }
  if (list !== 'devices') return { status: 404, body: { error: { code: 'NotFound', message: 'No such thing.' } } };
  if (id === undefined) return { status: 200, body: devicePage(devices, url.searchParams) };
  const device = devices.find((one) => one.id === id);
  if (device === undefined) return { status: 404, body: { error: { code: 'NotFound', message: `No device ${id}.` } } };
  if (verb === undefined) return { status: 200, body: fixtureWhole(device, events, now) };
  if (request.method !== 'POST' || request.headers['content-type'] !== 'application/json') {
    return { status: 415, body: { error: { code: 'BadRequest', message: 'A hint is a POST of JSON.' } } };
  }
  hints.push(id);
  return { status: 202, body: { sent: true } };
}

function devicePage(devices: readonly DeviceItem[], params: URLSearchParams): unknown {
  const query: Record<string, string | null> = { ...NO_FILTER, q: params.get('q') ?? '' };
  for (const key of ['sync', 'health', 'presence']) query[key] = params.get(key);
  const found = worstFirst(devices.filter((device) => matches(device, query as unknown as FleetQuery)));
  const from = Number(params.get('cursor') ?? 0);
  const to = from + Number(params.get('limit') ?? 50);
  return { items: found.slice(from, to), next: to < found.length ? String(to) : null };
}

function driftPage(devices: readonly DeviceItem[], by: string | null, now: number): DriftPage {
  const items = devices.flatMap((device) => fixtureDrift(device, now));
  if (by === null) return { items, groups: [], total: items.length };
  const keyOf = (item: DriftItem) =>
    (by === 'field'
      ? (item.field ?? item.kind)
      : by === 'service'
        ? item.service
        : by === 'app'
          ? item.app
          : item.revision) ?? item.resource;
  const groups = Object.entries(Object.groupBy(items, keyOf)).flatMap(([key, group = []]) => {
    const [sample] = group;
    const many = new Set(group.map((item) => item.device)).size;
    return sample === undefined ? [] : [{ key, open: group.length, devices: many, since: sample.since, sample }];
  });
  return { items: [], groups, total: items.length };
}

function openStream(response: ServerResponse, streams: Set<ServerResponse>): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write(': here\n\n');
  streams.add(response);
  response.on('close', () => streams.delete(response));
}

function sendJson(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function sendFile(response: ServerResponse, dist: string, path: string): Promise<void> {
  const name = path === '/' ? 'index.html' : path.slice(1);
  const known = /^(index\.html|holdfast\.svg|assets\/[\w.-]+)$/.test(name);
  if (!known) return void response.writeHead(404).end();
  const bytes = await readFile(join(dist, name));
  response.writeHead(200, { 'content-type': TYPES[extname(name)] ?? 'application/octet-stream' }).end(bytes);
}
