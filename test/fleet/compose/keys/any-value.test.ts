// Whatever stands under a key, the loader answers with a model or with diagnostics that have a place.
import { describe, expect, it } from 'vitest';
import { SERVICE_KEYS } from '../../../../fleet/compose/keys/service.ts';
import { DEPLOY_IGNORED, SERVICE_NOT_YET } from '../../../../fleet/compose/keys/unsupported.ts';
import { resolveCompose } from '../../repo/resolving.ts';

const VALUES = [
  '',
  '""',
  '0',
  '-1',
  '1.5',
  '1e400',
  '99999999999999999999',
  'true',
  'text',
  '"a:b:c:d"',
  '"/"',
  '":"',
  '"="',
  '"\\0"',
  '[]',
  '[[]]',
  '[{}]',
  '[null]',
  '["", a, a, 1, true, "a:b", "=", ":", "/x:/y:z", "1-2:3-4/x"]',
  '{}',
  '{a: }',
  '{a: {}}',
  '{a: [{b: [c]}]}',
  '{"": x, constructor: y, toString: {}}',
  '{type: bind, source: , target: }',
];

const KEYS = [
  ...Object.keys(SERVICE_KEYS),
  ...Object.keys(SERVICE_NOT_YET),
  ...['limits', 'reservations'].map((key) => `deploy: {resources: {${key}`),
  ...['replicas', 'mode', 'restart_policy', ...Object.keys(DEPLOY_IGNORED)].map((key) => `deploy: {${key}`),
];

describe('any value of any key', () => {
  it.each(KEYS)('%s', (key) => {
    for (const value of VALUES) {
      const line = `${key}: ${value}${'}'.repeat(key.split('{').length - 1)}`;
      const image = key === 'image' ? '' : '    image: i\n';
      const resolution = resolveCompose(`services:\n  web:\n${image}    ${line}\n`);
      if (resolution.kind !== 'invalid') continue;
      for (const { line: number, severity } of resolution.diagnostics) {
        expect(severity === 'warning' || number > 0, line).toBe(true);
      }
    }
  });

  it.each(['networks', 'volumes', 'configs'])('%s of the top level', (section) => {
    for (const value of VALUES) {
      for (const key of [
        'name',
        'external',
        'driver',
        'driver_opts',
        'labels',
        'ipam',
        'file',
        'content',
        'enable_ipv4',
      ]) {
        const text = `services: {web: {image: i}}\n${section}:\n  a:\n    ${key}: ${value}\n`;
        expect(['resolved', 'invalid']).toContain(resolveCompose(text).kind);
      }
    }
  });
});
