// `holdfast plan` where not every app runs what was last applied: rolled back, or waiting for its window.
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commitAll, makeRepository } from '../../../scripts/git-repository.ts';
import { FULL } from '../../agent/mqtt/statuses.ts';
import { holdfast, type TemporaryRepository, temporaryRepository } from './holdfast.ts';

const HOME = 'devices/edge-01';
const NIGHT = 'windows: [ { cron: "0 2 * * *", duration: 1h, time_zone: UTC } ]';
const apps = (more = '') =>
  `apps:\n  - { name: shop, compose: shop.yaml${more} }\n  - { name: till, compose: till.yaml }\n`;
const image = (name: string) => `services: { web: { image: "${name}" } }\n`;

let repo: TemporaryRepository;
let first: string;
let second: string;
beforeAll(async () => {
  repo = await temporaryRepository();
  await makeRepository(repo.folder);
  await declare('shop:1', 'till:1');
  first = `main@sha1:${await commitAll(repo.folder, 'first')}`;
  await declare('shop:2', 'till:2');
  second = `main@sha1:${await commitAll(repo.folder, 'second')}`;
});
afterAll(() => repo.remove());

async function declare(shop: string, till: string, more = ''): Promise<void> {
  await repo.write(`${HOME}/device.yaml`, apps(more));
  await repo.write(`${HOME}/shop.yaml`, image(shop));
  await repo.write(`${HOME}/till.yaml`, image(till));
}

const app = (name: string, revision: string, more: object = {}) => ({
  ...{ name, sync: 'Synced', health: 'Healthy', revision, ...more },
  services: [{ name: 'web', health: 'Healthy', image: 'x', digest: null, restarts: 0 }],
});

async function planned(told: object, ...args: string[]) {
  const file = join(repo.folder, '.status.json');
  const revision = { desired: second, applied: second, last_good: first, signed_by: null };
  await writeFile(file, JSON.stringify({ ...FULL, drift: [], changes: 0, revision, ...told }));
  try {
    const ran = await holdfast(['plan', repo.folder, 'edge-01', '--against', file, ...args], {
      now: () => Date.parse('2026-11-28T12:00:00Z'),
    });
    expect(ran.err).toBe('');
    return ran;
  } finally {
    await rm(file, { force: true });
  }
}

/** `shop/web image: shop:1 → shop:3` */
async function outcome(told: object): Promise<string[]> {
  const { summary } = JSON.parse((await planned(told, '-o', 'json')).out);
  return summary.resources.map(({ name, causes }: { name: string; causes: string[] }) => [name, ...causes].join(' '));
}

const failed = () => ({ revision: second, reason: 'HealthCheckFailed', since: FULL.ts });
const ROLLED_BACK = () => ({ apps: [app('shop', first, { quarantined: failed() }), app('till', second)] });

test('an app that was rolled back is planned from the version that runs', async () => {
  await declare('shop:3', 'till:2');
  expect(await outcome(ROLLED_BACK())).toEqual(['shop/web image: shop:1 → shop:3']);
});

test('what the other apps of such a commit run is not what was last applied whole', async () => {
  await declare('shop:3', 'till:3');
  const revision = { desired: second, applied: first, last_good: first, signed_by: null };
  expect(await outcome({ ...ROLLED_BACK(), changes: 0, revision })).toEqual([
    'shop/web image: shop:1 → shop:3',
    'till/web image: till:2 → till:3',
  ]);
  const midway = { apps: [app('shop', second, { sync: 'OutOfSync' }), app('till', second)], changes: 1, revision };
  expect(await outcome(midway)).toEqual(['shop/web image: shop:1 → shop:3', 'till/web image: till:2 → till:3']);
});

test('a version in quarantine is not tried again, which is said with what to do', async () => {
  await declare('shop:2', 'till:3');
  const ran = await planned(ROLLED_BACK());
  expect(ran.out).toMatch(
    /shop: this version failed as main@\w+ \(HealthCheckFailed\) and is not tried again; main@\w+ stays/,
  );
  expect(ran.out).toContain('holdfast-agent retry shop');
  expect(await outcome(ROLLED_BACK())).toEqual(['till/web image: till:2 → till:3']);
});

test('a change that waits for a window is planned, and the window is named', async () => {
  await declare('shop:3', 'till:2', `, ${NIGHT}`);
  const told = { apps: [app('shop', second), app('till', second)] };
  const ran = await planned(told);
  expect(ran.out).toContain('1 change of shop waits for the window that opens 2026-11-29T02:00');
  expect(await outcome(told)).toEqual(['shop/web image: shop:2 → shop:3']);
});

test('an app that waits for its window runs what it ran before', async () => {
  await declare('shop:3', 'till:2');
  expect(await outcome({ apps: [app('shop', first), app('till', second)] })).toEqual([
    'shop/web image: shop:1 → shop:3',
  ]);
});

test('an app of which the device does not tell is not there yet', async () => {
  await declare('shop:2', 'till:2');
  expect(await outcome({ apps: [app('shop', second)] })).toEqual([
    'network till/default new network',
    'till/web new service',
  ]);
});

test('what was found inside containers plans nothing', async () => {
  await declare('shop:2', 'till:2');
  const inside = { resource: 'service:shop/web', kind: 'unexpected', desired: null, since: FULL.ts };
  const drift = ['files', 'exec'].map((field) => ({ ...inside, field, observed: ['A /www/x'] }));
  const ran = await planned({ apps: [app('shop', second), app('till', second)], drift });
  expect(ran).toMatchObject({ exit: 0, out: expect.stringContaining('Nothing to do.') });
});

test('a suspended app is planned nothing, which is said', async () => {
  await declare('shop:3', 'till:2', ', suspend: true');
  const ran = await planned({ apps: [app('shop', second), app('till', second)] });
  expect(ran.exit).toBe(0);
  expect(ran.out).toContain('shop is suspended (suspend: true): left as found');
});
