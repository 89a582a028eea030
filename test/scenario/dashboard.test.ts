// The dashboard in a real Chromium, against a hub with a made-up fleet, under its Content-Security-Policy.
// Needs `npm run build:web` first.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FixtureHub, startFixtureHub } from '../hub/web/fixture-hub.ts';

const DIST = fileURLToPath(new URL('../../hub/web/dist', import.meta.url));
const FIRST_LOAD_BYTES = 60 * 1024;
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

let browser: Browser;

beforeAll(async () => {
  if (!existsSync(`${DIST}/index.html`)) throw new Error('hub/web/dist is not there: run `npm run build:web` first.');
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS });
}, 30_000);

afterAll(async () => {
  await browser?.close();
}, 30_000);

test('the first load stays small, and nothing in it is inline or from elsewhere', () => {
  const index = readFileSync(`${DIST}/index.html`, 'utf8');
  const assets = readdirSync(`${DIST}/assets`).map((name) => readFileSync(`${DIST}/assets/${name}`));
  const bytes = [Buffer.from(index), ...assets].reduce((sum, file) => sum + gzipSync(file).length, 0);
  expect(assets.length).toBeGreaterThan(1);
  expect(bytes).toBeLessThanOrEqual(FIRST_LOAD_BYTES);
  expect(index).not.toMatch(/<script(?![^>]* src=)|<style| style=|https?:\/\//);
});

describe('with a fleet of 200', { timeout: 60_000 }, () => {
  let hub: FixtureHub;
  let page: Page;
  let complaints: string[];

  beforeEach(async () => {
    hub = await startFixtureHub({ dist: DIST, devices: 200 });
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.setDefaultTimeout(15_000);
    complaints = listen(page, hub.url);
  }, 30_000);

  afterEach(async ({ task }) => {
    // What the page says about itself is what explains a failure.
    if (task.result?.state === 'fail') {
      console.error(page.url(), complaints, await page.evaluate('document.body.innerHTML.slice(0, 4000)'));
    }
    await page.close();
    await hub.stop();
  }, 30_000);

  test('from the fleet, worst first, one click leads to the drift of a device, declared beside live', async () => {
    await page.goto(hub.url);
    const rows = page.getByRole('table', { name: 'Devices, worst first' }).locator('tbody tr');
    await rows.first().waitFor();
    expect(await rows.count()).toBe(100);
    expect(await textOf(rows.first())).toMatch(/edge-001[\s\S]*Degraded[\s\S]*OutOfSync[\s\S]*DriftDetected/);

    await page.getByRole('link', { name: 'edge-001' }).click();
    const drift = page.getByRole('row').filter({ hasText: 'environment.TZ' });
    await drift.waitFor();
    expect(await textOf(drift.locator('.side-declared'))).toMatch(/^declared\s*Europe\/Berlin$/);
    expect(await textOf(drift.locator('.side-live'))).toMatch(/^live\s*UTC$/);
    expect(await page.title()).toBe('edge-001 · Holdfast');
    expect(complaints).toEqual([]);
  });

  test('what the stream says appears without a reload', async () => {
    await page.goto(hub.url);
    const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: 'edge-001', exact: true }) });
    await row.waitFor();
    await until(() => hub.streams() === 1);
    const [first] = hub.devices;
    if (first === undefined) throw new Error('The fixture has no device.');
    const message = 'kiosk/web is healthy again <img src=x onerror=alert(1)>';
    hub.say('device', { ...first, last_seen: new Date().toISOString(), message, drift: 7 });
    await row.filter({ hasText: message }).waitFor();
    expect(await textOf(row.locator('.cell-drift'))).toMatch(/^7\b/);
    expect(await page.locator('main img').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test('a filter lives in the URL, and a count in the summary sets it', async () => {
    await page.goto(`${hub.url}/#/?q=edge-0`);
    await page
      .getByRole('region', { name: 'The fleet in numbers' })
      .getByRole('link', { name: /Missing/ })
      .click();
    await page.waitForURL(/health=Missing/);
    const rows = page.locator('.device-table tbody tr');
    await until(async () => (await rows.count()) === 1);
    expect(await textOf(rows.first())).toContain('edge-004');
    await page.getByRole('searchbox', { name: 'Search devices' }).fill('no such device');
    await page.getByText('No device matches.').waitFor();
    expect(page.url()).toContain('q=no+such+device');
    expect(complaints).toEqual([]);
  });

  test('the next page of devices is one click away', async () => {
    await page.goto(hub.url);
    await page.getByRole('button', { name: 'Show more' }).click();
    await until(async () => (await page.locator('.device-table tbody tr').count()) === 200);
    await page.getByRole('button', { name: 'Show more' }).waitFor({ state: 'detached' });
    expect(complaints).toEqual([]);
  });

  test('a diagnostic keeps its caret under its column', async () => {
    await page.goto(`${hub.url}/#/devices/edge-002`);
    const diagnostic = page.locator('.condition .diagnostic');
    const lines = (await textOf(diagnostic)).split('\n');
    expect(lines[1]?.indexOf('prots')).toBe(lines[2]?.indexOf('^^^^^'));
    const space = 'getComputedStyle(document.querySelector(".diagnostic")).whiteSpace';
    expect(await page.evaluate(space)).toBe('pre');
    await page.getByText('holdfast validate').waitFor();
    expect(complaints).toEqual([]);
  });

  test('"Reconcile now" sends the hint and says so', async () => {
    await page.goto(`${hub.url}/#/devices/edge-003`);
    await page.getByRole('button', { name: 'Reconcile now' }).click();
    await page.getByText('Sent. What the agent does shows up below.').waitFor();
    expect(hub.hints).toEqual(['edge-003']);
    expect(complaints).toEqual([]);
  });

  test('events come in live and only those of the chosen severity are shown', async () => {
    await page.goto(`${hub.url}/#/events?severity=error`);
    await page.locator('.event').first().waitFor();
    await until(() => hub.streams() === 1);
    const ts = new Date().toISOString();
    const about = { fleet: 'acme', device: 'edge-150', ts, received: ts, revision: null, resource: null };
    hub.say('event', { ...about, id: 9001, severity: 'info', reason: 'Online', message: 'quiet one' });
    hub.say('event', { ...about, id: 9002, severity: 'error', reason: 'DiskPressure', message: 'loud one' });
    await page.locator('.event').filter({ hasText: 'loud one' }).waitFor();
    expect(await page.getByText('quiet one').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test('drift of the fleet is grouped, and a group leads to its members', async () => {
    await page.goto(`${hub.url}/#/drift`);
    await page.getByRole('link', { name: 'mem_limit', exact: true }).click();
    const rows = page.locator('.drift-table tbody tr');
    await until(async () => (await rows.count()) === 2);
    expect(await textOf(rows.first())).toMatch(/edge-001[\s\S]*mem_limit[\s\S]*268435456[\s\S]*not set/);
    expect(complaints).toEqual([]);
  });

  test('a hub that goes away is said to be away, and is found again when it is back', async () => {
    await page.goto(hub.url);
    await page.getByText('Live', { exact: true }).waitFor();
    hub.sleep();
    await page.getByText('The hub cannot be reached.').waitFor();
    expect(await textOf(page.getByRole('alert'))).toMatch(/What you see is from \d\d:\d\d:\d\d/);
    expect(await page.locator('.device-table tbody tr').count()).toBe(100);
    hub.wake();
    await page.getByRole('button', { name: 'Try now' }).click();
    await page.getByText('Live', { exact: true }).waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
  });

  test.each(['#/', '#/devices/edge-001', '#/devices/edge-002', '#/events', '#/drift', '#/drift?by=each'])(
    'a phone of 360 px shows %s without scrolling sideways',
    async (place) => {
      await page.setViewportSize({ width: 360, height: 740 });
      await page.goto(`${hub.url}/${place}`);
      await page.locator('main .panel').first().waitFor();
      await page.getByRole('status').filter({ hasText: 'Loading' }).waitFor({ state: 'detached' });
      expect(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')).toBe(
        0,
      );
      expect(complaints).toEqual([]);
    },
  );

  test('who prefers dark gets dark', async () => {
    const ground = 'getComputedStyle(document.documentElement).backgroundColor';
    await page.emulateMedia({ colorScheme: 'light' });
    await page.goto(hub.url);
    await page.locator('.device-table').waitFor();
    const light = await page.evaluate(ground);
    await page.emulateMedia({ colorScheme: 'dark' });
    await until(async () => (await page.evaluate(ground)) !== light);
    expect(brightness(String(light))).toBeGreaterThan(200);
    expect(brightness(String(await page.evaluate(ground)))).toBeLessThan(40);
    expect(complaints).toEqual([]);
  });

  test('the keyboard reaches the content past the header, and what has the focus shows it', async () => {
    await page.goto(hub.url);
    await page.locator('.device-table').waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.tagName')).toBe('MAIN');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
  });
});

test('an empty fleet says the exact next command, and the first device appears by itself', {
  timeout: 60_000,
}, async () => {
  const hub = await startFixtureHub({ dist: DIST, devices: 0 });
  const page = await browser.newPage();
  const complaints = listen(page, hub.url);
  try {
    await page.goto(hub.url);
    await page.getByText('holdfast-agent run --config /etc/holdfast/agent.yaml', { exact: true }).waitFor();
    await page.getByText('url: mqtt://127.0.0.1:1883').waitFor();
    await until(() => hub.streams() === 1);
    const other = await startFixtureHub({ dist: DIST, devices: 1 });
    hub.devices.push(...other.devices);
    const summary = (await (await fetch(`${other.url}/api/v1/summary`)).json()) as Parameters<
      typeof hub.say<'summary'>
    >[1];
    await other.stop();
    hub.say('summary', summary);
    await page.getByRole('link', { name: 'edge-001', exact: true }).waitFor();
    expect(complaints).toEqual([]);
  } finally {
    await page.close();
    await hub.stop();
  }
});

/** Everything that a page complains about: errors, warnings, policy violations, requests to elsewhere. */
function listen(page: Page, home: string): string[] {
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith(`${home}/`)) complaints.push(`request to ${request.url()}`);
  });
  return complaints;
}

async function textOf(locator: Locator): Promise<string> {
  return (await locator.textContent()) ?? '';
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  await expect.poll(holds, { timeout: 15_000 }).toBe(true);
}

/** Mean of `rgb(r, g, b)`. */
function brightness(colour: string): number {
  const parts = (colour.match(/\d+/g) ?? []).slice(0, 3).map(Number);
  return parts.reduce((sum, part) => sum + part, 0) / Math.max(1, parts.length);
}
