import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStore } from '../../../hub/store/store.ts';
import { accessTests } from './access-tests.ts';
import { alertTests } from './alert-tests.ts';
import { storeTests } from './store-tests.ts';

let folder: string;
let made = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-store-'));
});
afterAll(() => rm(folder, { recursive: true }));

storeTests(async () => join(folder, `${++made}.db`));
accessTests(async () => join(folder, `${++made}.db`));
alertTests(async () => join(folder, `${++made}.db`));

test('a store in a folder that is not there says what to do', async () => {
  const open = openStore({ url: join(folder, 'nowhere', 'hub.db') });
  await expect(open).rejects.toThrow(/cannot open the store .*store\.path/);
});
