import { describe, expect, it } from 'vitest';
import type { Difference, Value } from '../../../fleet/model/plan.ts';
import { specOf } from '../../../fleet/reconcile/attributes.ts';
import { redacted } from '../../../fleet/reconcile/redact.ts';
import { DEVICE, kiosk, PATHS, serviceOf } from './support/desired.ts';

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
  const { desired, observed: seen } = redacted(base, (text) => text);
  expect(desired).toBeNull();
  expect(redacted({ ...base, desired: observed, observed: null }, (text) => text).desired).toEqual(seen);
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
    ['logging.options.splunk-token', 'hunter2', '(redacted)'],
    ['labels.api_key', 'hunter2', '(redacted)'],
    ['annotations.password', 'hunter2', '(redacted)'],
    [
      'networks.front',
      ['web', 'ipv4=10.0.0.1', 'auth_token=hunter2'],
      ['web', 'ipv4=10.0.0.1', 'auth_token=(redacted)'],
    ],
    ['device_requests', ['count=1 capabilities=gpu api_key=hunter2'], ['count=1 capabilities=gpu api_key=(redacted)']],
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

it('the label that names a specification says nothing about secrets to who does not know the salt', () => {
  const service = serviceOf('web', { environment: { PIN: '4711' } });
  const [app] = kiosk([service]).apps;
  if (app === undefined) throw new Error('no app');
  const specs = ['one', 'two', ''].map((salt) => specOf({ device: DEVICE, app, service, paths: PATHS, salt }));
  expect(new Set(specs).size).toBe(3);
});
