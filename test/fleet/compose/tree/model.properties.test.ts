import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { load } from '../trees.ts';

const FILES = ['a.yaml', 'b.yaml', 'c/d.yaml'];
const NAME = fc.constantFrom('web', 'db', 'x');
const FILE = fc.constantFrom(...FILES, '../c/d.yaml', 'gone.yaml');

/** A value as YAML in one line. */
const VALUE: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc.constantFrom('a', '"./x:/y"', '"$V"', '"${V:-$V}"', 'null', '7', '*any', '!reset null', '!override [a]', '"${"'),
    fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
    fc.dictionary(fc.constantFrom('a', 'driver', 'target', 'service', 'file'), tie('value'), { maxKeys: 3 }).map(flow),
  ),
})).value;

const EXTENDS = fc.oneof(
  NAME,
  fc.tuple(NAME, FILE).map(([service, file]) => `{service: ${service}, file: ${file}}`),
  VALUE,
);
const INCLUDE = fc.array(
  fc.oneof(
    FILE,
    FILE.map((path) => `{path: [${path}, b.yaml], project_directory: c}`),
    VALUE,
  ),
  { maxLength: 2 },
);

const SERVICE = fc
  .tuple(
    fc.dictionary(
      fc.constantFrom(
        'image',
        'ports',
        'volumes',
        'environment',
        'depends_on',
        'env_file',
        'logging',
        'networks',
        'dns',
      ),
      VALUE,
      { maxKeys: 4 },
    ),
    fc.option(EXTENDS, { nil: undefined }),
  )
  .map(([keys, base]) => flow(base === undefined ? keys : { ...keys, extends: base }));

const TEXT = fc
  .tuple(fc.dictionary(NAME, SERVICE, { maxKeys: 3 }), INCLUDE, fc.boolean())
  .map(([services, include, documents]) => {
    const text = `x-a: &any [1]\ninclude: [${include.join(', ')}]\nservices: ${flow(services)}\n`;
    return documents ? `${text}---\nservices: {web: {dns: [z]}}\n` : text;
  });

function flow(entries: Readonly<Record<string, string>>): string {
  return `{${Object.entries(entries)
    .map(([key, value]) => `${key}: ${value}`)
    .join(', ')}}`;
}

describe('any files', () => {
  it('become a tree or diagnostics with places, never anything else', () => {
    fc.assert(
      fc.property(TEXT, TEXT, TEXT, (a, b, c) => {
        const files = { 'a.yaml': a, 'b.yaml': b, 'c/d.yaml': c };
        const first = load(files, { main: ['a.yaml', 'b.yaml'] });
        expect(load(files, { main: ['a.yaml', 'b.yaml'] })).toEqual(first);
        for (const line of first.text.split('\n').filter((text) => /^\S+\.yaml/.test(text))) {
          expect(line).toMatch(/^(c\/)?[abd]\.yaml(:\d+:\d+)?: /);
        }
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  it('are no service that extends once they are read', () => {
    fc.assert(
      fc.property(TEXT, (a) => {
        const { data } = load({ 'a.yaml': a, 'b.yaml': 'services: {web: {image: b}}', 'c/d.yaml': 'services: ' });
        const services = (data as { services?: Record<string, unknown> } | undefined)?.services ?? {};
        for (const service of Object.values(services)) {
          if (service !== null && typeof service === 'object') expect(service).not.toHaveProperty('extends');
        }
      }),
      { numRuns: 150 },
    );
  }, 60_000);
});
