import { expect, test } from 'vitest';
import type { ConfigInput } from '../../fleet/config/read.ts';
import { readHubConfig } from '../../hub/config.ts';

const read = (text: string | null, env: ConfigInput['env'] = {}, flags: ConfigInput['flags'] = []) =>
  readHubConfig({ file: text === null ? null : { name: 'hub.yaml', text }, env, flags });

const faults = (text: string, env: ConfigInput['env'] = {}): string => {
  try {
    read(text, env);
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
  return 'accepted';
};

test('without anything it listens on loopback, with a store beside it', () => {
  expect(read(null)).toMatchObject({
    http: { host: '127.0.0.1', port: 8080 },
    mqtt: { host: '127.0.0.1', port: 1883 },
    store: { path: './holdfast.db' },
    stale_after: 300_000,
  });
});

test('flags win over variables, variables over the file', () => {
  const text = 'http: { port: 1 }\nmqtt: { port: 1 }\nstale_after: 90s\n';
  const env = {
    HOLDFAST_HUB_HTTP__PORT: '2',
    HOLDFAST_HUB_MQTT__PORT: '2',
    HOLDFAST_HUB: 'http://elsewhere',
    OTHER: 'x',
  };
  const config = read(text, env, [{ path: ['http', 'port'], value: 3 }]);
  expect([config.http.port, config.mqtt.port, config.stale_after]).toEqual([3, 2, 90_000]);
});

test('every fault is said at once, with its place and what to write instead', () => {
  const text = 'http:\n  prot: 8080\n  port: many\nstale_after: soon\n';
  expect(faults(text)).toMatchInlineSnapshot(`
    "hub.yaml:2:3: http.prot: unknown key
        prot: 8080
        ^^^^ did you mean "port"?
    hub.yaml:3:9: http.port: has to be a number, not text
        port: many
              ^^^^
    hub.yaml:4:14: stale_after: "soon" is not a duration; write one like 90s, 5m or 1h30m
        stale_after: soon
                     ^^^^"
  `);
});

test('a fault in a variable names the variable', () => {
  expect(faults('', { HOLDFAST_HUB_HTTP__PROT: '1' })).toMatch(
    /^HOLDFAST_HUB_HTTP__PROT: unknown key\n {4}did you mean "port"/,
  );
  expect(faults('', { HOLDFAST_HUB_HTTP__PORT: 'x' })).toMatch(/^HOLDFAST_HUB_HTTP__PORT: /);
});

test('broken YAML and a list are refused with their place', () => {
  expect(faults('http: [1\n')).toMatch(/^hub\.yaml:\d+:\d+: /);
  expect(faults('- a\n')).toContain('has to be a map');
});

test('a key __proto__ pollutes nothing', () => {
  expect(faults('__proto__: { polluted: true }\n')).not.toBe('');
  expect(faults('', { HOLDFAST_HUB___PROTO____POLLUTED: 'x' })).not.toBe('');
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});
