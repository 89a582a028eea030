import { describe, expect, it } from 'vitest';
import { appOf, resolveCompose, resolveFiles, saidOf, serviceOf } from '../../repo/resolving.ts';

const TEXT = [
  'services:',
  '  always: {image: a}',
  '  debug: {image: b, profiles: [debug]}',
  '  both: {image: c, profiles: [debug, test], depends_on: {debug: {condition: service_started, required: false}}}',
].join('\n');

function names(profiles: string): string[] {
  const resolution = resolveCompose(TEXT, { '.env': `COMPOSE_PROFILES=${profiles}` });
  expect(saidOf(resolution)).toEqual([]);
  return appOf(resolution).services.map(({ name }) => name);
}

describe('profiles', () => {
  it.each([
    ['', ['always']],
    ['none', ['always']],
    ['debug', ['always', 'both', 'debug']],
    ['test', ['always', 'both']],
    ['x, test', ['always', 'both']],
    ['*', ['always', 'both', 'debug']],
  ])('COMPOSE_PROFILES=%s leaves %j', (profiles, expected) => {
    expect(names(profiles)).toEqual(expected);
  });

  it('come from the variables of the app', () => {
    const resolution = resolveFiles({
      'device.yaml': 'apps: [{name: k, compose: k.yaml, env: {COMPOSE_PROFILES: test}}]',
      'k.yaml': TEXT,
    });
    expect(appOf(resolution).services.map(({ name }) => name)).toEqual(['always', 'both']);
  });

  it('drop what is optional and not active', () => {
    const resolution = resolveCompose(TEXT, { '.env': 'COMPOSE_PROFILES=test' });
    expect(serviceOf(resolution, 'both').depends_on).toEqual({});
  });

  it.each([
    ['depends_on: [off]', 'depends_on[0]'],
    ['depends_on: {off: {condition: service_healthy}}', 'depends_on'],
    ['links: ["off:x"]', 'links[0]'],
    ['volumes_from: ["off:ro"]', 'volumes_from[0]'],
    ['network_mode: "service:off"', 'network_mode'],
    ['ipc: "service:off"', 'ipc'],
    ['pid: "service:off"', 'pid'],
  ])('%s needs a service that takes part', (line, key) => {
    const text = `services: {web: {image: a, ${line}}, off: {image: b, profiles: [x, y]}}`;
    expect(saidOf(resolveCompose(text))).toContain(
      `services.web.${key}: the service "off" only takes part with the profile "x" or "y", which is not active | activate it with COMPOSE_PROFILES, or give both services the same`,
    );
  });

  it('do not keep a service that takes no part from being checked, but nothing it names is looked up', () => {
    const text =
      'services: {web: {image: a}, off: {prots: [1], env_file: gone.env, depends_on: [nobody], profiles: [x]}}';
    expect(saidOf(resolveCompose(text))).toEqual(['services.off.prots: unknown key | did you mean "ports"?']);
  });

  it('have to be a list', () => {
    expect(saidOf(resolveCompose('services: {web: {image: a, profiles: x}}'))).toEqual([
      'services.web.profiles: has to be a list, not text | write ["name"]',
    ]);
  });

  it('may leave nothing', () => {
    const resolution = resolveCompose('services: {web: {image: a, profiles: [x]}}');
    expect(saidOf(resolution)).toEqual([]);
    expect(appOf(resolution).services).toEqual([]);
  });
});
