import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { APP_KEYS } from '../../../fleet/repo/app-keys.ts';
import { resolveDevice } from '../../../fleet/repo/resolve.ts';
import {
  APP_PROPERTIES,
  DEVICE_PROPERTIES,
  DEVICE_SCHEMA,
  FLEET_PROPERTIES,
  FLEET_SCHEMA,
  GROUP_PROPERTIES,
} from '../../../fleet/repo/schema.ts';
import { DEVICE_KEYS, FLEET_KEYS, GROUP_KEYS } from '../../../fleet/repo/settings.ts';
import { CLOSED, FOLDER, REVISION, textOf, web } from './resolving.ts';
import { treeOf } from './tree.ts';

const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
const isDevice = ajv.compile(DEVICE_SCHEMA);
const isFleet = ajv.compile(FLEET_SCHEMA);

it.each([
  ['an app', APP_PROPERTIES, APP_KEYS],
  ['a group', GROUP_PROPERTIES, GROUP_KEYS],
  ['fleet.yaml', FLEET_PROPERTIES, FLEET_KEYS],
  ['device.yaml', DEVICE_PROPERTIES, DEVICE_KEYS],
] as const)('the schema of %s has the keys that are read, each with a text', (_name, properties, keys) => {
  expect(Object.keys(properties).sort()).toEqual(Object.keys(keys).sort());
  for (const { description } of Object.values(properties)) expect(description).toMatch(/^.{10,}\.$/);
});

it('accepts the example', () => {
  const example = (path: string) =>
    parse(readFileSync(join(import.meta.dirname, '../../../fleet/example', path), 'utf8')) as unknown;
  expect(isFleet(example('fleet.yaml')), JSON.stringify(isFleet.errors)).toBe(true);
  expect(isDevice(example('devices/edge-01/device.yaml')), JSON.stringify(isDevice.errors)).toBe(true);
});

/** Does the reader take it? Everything that files may name is there. */
function reads(file: 'device' | 'fleet', text: string): boolean {
  const others = file === 'fleet' ? { [`${FOLDER}/compose.yaml`]: web('') } : {};
  const path = file === 'fleet' ? 'fleet.yaml' : `${FOLDER}/device.yaml`;
  const tree = treeOf({
    'apps/kiosk/compose.yaml': web(''),
    [`${FOLDER}/compose.yaml`]: web(''),
    [`${FOLDER}/a.yaml`]: web(''),
    [`${FOLDER}/a.env`]: 'A=1',
    'a.yaml': web(''),
    ...others,
    [path]: text,
  });
  const resolution = resolveDevice({ device: 'edge-01', path: FOLDER, revision: REVISION, tree, ...CLOSED });
  if (resolution.kind === 'needs') throw new Error(textOf(resolution));
  return resolution.kind === 'resolved';
}

describe.each(['device', 'fleet'] as const)('%s.yaml: the schema and the reader agree on', (file) => {
  const check = file === 'device' ? isDevice : isFleet;
  const common = [
    ['{}', true],
    ['labels: {site: berlin, rack: 7, spare: true, old: }', true],
    ['labels: [site=berlin]', true],
    ['labels: site', false],
    ['labels: {site: [a]}', false],
    ['interval: 1h30m', true],
    ['interval: 1.5h', true],
    ['interval: 60', false],
    ['interval: soon', false],
    ['drift: warn', true],
    ['drift: ignore', false],
    ['drift: {default: warn, correct: [services.web.image], warn: ["networks.*"], ignore: [], inside: 10m}', true],
    ['drift: {default: ignore}', false],
    ['drift: {warn: services.web.image}', false],
    ['drift: {inside: 10}', false],
    ['drift: {files: report}', false],
    ['windows: []', true],
    ['windows: [{cron: "0 2 * * *", duration: 2h}]', true],
    ['windows: [{cron: "0 2 * * *", duration: 2h, time_zone: Europe/Berlin}]', true],
    ['windows: {cron: "0 2 * * *", duration: 2h}', false],
    ['windows: [{cron: "0 2 * * *"}]', false],
    ['windows: [{duration: 2h}]', false],
    ['windows: [{cron: 2, duration: 2h}]', false],
    ['windows: [{cron: "0 2 * * *", duration: 2h, zone: UTC}]', false],
    ['env: {TZ: Europe/Berlin, N: 1}', true],
    ['env: [TZ=UTC]', true],
    ['env: {A: {b: c}}', false],
    ['x-notes: {any: thing}', true],
    ['unknown: 1', false],
  ] as const;
  const app = [
    ['kiosk', true],
    ['{name: kiosk}', true],
    ['{name: kiosk, enabled: true}', true],
    ['{name: kiosk, compose: a.yaml}', true],
    ['{name: kiosk, compose: [a.yaml], x-mine: 1}', true],
    ['{name: kiosk, env: {A: 1}, profiles: debug, ignore: [a.b], drift: warn, rollback: false, suspend: true}', true],
    ['{name: kiosk, windows: [{cron: "0 2 * * *", duration: 2h}]}', true],
    ['{name: kiosk, strategy: stop-first, health_timeout: 2m, depends_on: []}', true],
    ['Kiosk', false],
    ['7', false],
    ['{compose: a.yaml}', false],
    ['{name: }', false],
    ['{name: kiosk, compose: []}', false],
    ['{name: kiosk, compose: ""}', false],
    ['{name: kiosk, enabled: maybe}', false],
    ['{name: kiosk, profiles: [7]}', false],
    ['{name: kiosk, strategy: recreate}', false],
    ['{name: kiosk, health_timeout: 10}', false],
    ['{name: kiosk, ignore: a}', false],
    ['{name: kiosk, depends_on: {a: b}}', false],
    ['{name: kiosk, image: nginx}', false],
  ] as const;
  const own =
    file === 'device'
      ? [
          ['suspend: true', true] as const,
          ['suspend: 1', false] as const,
          ['groups: []', false] as const,
          ['apps: {kiosk: {}}', false] as const,
          ['apps: [{name: kiosk, compose: a.yaml, env_files: a.env}]', true] as const,
          ...app.map(([one, isRight]) => [`apps: [${one}]`, isRight] as const),
        ]
      : [
          ['suspend: true', false] as const,
          ['apps: []', false] as const,
          ['groups: []', true] as const,
          ['groups: {a: {}}', false] as const,
          ['groups: [{name: a, selector: {site: berlin, ring: [a, 7, true]}, suspend: true}]', true] as const,
          ['groups: [{name: a, selector: "site=berlin", interval: 5m, drift: warn, env: [A=1]}]', true] as const,
          ['groups: [{name: a, selector: }]', false] as const,
          ['groups: [{name: a}]', false] as const,
          ['groups: [{selector: {}}]', false] as const,
          ['groups: [{name: a b, selector: {}}]', false] as const,
          ['groups: [{name: a, selector: {site: []}}]', false] as const,
          ['groups: [{name: a, selector: {}, labels: {a: b}}]', false] as const,
          ...app.map(([one, isRight]) => [`groups: [{name: a, selector: {}, apps: [${one}]}]`, isRight] as const),
        ];
  it.each([...common, ...own])('%s: %s', (text, isRight) => {
    expect({ reader: reads(file, text), schema: check(parse(text)) }).toEqual({ reader: isRight, schema: isRight });
  });
});
