import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { formatDiagnostic } from '../../../fleet/diagnostic.ts';
import { resolveFiles, textOf } from './resolving.ts';

const RUNS = { numRuns: 300 };

/** Words that get deeper into the readers than random text does. */
const key = fc.constantFrom(
  ...[
    'services',
    'web',
    'image',
    'ports',
    'volumes',
    'environment',
    'networks',
    'depends_on',
    'healthcheck',
    'test',
    'configs',
  ],
  ...[
    'command',
    'labels',
    'env_file',
    'tmpfs',
    'name',
    'external',
    'ipam',
    'deploy',
    'x-a',
    '<<',
    'target',
    'source',
    'type',
    'apps',
  ],
  ...['compose', 'env', '__proto__', 'constructor', ''],
);
const scalar = fc.oneof(
  fc.constantFrom(
    'nginx',
    '80:80',
    './a:/b',
    '$A',
    '${B:-c}',
    '${',
    'bind',
    '/x',
    '',
    'true',
    'a b',
    '*x',
    'compose.yaml',
    'web',
  ),
  fc.string({ maxLength: 12 }),
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
);
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 6, depthSize: 'small' },
    scalar,
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(key, tie('tree'), { maxKeys: 5 }),
  ),
}));
const yamlText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.array(fc.constantFrom(...'[]{}:-?&*!|>%@`\'"#,\n\t $a0<=.~'), { maxLength: 120 }).map((all) => all.join('')),
  tree.map((data) => stringify(data)),
  tree.map((data) => stringify({ services: { web: data } })),
  tree.map((data) =>
    stringify({ services: { web: { image: 'nginx', volumes: data, ports: data, environment: data } } }),
  ),
);

describe('any text', () => {
  it('as a Compose file gives desired state or diagnostics', () => {
    fc.assert(
      fc.property(yamlText, yamlText, (compose, env) => {
        sound(resolveFiles({ 'compose.yaml': compose, '.env': env }));
      }),
      RUNS,
    );
  });

  it('as device.yaml gives desired state or diagnostics', () => {
    fc.assert(
      fc.property(yamlText, (device) => {
        sound(resolveFiles({ 'device.yaml': device, 'compose.yaml': 'services: {web: {image: nginx}}' }));
      }),
      RUNS,
    );
  });

  it('as fleet.yaml gives desired state or diagnostics', () => {
    const groups = fc.array(
      fc.record(
        {
          name: fc.oneof(fc.constantFrom('a', 'b', 'A'), tree),
          selector: fc.oneof(
            fc.constantFrom('site', '!site', 'site in (x,berlin)', 'site in (', 'a=b,,', {}, { site: ['berlin'] }),
            tree,
          ),
          apps: fc.oneof(fc.constantFrom(['kiosk'], [{ name: 'kiosk', enabled: false }], ['nowhere']), tree),
          env: tree,
          drift: scalar,
        },
        { requiredKeys: [] },
      ),
      { maxLength: 3 },
    );
    const fleet = fc.oneof(
      yamlText,
      groups.map((all) => stringify({ groups: all })),
    );
    fc.assert(
      fc.property(fleet, (text) => {
        const device = 'labels: {site: berlin}\napps: [{name: kiosk, env: {A: b}}]';
        const compose = 'services: {web: {image: nginx}}';
        const files = { 'device.yaml': device, 'compose.yaml': compose, 'apps/kiosk/compose.yaml': compose };
        sound(resolveFiles({ ...files, 'fleet.yaml': text }));
      }),
      RUNS,
    );
  });

  it('as bytes gives desired state or diagnostics', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        sound(resolveFiles({ 'compose.yaml': bytes }));
      }),
      RUNS,
    );
  });
});

/** Resolved without errors, or invalid with at least one; every diagnostic is placed and prints. */
function sound(resolution: ReturnType<typeof resolveFiles>): void {
  if (resolution.kind === 'needs') throw new Error(textOf(resolution));
  const diagnostics = resolution.kind === 'resolved' ? resolution.warnings : resolution.diagnostics;
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  expect(errors > 0).toBe(resolution.kind === 'invalid');
  for (const diagnostic of diagnostics) {
    expect(diagnostic.file).toMatch(/^devices\/edge-01\/|^fleet\.yaml$|^apps\//);
    expect(formatDiagnostic(diagnostic)).not.toMatch(/[^\P{Cc}\n]/u);
    if (diagnostic.line > 0) expect(diagnostic.column).toBeGreaterThan(0);
  }
}

describe('the order of keys', () => {
  const data = {
    services: {
      web: {
        image: 'nginx:1.27',
        environment: { A: '1', B: '2', C: '${X:-x}' },
        labels: { b: 'b', a: 'a' },
        volumes: ['data:/d', './conf:/conf'],
        tmpfs: '/run',
        configs: [{ source: 'motd', target: '/motd' }],
        networks: { front: { aliases: ['b', 'a'] }, back: null },
        depends_on: { db: { condition: 'service_started', required: true }, cache: { condition: 'service_started' } },
        healthcheck: { test: 'x', interval: '1s', retries: 2 },
        ports: ['80:80'],
      },
      db: { image: 'postgres:17', mem_limit: '1g', cpus: 1 },
      cache: { image: 'redis:8', container_name: 'cache' },
    },
    networks: { front: { internal: true, labels: { y: '1', x: '2' } }, back: null },
    volumes: { data: { driver: 'local' }, other: null },
    configs: { motd: { content: 'hi' } },
  };

  it('never changes what is resolved', () => {
    const expected = JSON.stringify(resolveFiles({ 'compose.yaml': stringify(data) }));
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat()), (order) => {
        const shuffled = stringify(shuffle(data, order));
        expect(withoutPlaces(JSON.stringify(resolveFiles({ 'compose.yaml': shuffled })))).toBe(withoutPlaces(expected));
      }),
      { numRuns: 50 },
    );
  });
});

function withoutPlaces(text: string): string {
  return text.replace(/"(line|column)":\d+/g, '');
}

function shuffle(data: unknown, order: Iterator<number>): unknown {
  if (Array.isArray(data) || data === null || typeof data !== 'object') return data;
  const keyed = Object.entries(data).map(([name, value]) => ({ name, value, at: Number(order.next().value) }));
  return Object.fromEntries(keyed.sort((a, b) => a.at - b.at).map(({ name, value }) => [name, shuffle(value, order)]));
}
