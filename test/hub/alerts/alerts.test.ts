// The shell: when a hub judges at all, and what it does not hold against devices. Real store, a clock of the test's own.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAlerts } from '../../../hub/alerts/alerts.ts';
import { alertsSchema } from '../../../hub/alerts/config.ts';
import { createAlertStore } from '../../../hub/store/alerts.ts';
import { openStore, type Store } from '../../../hub/store/store.ts';
import { type Catcher, startCatcher } from '../../support/catcher.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/machine.ts';
import { until } from '../running.ts';
import { boardOf, item, START } from '../sample.ts';
import { MINUTE, min } from './sample.ts';

/** Shorter than any that hub.yaml may have. */
const LOOK_MS = 5;

let folder: TemporaryFolder;
let store: Store;
let receiver: Catcher;
beforeEach(async () => {
  folder = await temporaryFolder();
  receiver = await startCatcher();
  store = await openStore({ url: `${folder.path}/hub.db` });
});
afterEach(async () => {
  await store.close();
  await receiver[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const logged: string[] = [];
const write = (fields: object, message: string) => void logged.push(`${message} ${JSON.stringify(fields)}`);
const log = { debug: write, info: write, warn: write, error: write };

interface World {
  now: number;
  since: number | null;
}

/** A hub that sees one device, away since the start. */
function start(world: World, receivers: object = {}, id = 'hub-1') {
  let looks = 0;
  const alerts = createAlerts({
    config: { ...alertsSchema.parse({ receivers, routes: [] }), interval: LOOK_MS },
    ...{ id, store, board: boardOf([item('edge-01', { presence: 'offline' })]) },
    ...{ listeningSince: () => world.since, now: () => world.now, random: () => 0, log },
    onChange: () => void looks++,
    onSent: () => undefined,
  });
  /** Settles after a whole look that began from now on. */
  const looked = async () => {
    const seen = looks;
    await until(
      async () => looks,
      (count) => count >= seen + 2,
    );
  };
  return { alerts, looked };
}
const firing = async () => (await createAlertStore(store.database).firing()).map(({ rule }) => rule);
const another = (now: number) => store.takeLease({ name: 'alerts', holder: 'hub-2', durationMs: 1_000, now });

describe('a hub', () => {
  test('that has just begun to listen waits for the time of the rule', async () => {
    const world: World = { now: min(60), since: min(60) };
    const { alerts, looked } = start(world);
    await alerts.start();
    world.now = min(74);
    await looked();
    expect(await firing()).toEqual([]);
    world.now = min(75);
    await looked();
    expect(await firing()).toEqual(['offline']);
    expect(await another(world.now)).toBe(false);
    await alerts.stop();
    expect(await another(world.now)).toBe(true);
  });

  test('that does not hear the devices judges nothing, leaves it to others, and begins anew afterwards', async () => {
    const world: World = { now: min(10), since: min(0) };
    const { alerts, looked } = start(world);
    await alerts.start();
    await looked();
    world.since = null;
    world.now = min(20);
    await looked();
    expect(await firing()).toEqual([]);
    expect(await another(world.now)).toBe(true);
    world.since = min(21);
    world.now = min(30);
    await looked();
    expect(await firing()).toEqual([]);
    await alerts.stop();
  });

  test('that does not have the lease judges nothing', async () => {
    const world: World = { now: min(20), since: min(0) };
    await store.takeLease({ name: 'alerts', holder: 'hub-2', durationMs: 60 * MINUTE, now: world.now });
    const { alerts, looked } = start(world);
    await alerts.start();
    await looked();
    expect(await firing()).toEqual([]);
    await alerts.stop();
  });

  test('does not start with a receiver that cannot be, and says which', async () => {
    const { alerts } = start({ now: START, since: START }, { ops: { slack: { url_file: '/nowhere' } } });
    await expect(alerts.start()).rejects.toThrow(/alerts\.receivers\.ops\.slack\.url_file: cannot read \/nowhere/);
  });
});

test('neither log nor API has a secret of a receiver that refuses everything', async () => {
  logged.length = 0;
  receiver.answer = { status: 403, body: 'token hidden-token is not for /hidden-path' };
  const url = `${receiver.url}/hidden-path`;
  const config = alertsSchema.parse({
    ...{ rules: { offline: { for: '1ms' } } },
    receivers: {
      a: { slack: { url } },
      b: { ntfy: { url, token: 'hidden-token' } },
      c: { webhook: { url, secret: 'hidden-key' } },
    },
    routes: [{ receivers: ['a', 'b', 'c'], group_wait: '0s' }],
  });
  let now = min(0);
  const alerts = createAlerts({
    ...{
      config: { ...config, interval: LOOK_MS },
      id: 'hub-1',
      store,
      board: boardOf([item('edge-01', { presence: 'offline' })]),
    },
    ...{
      listeningSince: () => min(-1),
      now: () => ++now,
      random: () => 0,
      log,
      onChange: () => undefined,
      onSent: () => undefined,
    },
  });
  await alerts.start();
  const page = await until(
    () => alerts.list({ limit: 10 }),
    ({ receivers }) => receivers.length === 3 && receivers.every(({ failures }) => failures > 0),
  );
  await alerts.stop();
  // What one receiver says of another's secret it does not have from here.
  const errors = new Map(page.receivers.map(({ receiver: name, error }) => [name, error]));
  expect(errors.get('b')).toBe('answered 403: token … is not for /…');
  for (const name of ['a', 'c']) expect(errors.get(name)).not.toContain('hidden-path');
  expect(logged.filter((line) => line.includes('b/ntfy'))).not.toEqual([]);
  expect(logged.filter((line) => /hidden-(path|key)/.test(line) || /b\/ntfy.*hidden/.test(line))).toEqual([]);
});
