import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { APP_PROPERTIES } from '../../../fleet/repo/schema.ts';

const text = readFileSync(join(import.meta.dirname, '../../../docs/fleet-repository.md'), 'utf8');

describe('docs/fleet-repository.md', () => {
  it('names every key of an app', () => {
    const table = text.slice(text.indexOf('| key of an app'), text.indexOf('Paths count'));
    for (const key of Object.keys(APP_PROPERTIES)) expect(table).toContain(`\`${key}\``);
  });
});
