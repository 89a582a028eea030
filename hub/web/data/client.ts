// The hub's HTTP API as this page calls it: same origin, JSON, every call bounded. Owns no state.
// The answers are the hub's own (`hub/api/schemas.ts`) and come from the same build, so they are not parsed again here.
import type { SessionInfo } from '../../api/access.ts';
import type { Device, DevicePage, DriftPage, EventPage, Summary } from '../../api/schemas.ts';
import { type DriftGroup, type FleetQuery, type Severity, withParams } from '../route/route.ts';

const DEADLINE_MS = 15_000;
const DEVICES_PER_PAGE = '100';
const EVENTS_PER_PAGE = '100';

export class HubError extends Error {
  /** HTTP status; 0: no answer at all. */
  readonly status: number;
  constructor(status: number, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'HubError';
    this.status = status;
  }
}

export interface Client {
  summary(signal: AbortSignal): Promise<Summary>;
  devices(query: FleetQuery, cursor: string | null, signal: AbortSignal): Promise<DevicePage>;
  /** `fleet` null: the only device of this id. */
  device(fleet: string | null, id: string, signal: AbortSignal): Promise<Device>;
  events(severity: Severity | null, cursor: string | null, signal: AbortSignal): Promise<EventPage>;
  drift(by: DriftGroup | null, signal: AbortSignal): Promise<DriftPage>;
  /** Sends the hint: the agent looks now. What it finds there stays Git's word. */
  reconcile(fleet: string | null, id: string, signal: AbortSignal): Promise<void>;
  whoami(signal: AbortSignal): Promise<SessionInfo>;
  signIn(token: string, signal: AbortSignal): Promise<SessionInfo>;
  signOut(signal: AbortSignal): Promise<void>;
}

/**
 * `base` is the API's folder, as the page sees it: `api/v1`. `heard` is told of every answer, `refused` of each that wants a
 * token first.
 */
export function createClient(base: string, heard: () => void, refused: () => void): Client {
  async function call(path: string, signal: AbortSignal, init: RequestInit = {}): Promise<unknown> {
    const response = await answer(`${base}/${path}`, signal, init);
    heard();
    const body: unknown = await response.json().catch(() => null);
    if (response.ok && body !== null) return body;
    if (response.status === 401) refused();
    throw new HubError(response.status, errorText(body) ?? `The hub answered ${response.status}.`);
  }
  return {
    summary: (signal) => call('summary', signal) as Promise<Summary>,
    devices: (query, cursor, signal) =>
      call(withParams('devices', { ...query, cursor, limit: DEVICES_PER_PAGE }), signal) as Promise<DevicePage>,
    device: (fleet, id, signal) =>
      call(withParams(`devices/${encodeURIComponent(id)}`, { fleet }), signal) as Promise<Device>,
    events: (severity, cursor, signal) =>
      call(withParams('events', { severity, cursor, limit: EVENTS_PER_PAGE }), signal) as Promise<EventPage>,
    drift: (by, signal) => call(withParams('drift', { by }), signal) as Promise<DriftPage>,
    reconcile: async (fleet, id, signal) => {
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };
      await call(withParams(`devices/${encodeURIComponent(id)}/reconcile`, { fleet }), signal, init);
    },
    whoami: (signal) => call('session', signal) as Promise<SessionInfo>,
    signIn: (token, signal) => {
      const headers = { 'content-type': 'application/json' };
      const init = { method: 'POST', headers, body: JSON.stringify({ token }) };
      return call('session', signal, init) as Promise<SessionInfo>;
    },
    signOut: async (signal) => {
      await call('session', signal, { method: 'DELETE' });
    },
  };
}

async function answer(url: string, signal: AbortSignal, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, signal: AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]) });
  } catch (cause) {
    throw new HubError(0, 'The hub does not answer.', { cause });
  }
}

/** The sentence of `{ error: { message } }`, if that is what came. */
function errorText(body: unknown): string | null {
  if (typeof body !== 'object' || body === null || !('error' in body)) return null;
  const { error } = body;
  if (typeof error !== 'object' || error === null || !('message' in error)) return null;
  return typeof error.message === 'string' ? error.message : null;
}
