// The small pure parts of access: names of actions, buckets, secrets, safe defaults.
import { expect, test } from 'vitest';
import { actionOf } from '../../../hub/access/action.ts';
import { hashPassword, hashSecret, isPassword, isToken, newToken } from '../../../hub/access/credentials.ts';
import { refuseOpenListening } from '../../../hub/access/listen.ts';
import { mayAct, ROLES } from '../../../hub/access/roles.ts';
import { createBucket, createBuckets } from '../../../hub/bucket.ts';
import { isLoopback } from '../../../hub/http/guard.ts';

test.each([
  ['POST', '/api/v1/devices/edge-01/reconcile', 'device.reconcile', 'edge-01'],
  ['POST', '/api/v1/tokens', 'token.create', ''],
  ['POST', '/api/v1/tokens/anna/revoke', 'token.revoke', 'anna'],
  ['DELETE', '/api/v1/session', 'session.delete', ''],
  ['DELETE', '/api/v1/silences/3', 'silence.delete', '3'],
  ['PUT', `/api/v1/things/${'x'.repeat(500)}`, 'thing.replace', 'x'.repeat(128)],
])('%s %s is %s of "%s"', (method, path, action, subject) => {
  expect(actionOf(method, path)).toEqual({ action, subject });
});

test('each role may do what the one before it may, and no more', () => {
  const table = ROLES.map((role) => ROLES.map((needed) => mayAct(role, needed)));
  expect(table).toEqual([
    [true, false, false],
    [true, true, false],
    [true, true, true],
  ]);
});

test('a bucket gives so many at once and so many a second, and is not emptied by those it refuses', () => {
  const bucket = createBucket({ perSecond: 2, burst: 3 });
  expect([1, 2, 3, 4, 5].map(() => bucket.take(0))).toEqual([0, 0, 0, 500, 500]);
  expect([bucket.take(500), bucket.take(500), bucket.take(60_000)]).toEqual([0, 500, 0]);
  // A clock that goes back gives nothing.
  expect([bucket.take(0), bucket.take(0), bucket.take(0)]).toEqual([0, 0, 500]);
});

test('buckets keep keys apart and forget the longest unused one', () => {
  const buckets = createBuckets({ perSecond: 1, burst: 1 }, 2);
  expect([buckets.take('a', 0), buckets.take('a', 0), buckets.take('b', 0)]).toEqual([0, 1000, 0]);
  buckets.take('c', 0);
  expect(buckets.take('a', 0)).toBe(0);
});

test('tokens are of one form, and two are never the same', () => {
  const [one, other] = [newToken(), newToken()];
  expect(isToken(one)).toBe(true);
  expect(one).not.toBe(other);
  expect(isToken(`${one}x`)).toBe(false);
  expect(hashSecret(one)).toMatch(/^[0-9a-f]{64}$/);
});

test('a password is known by its hash alone, and the same password twice has two hashes', () => {
  const [one, other] = [hashPassword('s3cret'), hashPassword('s3cret')];
  expect(one.hash).not.toBe(other.hash);
  expect([isPassword('s3cret', one), isPassword('s3cret', other), isPassword('other', one)]).toEqual([
    true,
    true,
    false,
  ]);
  expect(isPassword('', { salt: '', hash: '' })).toBe(false);
});

test.each([
  ['127.0.0.1', '127.0.0.1', false, null],
  ['::1', 'localhost', false, null],
  [
    '0.0.0.0',
    '127.0.0.1',
    false,
    /^http\.host: 0\.0\.0\.0 can be reached.*no token[\s\S]*\n {2}holdfast token create admin/,
  ],
  ['127.0.0.1', '192.168.1.5', false, /^mqtt\.host: 192\.168\.1\.5 can be reached/],
  ['0.0.0.0', '0.0.0.0', true, null],
])('listening on %s and %s, with a token: %s', (http, mqtt, guarded, refusal) => {
  const hosts = [
    { key: 'http.host', host: http },
    { key: 'mqtt.host', host: mqtt },
  ];
  const listen = () => refuseOpenListening({ hosts, isLoopback, guarded, command: 'holdfast token create admin' });
  if (refusal === null) expect(listen).not.toThrow();
  else expect(listen).toThrow(refusal);
});
