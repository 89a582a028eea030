import { expect, test } from 'vitest';
import { PAYLOAD_BYTES, parseMessage } from '../../../hub/ingest/parse.ts';
import { event, presence, status } from '../sample.ts';

const encode = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const outcome = (topic: string, payload: Uint8Array) => {
  const parsed = parseMessage(topic, payload, false);
  return parsed.ok ? parsed.message.leaf : parsed.cause;
};
const TOPIC = 'holdfast/v1/acme/edge-01/status';

test.each([
  ['a status is read', TOPIC, encode(status()), 'status'],
  ['a presence is read', 'holdfast/v1/acme/edge-01/presence', encode(presence()), 'presence'],
  ['an event is read', 'holdfast/v1/acme/edge-01/event', encode(event()), 'event'],
  ['unknown keys are no error', TOPIC, encode({ ...status(), news: 1 }), 'status'],
  ['a hint is not a report', 'holdfast/v1/acme/edge-01/cmd/reconcile', encode({}), 'topic'],
  ['a deep topic is not a device', 'holdfast/v1/acme/edge-01/status/a/b/c/d', encode(status()), 'topic'],
  ['a wildcard in an id is refused', 'holdfast/v1/acme/+/status', encode(status()), 'topic'],
  ['an upper-case id is refused', 'holdfast/v1/acme/EDGE/status', encode(status()), 'topic'],
  ['no JSON', TOPIC, encode('{"schema":1'), 'malformed'],
  ['no UTF-8', TOPIC, Buffer.from([0x22, 0xff, 0xfe, 0x22]), 'malformed'],
  ['nothing at all', TOPIC, Buffer.alloc(0), 'malformed'],
  ['deep nesting', TOPIC, encode('['.repeat(30_000) + ']'.repeat(30_000)), 'schema'],
  ['another schema', TOPIC, encode({ ...status(), schema: 2 }), 'schema'],
  ['a status in place of a presence', 'holdfast/v1/acme/edge-01/presence', encode(event()), 'schema'],
  ['too large', TOPIC, Buffer.alloc(PAYLOAD_BYTES + 1, 0x20), 'oversized'],
  ['a payload that speaks for another device', TOPIC, encode(status({ device: 'edge-02' })), 'device'],
])('%s', (_, topic, payload, expected) => {
  expect(outcome(topic, payload)).toBe(expected);
});

test('a __proto__ key in labels pollutes nothing', () => {
  const text = JSON.stringify(status()).replace('"site":"berlin"', '"__proto__":"x","constructor":"y","site":"berlin"');
  const parsed = parseMessage(TOPIC, encode(text), false);
  if (!parsed.ok || parsed.message.leaf !== 'status') throw new Error('not read');
  expect(Object.getPrototypeOf(parsed.message.body.labels)).toBe(Object.prototype);
  expect(parsed.message.body.labels).toMatchObject({ site: 'berlin' });
  expect(({} as Record<string, unknown>).x).toBeUndefined();
});

test('what no store holds as text becomes a replacement character, wherever it stands', () => {
  const text = JSON.stringify(status({ labels: { site: 'SITE' } }))
    .replace('SITE', 'a\\u0000b\\ud800c')
    .replace('kiosk', 'k\\u0000');
  const parsed = parseMessage(TOPIC, encode(text), false);
  if (!parsed.ok || parsed.message.leaf !== 'status') throw new Error('not read');
  expect(parsed.message.body.labels).toEqual({ site: 'a\ufffdb\ufffdc' });
  expect(parsed.message.body.apps[0]?.name).toBe('k\ufffd');
});

test('deep nesting with escapes is refused like any other', () => {
  const deep = `{"a":${'['.repeat(20_000)}"\\u0000"${']'.repeat(20_000)}}`;
  expect(outcome(TOPIC, encode(deep))).toMatch(/malformed|schema/);
});
