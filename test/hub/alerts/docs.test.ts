// docs/alerts.md says what is so: its configurations are read as they stand, its tables name every key, and its way to check a
// signature finds those genuine that are.
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rulesOf } from '../../../hub/alerts/config.ts';
import { RECEIVER_KINDS } from '../../../hub/alerts/receivers.ts';
import { createWebhook } from '../../../hub/alerts/send/webhook.ts';
import { schemaText } from '../../../hub/cli/schema.ts';
import { readHubConfig } from '../../../hub/config.ts';
import { startCatcher } from '../../support/catcher.ts';
import { temporaryFolder } from '../../support/machine.ts';
import { alert } from './sample.ts';

const text = readFileSync(join(import.meta.dirname, '../../../docs/alerts.md'), 'utf8');
const blocks = (language: string) =>
  [...text.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))].map(([, block = '']) => block);

test('every configuration is read as it stands, and together they show every kind of receiver', () => {
  const configs = blocks('yaml').map(
    (block) => readHubConfig({ file: { name: 'hub.yaml', text: block }, env: {} }).alerts,
  );
  expect(configs.length).toBeGreaterThan(3);
  const kinds = configs.flatMap(({ receivers }) => Object.values(receivers).flatMap((one) => Object.keys(one)));
  expect([...new Set(kinds)].sort()).toEqual([...RECEIVER_KINDS].sort());
});

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
}

test('every key of a rule and of a route is named, and every rule that is there without a word', () => {
  const { rules, routes } = (JSON.parse(schemaText('hub')) as Schema).properties?.alerts?.properties ?? {};
  const keys = [rules?.additionalProperties, routes?.items].flatMap((one) => Object.keys(one?.properties ?? {}));
  expect(keys.length).toBeGreaterThan(10);
  for (const key of keys) expect(text).toMatch(new RegExp(`\`${key}(: true)?\``));
  for (const { name } of rulesOf({ rules: {} })) expect(text).toContain(`| \`${name}\` |`);
});

test('every key has a description for editors', () => {
  const undescribed = (schema: Schema & { description?: string }, path: string): string[] => [
    ...(schema.description === undefined && !path.endsWith('*') ? [path] : []),
    ...Object.entries(schema.properties ?? {}).flatMap(([key, one]) => undescribed(one, `${path}.${key}`)),
    ...(typeof schema.additionalProperties === 'object' ? undescribed(schema.additionalProperties, `${path}.*`) : []),
    ...(schema.items === undefined ? [] : undescribed(schema.items, `${path}.*`)),
  ];
  expect(undescribed((JSON.parse(schemaText('hub')) as Schema).properties?.alerts ?? {}, 'alerts')).toEqual([]);
});

test('the way to check a signature takes what is genuine, and nothing else', async () => {
  await using folder = await temporaryFolder();
  await using server = await startCatcher();
  const file = join(folder.path, 'check.mjs');
  await writeFile(file, blocks('js').join('\n'));
  const { isGenuine } = (await import(file)) as {
    isGenuine(header: string, body: Buffer, secret: string, nowSeconds: number): boolean;
  };
  const now = Date.now();
  const due = [{ alert: alert(), action: 'firing' as const, after: null }];
  const sender = createWebhook('here', { url: server.url, secret: 'hush' });
  await sender.send({ receiver: 'ops', due, now, hub: 'h', url: null }, AbortSignal.timeout(5_000));
  const [got] = server.caught;
  const header = String(got?.headers['holdfast-signature']);
  const body = got?.body ?? '';
  const seconds = Math.floor(now / 1000);
  expect(isGenuine(header, Buffer.from(body), 'hush', seconds)).toBe(true);
  expect(isGenuine(header, Buffer.from(body), 'other', seconds)).toBe(false);
  expect(isGenuine(header, Buffer.from(`${body} `), 'hush', seconds)).toBe(false);
  expect(isGenuine(header.replace(/t=\d/, 't=3'), Buffer.from(body), 'hush', seconds)).toBe(false);
  expect(isGenuine(header, Buffer.from(body), 'hush', seconds + 301)).toBe(false);
});
