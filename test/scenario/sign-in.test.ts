// The dashboard of a hub that wants tokens, in a real Chromium: what a person without one sees, what a viewer is offered, and what
// is left on the screen once the token is revoked. Needs `npm run build:web` first.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeToken } from '../../hub/access/operators.ts';
import type { Role } from '../../hub/access/roles.ts';
import { createAccess } from '../../hub/store/access.ts';
import { openDatabase } from '../../hub/store/database.ts';
import { type Running, startHub } from '../hub/running.ts';

const DIST = fileURLToPath(new URL('../../hub/web/dist', import.meta.url));

let browser: Browser;
let hub: Running;
let page: Page;
const complaints: string[] = [];

beforeAll(async () => {
  if (!existsSync(`${DIST}/index.html`)) throw new Error('hub/web/dist is not there: run `npm run build:web` first.');
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu'],
  });
  hub = await startHub('', DIST);
  await hub.device('edge-01').then((device) => device.status());
  page = await browser.newPage();
  page.setDefaultTimeout(15_000);
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) complaints.push(message.text());
  });
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await hub?.stop();
}, 30_000);

/** In the hub's store, as `holdfast token … --db` does it. */
async function inStore<T>(work: (access: ReturnType<typeof createAccess>) => Promise<T>): Promise<T> {
  const database = await openDatabase({ url: hub.db });
  try {
    return await work(createAccess(database.db));
  } finally {
    await database.close();
  }
}

const tokenOf = async (name: string, role: Role) => {
  const made = await inStore((access) => makeToken(access, { name, role, by: 'test', lifetime: null }, Date.now()));
  return made?.token ?? '';
};
const reconcile = () => page.getByRole('button', { name: 'Reconcile now' });
const field = () => page.getByLabel('Your token');

async function signIn(token: string): Promise<void> {
  await field().fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

test('a person signs in with a token, is offered what the role may, and signs out', { timeout: 60_000 }, async () => {
  // Without a token in the store nobody is asked for one.
  await page.goto(`${hub.http}/#/`);
  await page.getByText('edge-01').first().waitFor();
  const [viewer, operator] = [await tokenOf('vera', 'viewer'), await tokenOf('olga', 'operator')];
  await page.reload();
  await field().waitFor();
  expect(await page.getByText('edge-01').count()).toBe(0);
  await signIn('hft_wrong');
  await page.getByText('this token does not hold').waitFor();
  await signIn(viewer);
  await page.getByText('edge-01').first().click();
  await page.getByText('Only an operator may ask').waitFor();
  expect(await reconcile().isDisabled()).toBe(true);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await field().waitFor();
  await signIn(operator);
  await reconcile().click();
  await page.getByText(/^Sent\b/).waitFor();
  // Neither the token nor the session can be read by a script.
  const kept = await page.evaluate(
    '[document.cookie, JSON.stringify(localStorage), JSON.stringify(sessionStorage)].join()',
  );
  expect(kept).not.toMatch(/hft_|holdfast_session/);
  await inStore((access) => access.removeToken('olga'));
  await page.reload();
  await field().waitFor();
  expect(complaints).toEqual([]);
});
