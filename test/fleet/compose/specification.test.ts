// The tables of docs/compose.md against the specification's schema, which says what keys there are, and against the loader,
// which says what becomes of each.
import { expect, test } from 'vitest';
import { FOLDER, resolveFiles, textOf } from '../repo/resolving.ts';
import { type Documented, documented } from './specification/documented.ts';
import { FILES, type Sample, SHOWN_ELSEWHERE, sampleOf } from './specification/samples.ts';
import { type Group, SPECIFIED } from './specification/schema-keys.ts';

const GROUPS = Object.keys(SPECIFIED) as Group[];
const ROWS = GROUPS.flatMap((group) =>
  documented(group).map((row): [string, Group, Documented] => [row.key, group, row]),
);

test.each(GROUPS)('%s: every key of the specification has one row, and nothing else has one', (group) => {
  const rows = documented(group);
  const aside = rows.filter(({ status }) => status === 'warned' || status === 'refused').map(({ key }) => key);
  const isBelowAside = (key: string) => aside.some((parent) => key.startsWith(`${parent}.`));
  expect(rows.map(({ key }) => key).sort()).toEqual(SPECIFIED[group].filter((key) => !isBelowAside(key)).sort());
});

test.each(ROWS.filter(([key, group]) => !SHOWN_ELSEWHERE.has(`${group} ${key}`)))(
  '%s (%s) does what its row says',
  (key, group, { status, code }) => {
    const sample = sampleOf(group, key);
    const [before, after] = [resolve(group, sample.before), resolve(group, sample.after)];
    if (before.kind !== 'resolved') throw new Error(textOf(before));
    if (status === 'refused') {
      expect(after.kind).toBe('invalid');
      expect(textOf(after)).toContain(key.split('.').at(-1));
      return;
    }
    if (after.kind !== 'resolved') throw new Error(textOf(after));
    // Secrets of samples lie in the clear.
    const known = ['secret-in-clear', ...before.warnings.map((warning) => warning.code)];
    const codes = after.warnings.map((warning) => warning.code).filter((one) => !known.includes(one));
    expect(codes, textOf(after)).toEqual(status === 'warned' ? [code] : []);
    if (status === 'supported') expect(after.desired.apps).not.toEqual(before.desired.apps);
    if (status === 'accepted') expect(after.desired.apps).toEqual(before.desired.apps);
  },
);

type Document = Readonly<Record<string, unknown>>;

/** What other parts of a sample's document may speak of. */
const OTHER = { image: 'nginx:1.27', labels: { a: '1' } };
const BASE: Readonly<Record<string, Document>> = {
  networks: { front: {} },
  volumes: { data: {} },
  configs: { site: { content: 'some' } },
};
const SECRETS = { key: { file: 'key.txt' } };

/** The document that a fragment makes, on a device with what samples speak of. */
function resolve(group: Group, fragment: Sample['after']) {
  return resolveFiles({
    ...Object.fromEntries(Object.entries(FILES).map(([path, text]) => [`${FOLDER}/${path}`, text])),
    'device.yaml': 'apps: [ { name: kiosk, compose: compose.yaml } ]\n',
    'compose.yaml': JSON.stringify(documentOf(group, fragment)),
  });
}

function documentOf(group: Group, fragment: Sample['after']): Document {
  const web = (parts: Document) => ({ services: { web: { image: 'nginx:1.27', ...parts }, other: OTHER } });
  switch (group) {
    case 'Services':
    case 'Deploy':
      return { ...BASE, ...('secrets' in fragment ? { secrets: SECRETS } : {}), ...web(fragment) };
    case 'Networks':
      return { ...web({ networks: ['front'] }), networks: { front: fragment } };
    case 'Volumes':
      return { ...web({ volumes: ['data:/data'] }), volumes: { data: fragment } };
    case 'Configs':
      return { ...web({ configs: ['site'] }), configs: { site: fragment } };
    case 'Secrets':
      return { ...web({ secrets: ['key'] }), secrets: { key: fragment } };
    case 'Top level': {
      const base: Document = { ...BASE, ...web({ networks: ['front'], volumes: ['data:/data'], configs: ['site'] }) };
      const withSecrets = 'secrets' in fragment ? { ...base, ...web({ secrets: ['key'] }), secrets: SECRETS } : base;
      return { ...withSecrets, ...merged(withSecrets, fragment) };
    }
  }
}

/** Maps over maps; anything else as it is. */
function merged(base: Document, over: Document): Document {
  const isMap = (value: unknown): value is Document =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  return Object.fromEntries(
    Object.entries(over).map(([key, value]) => {
      const under = base[key];
      return [key, isMap(value) && isMap(under) ? { ...under, ...value } : value];
    }),
  );
}
