// The examples of README and docs are right: each YAML file of theirs is checked against its schema and by the program that
// reads it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { agentConfigSchema } from '../fleet/config/agent.ts';
import { readConfig } from '../fleet/config/read.ts';
import type { SecretFile } from '../fleet/model/secret-file.ts';
import { resolveDevice } from '../fleet/repo/resolve.ts';
import { AGENT_DESCRIPTIONS } from '../hub/cli/schema/descriptions.ts';
import { schemaText } from '../hub/cli/schema.ts';
import { readHubConfig } from '../hub/config.ts';
import { REVISION, textOf, web } from './fleet/repo/resolving.ts';
import { treeOf } from './fleet/repo/tree.ts';

type Kind = 'agent' | 'device' | 'fleet' | 'compose' | 'hub';

interface Example {
  readonly from: string;
  readonly kind: Kind;
  readonly text: string;
}

const TOP = join(import.meta.dirname, '..');
/** A public key, where the text has `age1…`. */
const RECIPIENT = `age1${'q'.repeat(58)}`;
const SOURCE = 'source: { url: "https://git.example.com/acme/fleet.git" }\n';

const pages = ['README.md', ...readdirSync(join(TOP, 'docs')).map((name) => `docs/${name}`)].filter((page) =>
  page.endsWith('.md'),
);
const examples = pages.flatMap(examplesOf);

/** A block holds one file, or several with their names above them; one without a name is part of a file. */
function examplesOf(page: string): Example[] {
  const text = readFileSync(join(TOP, page), 'utf8');
  return [...text.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].flatMap(([, block = ''], index) => {
    const files = block.replaceAll('age1…', RECIPIENT).split(/^(?=# \S*\.yaml$)/m);
    return files
      .filter((file) => parse(file) !== null)
      .map((file, part) => ({ from: `${page} ${index + 1}.${part + 1}`, kind: kindOf(file), text: file }));
  });
}

function kindOf(text: string): Kind {
  const [, named] = /^# (?:\S*\/)?(agent|device|fleet|compose|hub)\.yaml$/m.exec(text) ?? [];
  if (named !== undefined) return named as Kind;
  return /^services:/m.test(text) ? 'compose' : 'agent';
}

const of = (kind: Kind) =>
  examples.filter((example) => example.kind === kind).map((each) => [each.from, each.text] as const);

it('every kind of file has examples', () => {
  expect(new Set(examples.map(({ kind }) => kind))).toEqual(new Set(['agent', 'device', 'fleet', 'compose', 'hub']));
  expect(examples.length).toBeGreaterThan(10);
});

function fits(name: 'agent' | 'device' | 'fleet', text: string): void {
  const check = new Ajv({ allowUnionTypes: true, allErrors: true }).compile(JSON.parse(schemaText(name)));
  expect(check(parse(text)), JSON.stringify(check.errors)).toBe(true);
}

describe('agent.yaml', () => {
  it.each(of('agent'))('%s', (_, text) => {
    const file = `${/^device:/m.test(text) ? '' : 'device: edge-01\n'}${/^source:/m.test(text) ? '' : SOURCE}${text}`;
    fits('agent', file);
    const input = { file: { name: 'agent.yaml', text: file }, env: {}, prefix: 'HOLDFAST_' };
    expect(readConfig(agentConfigSchema, input).device).toBe('edge-01');
  });
});

it('docs/agent.md names every key of agent.yaml, those of the policy aside', () => {
  const text = readFileSync(join(TOP, 'docs/agent.md'), 'utf8');
  const keys = Object.keys(AGENT_DESCRIPTIONS).filter((key) => !key.startsWith('policy.'));
  const names = keys.map((key) => key.slice(key.lastIndexOf('.') + 1));
  expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(text))).toEqual([]);
  expect(keys).toContain('limits.disk_reserve');
});

const SECRETS: SecretFile = {
  kind: 'open',
  values: new Map(['db_password', 'tls.cert', 'API_TOKEN'].map((name) => [name, { text: 'x', encrypted: true }])),
  whole: 'eA==',
};

/** What is said of a repository with these files, in which everything is there that examples name. */
function saidOf(files: Readonly<Record<string, string>>): string {
  const folder = 'devices/edge-01';
  const shared = ['kiosk', 'meter', 'gateway', 'sign'].map((app) => [`apps/${app}/compose.yaml`, web('')] as const);
  const sops = ['kiosk.sops.yaml', 'license.sops'].map((name) => [`${folder}/${name}`, 'sealed'] as const);
  const overrides = ['kiosk', 'sign'].map((app) => [`${folder}/${app}.override.yaml`, 'x-nothing: 1\n'] as const);
  const own = Object.entries(files).map(
    ([path, text]) => [path.includes('.') && path !== 'fleet.yaml' ? `${folder}/${path}` : path, text] as const,
  );
  const tree = treeOf(
    Object.fromEntries([[`${folder}/compose.yaml`, web('')], ...shared, ...sops, ...overrides, ...own]),
  );
  const secrets = new Map(sops.map(([path]) => [path, SECRETS]));
  return textOf(resolveDevice({ device: 'edge-01', path: folder, revision: REVISION, tree, secrets, salt: 's' }));
}

describe('hub.yaml', () => {
  it.each(of('hub'))('%s', (_, text) => {
    expect(() => readHubConfig({ file: { name: 'hub.yaml', text }, env: {} })).not.toThrow();
  });
});

describe('device.yaml', () => {
  it.each(of('device'))('%s', (_, text) => {
    fits('device', text);
    const groups = 'groups: [{ name: all, selector: {}, apps: [ kiosk, meter ] }]\n';
    expect(saidOf({ 'device.yaml': text, 'fleet.yaml': groups })).toBe('');
  });
});

describe('fleet.yaml', () => {
  it.each(of('fleet'))('%s', (_, text) => {
    fits('fleet', text);
    expect(saidOf({ 'fleet.yaml': text, 'device.yaml': 'labels: { role: kiosk, ring: beta }\n' })).toBe('');
  });
});

describe('compose.yaml', () => {
  it.each(of('compose'))('%s', (_, text) => {
    const device = 'apps: [{ name: own, compose: compose.yaml, secrets: [ kiosk.sops.yaml ] }]\n';
    const whole = text.replace(/^( {2}\w+:)$/m, '$1\n    image: nginx:1.29');
    expect(saidOf({ 'device.yaml': device, 'compose.yaml': whole })).toBe('');
  });
});
