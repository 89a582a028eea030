// Bytes from a topic to one typed message, or the cause why they are dropped. Pure; trusts nothing: topic, size,
// encoding, JSON, schema, and that the payload speaks for the device whose topic it is.
import {
  type EventMessage,
  eventSchema,
  type PresenceMessage,
  presenceSchema,
  type Status,
  statusSchema,
} from '../../fleet/wire/messages.ts';
import { parseDeviceTopic } from '../../fleet/wire/topics.ts';

/** No payload of the wire contract comes near this. */
export const PAYLOAD_BYTES = 64 * 1024;

export type Message = { readonly fleet: string; readonly device: string; readonly retained: boolean } & (
  | { readonly leaf: 'presence'; readonly body: PresenceMessage }
  | { readonly leaf: 'status'; readonly body: Status }
  | { readonly leaf: 'event'; readonly body: EventMessage }
);

/** Why a message was dropped: the closed set of values of the metric's label `cause`. */
export const DROP_CAUSES = [
  'topic', // not a device's topic
  'forbidden', // published by a client that is not this device
  'oversized',
  'malformed', // not UTF-8, not JSON
  'schema', // JSON, but not what schema 1 says
  'device', // the payload names another device than the topic
  'duplicate',
  'late', // older than what is known, or of an instance that was replaced
  'refused', // the store cannot hold it
  'devices', // more devices than `limits.devices`
] as const;
export type DropCause = (typeof DROP_CAUSES)[number];

export type Parsed =
  | { readonly ok: true; readonly message: Message }
  | { readonly ok: false; readonly cause: DropCause };

export function parseMessage(topic: string, payload: Uint8Array, retained: boolean): Parsed {
  const place = parseDeviceTopic(topic);
  if (place === null || place.leaf === 'cmd/reconcile') return { ok: false, cause: 'topic' };
  if (payload.byteLength > PAYLOAD_BYTES) return { ok: false, cause: 'oversized' };
  const json = parseJson(payload);
  if (json === undefined) return { ok: false, cause: 'malformed' };
  const { fleet, device, leaf } = place;
  const from = { fleet, device, retained };
  if (leaf === 'presence') {
    const body = presenceSchema.safeParse(json);
    return body.success ? own({ ...from, leaf, body: body.data }) : { ok: false, cause: 'schema' };
  }
  if (leaf === 'status') {
    const body = statusSchema.safeParse(json);
    return body.success ? own({ ...from, leaf, body: body.data }) : { ok: false, cause: 'schema' };
  }
  const body = eventSchema.safeParse(json);
  return body.success ? own({ ...from, leaf, body: body.data }) : { ok: false, cause: 'schema' };
}

function own(message: Message): Parsed {
  return message.body.device === message.device ? { ok: true, message } : { ok: false, cause: 'device' };
}

const DECODER = new TextDecoder('utf-8', { fatal: true });

function parseJson(payload: Uint8Array): unknown {
  try {
    const text = DECODER.decode(payload);
    const json: unknown = JSON.parse(text);
    // Only an escape can bring what no store holds as text; agents send none.
    return text.includes('\\u') ? storable(json) : json;
  } catch {
    // Not UTF-8 or not JSON: the caller counts it as malformed.
    return undefined;
  }
}

/** NUL and halves of surrogate pairs are no text to PostgreSQL: each becomes U+FFFD, in keys too. */
function storable(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed().replaceAll('\0', '\ufffd');
  if (Array.isArray(value)) return value.map(storable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [String(storable(key)), storable(one)]));
}
