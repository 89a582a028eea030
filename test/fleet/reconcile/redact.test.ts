import { describe, expect, it } from 'vitest';
import type { Difference, Value } from '../../../fleet/model/plan.ts';
import { redacted } from '../../../fleet/reconcile/redact.ts';

function shown(field: string, observed: Value): Value {
  const base: Difference = {
    resource: 'service:kiosk/web',
    app: 'kiosk',
    kind: 'field',
    field,
    desired: null,
    observed,
    origin: 'drift',
  };
  const { desired, observed: seen } = redacted(base);
  expect(desired).toBeNull();
  expect(redacted({ ...base, desired: observed, observed: null }).desired).toEqual(seen);
  return seen;
}

describe('a difference never shows', () => {
  it.each<[string, Value, Value]>([
    ['environment.DB_PASSWORD', 'hunter2', '(redacted)'],
    ['environment.DATABASE_URL', 'postgres://app:hunter2@db:5432/x', 'postgres://app:(redacted)@db:5432/x'],
    ['environment.BROKERS', 'amqp://:p/w@h,x', 'amqp://:(redacted)@h,x'],
    ['labels.upstream', 'see https://u:p@w@h/x for it', 'see https://u:(redacted)@h/x for it'],
    ['healthcheck.test', ['CMD', 'curl', 'http://u:hunter2@h/'], ['CMD', 'curl', 'http://u:(redacted)@h/']],
    [
      'driver_opts.o',
      'username=app,password=hunter2,vers=3.0,pass=x,credentials=/etc/c',
      'username=app,password=(redacted),vers=3.0,pass=(redacted),credentials=(redacted)',
    ],
    ['driver_opts.password', 'hunter2', '(redacted)'],
    [
      'command',
      ['serve', '--password', 'hunter2', '--port', '80'],
      ['serve', '--password', '(redacted)', '--port', '80'],
    ],
    ['command', ['--api-token=hunter2', '-v'], ['--api-token=(redacted)', '-v']],
    ['entrypoint', ['sh', '-c', 'app --token "a b" -v'], ['sh', '-c', 'app --token (redacted) -v']],
    ['command', ['sh', '-c', 'DB_PASSWORD=hunter2 app'], ['sh', '-c', 'DB_PASSWORD=(redacted) app']],
  ])('%s of %j', (field, value, expected) => {
    expect(shown(field, value)).toEqual(expected);
  });
});

it.each<[string, Value]>([
  ['environment.TZ', 'Europe/Berlin'],
  ['environment.URL', 'http://host:8080/path'],
  ['image', 'registry.example.com:5000/web:1@sha256:abc'],
  ['command', ['serve', '--no-auth', '--port', '80']],
  ['ports.80/tcp', ['127.0.0.1:80']],
  ['mem_limit', 1024],
  ['read_only', true],
])('a difference still shows %s', (field, value) => {
  expect(shown(field, value)).toEqual(value);
});

it('a long hostile value costs no more than its length', () => {
  expect(shown('environment.X', 'a://a:'.repeat(20_000))).toBe('a://a:'.repeat(20_000));
});
