import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { agentConfigSchema } from '../../../fleet/config/agent.ts';
import { policySchema } from '../../../fleet/config/policy.ts';

const page = readFileSync('docs/policy.md', 'utf8');

it('every key of the policy has its row in docs/policy.md, with the default that it has', () => {
  const rows = [...page.matchAll(/^\| `(\w+)` \| (?:`([^`]+)`|any) \|/gm)];
  const defaults = policySchema.parse({});
  expect(rows.map(([, key]) => key)).toEqual(Object.keys(policySchema.shape));
  for (const [, key = '', value] of rows) {
    if (value !== undefined) expect(defaults[key as keyof typeof defaults], key).toEqual(parse(value));
  }
});

it('every example of docs/policy.md is a policy', () => {
  const examples = [...page.matchAll(/```yaml\n([^`]+)```/g)].map(([, text = '']) => parse(text) as object);
  expect(examples.length).toBeGreaterThan(1);
  for (const example of examples)
    expect(() => agentConfigSchema.parse({ device: 'a', source: { url: 'x' }, ...example })).not.toThrow();
});
