// Change or drift: desired, last applied and observed, as a table.
import { expect, test } from 'vitest';
import type { InventoryItem } from '../../../fleet/model/inventory.ts';
import type { Fields } from '../../../fleet/model/plan.ts';
import { LABEL } from '../../../fleet/names.ts';
import { itemBefore } from '../../../fleet/reconcile/inventory.ts';
import { DEVICE, kiosk, networkOf, on, serviceOf, tcp, volumeMount, volumeOf } from './support/desired.ts';
import { createHost } from './support/host.ts';
import { REGISTRY } from './support/images.ts';

/** Differences in TZ when the file says `desired`, the inventory `applied` and the container `observed`. */
function differences(desired: string | null, applied: string | null | undefined, observed: string | null) {
  const host = createHost(REGISTRY);
  const state = (tz: string | null) => kiosk([serviceOf('web', { environment: tz === null ? {} : { TZ: tz } })]);
  host.converge(state(observed));
  const inventoryOf = (fields: Fields): InventoryItem[] => host.inventory.map((item) => ({ ...item, applied: fields }));
  const [item] = host.inventory;
  const { 'environment.TZ': _, ...rest } = item?.applied ?? {};
  if (applied === undefined) host.forget();
  else host.inventory = inventoryOf(applied === null ? rest : { ...rest, 'environment.TZ': applied });
  return host
    .plan(state(desired))
    .differences.map((found) => `${found.origin} ${found.kind} ${found.field}: ${found.observed} → ${found.desired}`);
}

test.each([
  ['same everywhere', 'a', 'a', 'a', []],
  ['Git moved', 'b', 'a', 'a', ['change field environment.TZ: a → b']],
  ['the host moved', 'a', 'a', 'b', ['drift field environment.TZ: b → a']],
  ['both moved apart', 'b', 'a', 'c', ['change field environment.TZ: c → b']],
  ['both moved to the same', 'b', 'a', 'b', []],
  ['Git added it', 'a', null, null, ['change field environment.TZ: null → a']],
  ['Git took it back', null, 'a', 'a', ['change field environment.TZ: a → null']],
  ['Git took it back and the host had already', null, 'a', null, []],
  ['the host lost it', 'a', 'a', null, ['drift field environment.TZ: null → a']],
  ['nobody ever declared it', null, null, 'a', []],
  ['never applied and different', 'b', undefined, 'a', ['change field environment.TZ: a → b']],
  ['never applied and not in the file', null, undefined, 'a', []],
] as const)('%s', (_name, desired, applied, observed, expected) => {
  expect(differences(desired, applied, observed)).toEqual(expected);
});

test('ports, networks and mounts that only the container has are unexpected', () => {
  const host = createHost(REGISTRY);
  const parts = { networks: [networkOf('front')], volumes: [volumeOf('data')] };
  const more = serviceOf('web', {
    ports: [tcp(80, 8080)],
    networks: on('front'),
    mounts: [volumeMount('/data', 'data')],
  });
  host.converge(kiosk([more], parts));
  const less = kiosk([serviceOf('web')], parts);
  const [item] = host.inventory.filter(({ kind }) => kind === 'container');
  const applied = Object.fromEntries(
    Object.entries(item?.applied ?? {}).filter(([field]) => !/^(ports|networks|volumes)\./.test(field)),
  );
  host.inventory = host.inventory.map((one) => (one === item ? { ...one, applied } : one));
  expect(host.plan(less).differences.map(({ kind, field, origin }) => `${origin} ${kind} ${field}`)).toEqual([
    'drift unexpected networks.front',
    'drift unexpected ports.80/tcp',
    'drift unexpected volumes./data',
  ]);
});

test('what is listed before it is made does not count as applied, so that finishing it is a change', () => {
  const host = createHost(REGISTRY);
  const desired = kiosk([serviceOf('web')]);
  const { failed } = host.round(desired, { fate: ({ kind }) => (kind === 'create-container' ? 'failed' : 'done') });
  expect(failed).toHaveLength(1);
  expect(host.inventory.map(({ name }) => name)).toEqual(['kiosk-web-1']);
  expect(host.plan(desired).differences.map(({ origin }) => origin)).toEqual(['change']);
});

test('what Git takes back in the middle of being applied is taken back from the container', () => {
  const host = createHost(REGISTRY);
  const state = (environment: Record<string, string>) => kiosk([serviceOf('web', { environment })]);
  host.round(state({ A: '1' }), { fate: ({ kind }) => (kind === 'create-container' ? 'crash-after' : 'done') });
  host.converge(state({}));
  expect(host.world.find('kiosk-web-1')?.config.Env).toEqual([]);
});

test('a service that Git brings back in the middle of its removal is new, not lost', () => {
  const host = createHost(REGISTRY);
  const desired = kiosk([serviceOf('web')], { drift: 'warn' });
  host.converge(desired);
  host.round(kiosk([]), { fate: ({ kind }) => (kind === 'remove-container' ? 'crash-after' : 'done') });
  expect(host.plan(desired).differences.map(({ kind, origin }) => `${origin} ${kind}`)).toEqual(['change missing']);
  host.converge(desired);
  expect(host.world.find('kiosk-web-1')?.status).toBe('running');
});

test('an item is listed before a container gets its name, under that name', () => {
  const host = createHost(REGISTRY);
  host.converge(kiosk([serviceOf('web')]));
  const desired = kiosk([serviceOf('web', { image: 'nginx:2' })]);
  const made = host.plan(desired).steps.map((step) => itemBefore(step, host.inventory, host.inventory)?.name);
  expect(made.filter((name) => name !== undefined)).toEqual(['kiosk-web-1--next', 'kiosk-web-1', 'kiosk-web-1']);
});

test('labels that Holdfast sets itself cannot be declared into an endless replacement', () => {
  const host = createHost(REGISTRY);
  const labels = { [LABEL.device]: 'other', [LABEL.composeProject]: 'other', mine: '1' };
  const desired = kiosk([serviceOf('web', { labels, networks: on('front') })], {
    networks: [networkOf('front', { labels })],
  });
  host.converge(desired);
  expect(host.world.find('kiosk-web-1')?.config.Labels).toMatchObject({ [LABEL.device]: DEVICE, mine: '1' });
});
