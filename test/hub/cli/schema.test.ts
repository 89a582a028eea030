import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { SCHEMA_NAMES, schemaText } from '../../../hub/cli/schema.ts';
import { holdfast, type TemporaryRepository, temporaryRepository } from './holdfast.ts';

let repo: TemporaryRepository;
beforeEach(async () => {
  repo = await temporaryRepository();
});
afterEach(() => repo.remove());

interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
}

const schemaOf = (name: (typeof SCHEMA_NAMES)[number]) => JSON.parse(schemaText(name)) as Schema;

/** Paths of keys without a description. */
function undescribed(schema: Schema, path = ''): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, inner]) => [
    ...(inner.description === undefined ? [path + key] : []),
    ...undescribed(inner, `${path}${key}.`),
  ]);
}

test.each(SCHEMA_NAMES)('the schema of %s says something of every key', (name) => {
  expect(Object.keys(schemaOf(name).properties ?? {}).length).toBeGreaterThan(3);
  expect(undescribed(schemaOf(name))).toEqual([]);
});

describe('the schemas of programs', () => {
  const ajv = new Ajv({ allowUnionTypes: true });
  test.each([
    ['agent', 'source: {url: https://git.example.com/acme/fleet.git}', true],
    ['agent', 'device: edge-01\nsource: {url: /srv/fleet, interval: 5m}\nlimits: {source_bytes: 64MiB}', true],
    ['agent', 'device: edge-01', false],
    ['agent', 'source: {url: x}\nsorce: {}', false],
    ['agent', 'device: Edge 01\nsource: {url: x}', false],
    ['hub', '{}', true],
    ['hub', 'http: {port: 80}\nstale_after: 5m', true],
    ['hub', 'http: {port: many}', false],
  ] as const)('%s: %s', (name, text, isRight) => {
    expect(ajv.compile(schemaOf(name))(parse(text))).toBe(isRight);
  });
});

test('one is printed; without a name, what there is', async () => {
  const { exit, out } = await holdfast(['schema', 'fleet']);
  expect({ exit, title: (JSON.parse(out) as { title: string }).title }).toEqual({
    exit: 0,
    title: 'Holdfast fleet.yaml',
  });
  const list = await holdfast(['schema']);
  expect(list.exit).toBe(0);
  for (const name of SCHEMA_NAMES) expect(list.out).toMatch(new RegExp(`^${name} `, 'm'));
});

test('--write puts one or all of them into a folder', async () => {
  const folder = join(repo.folder, 'schemas');
  await holdfast(['schema', 'hub', '--write', folder]);
  expect(await readdir(folder)).toEqual(['hub.schema.json']);
  const { exit, out } = await holdfast(['schema', '--write', folder]);
  expect({ exit, lines: out.trim().split('\n').length }).toEqual({ exit: 0, lines: 4 });
  for (const name of SCHEMA_NAMES)
    expect(await readFile(join(folder, `${name}.schema.json`), 'utf8')).toBe(schemaText(name));
});

test('what is no schema, and a folder that cannot be written, are said', async () => {
  expect(await holdfast(['schema', 'compose'])).toMatchObject({
    exit: 2,
    err: expect.stringContaining('there are device'),
  });
  await repo.write('file', '');
  const { exit, err } = await holdfast(['schema', '--write', join(repo.folder, 'file')]);
  expect({ exit, err }).toEqual({ exit: 2, err: expect.stringContaining('cannot write') });
});
