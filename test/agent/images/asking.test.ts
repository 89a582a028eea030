// How often registries are asked, and how long anybody waits for them.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { createMeasure } from '../../../agent/images/measure.ts';
import { createMoved } from '../../../agent/images/moved.ts';
import { digestOf } from '../../../agent/registry/digest.ts';
import type { Plan } from '../../../fleet/model/plan.ts';
import { kiosk, serviceOf } from '../../fleet/reconcile/support/desired.ts';
import { asStep } from '../../support/steps.ts';

const signal = new AbortController().signal;
const ENGINE = { version: '1', apiVersion: '1.41', os: 'linux', arch: 'amd64' };
const HOUR_MS = 3_600_000;
const layer = `sha256:${'1'.repeat(64)}`;
const CONFIG = Buffer.from(JSON.stringify({ rootfs: { diff_ids: [layer] } }));
const MANIFEST = Buffer.from(
  JSON.stringify({ config: { digest: digestOf(CONFIG) }, layers: [{ digest: layer, size: 1234 }] }),
);

let close = (): void => undefined;
afterEach(() => close());

/** A registry with one image under every tag; `answers`: whether it says anything at all. */
async function registryThat(answers: boolean) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url?.split('/').slice(3).join('/')}`);
    if (!answers) return;
    response.setHeader('docker-content-digest', digestOf(MANIFEST));
    response.end(request.url?.includes('/blobs/') ? CONFIG : MANIFEST);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { image: `127.0.0.1:${(server.address() as AddressInfo).port}/web:1`, asked };
}

const parts = (nowMs: () => number) => ({
  images: { layers: async () => [] },
  registries: { env: {}, certificates: '/nowhere' },
  monotonicMs: nowMs,
});
const planWith = (image: string, revision: string): Plan => ({
  ...{ revision, differences: [], blocked: [] },
  steps: [asStep({ kind: 'pull-image', image })],
});

it('sizes are asked for once per revision and image, and not at all where nothing is to be pulled', async () => {
  const { image, asked } = await registryThat(true);
  const measure = createMeasure(parts(() => 0));
  await measure({ ...planWith(image, 'one'), steps: [] }, ENGINE, signal);
  expect(asked).toEqual([]);
  for (const revision of ['one', 'one', 'two'])
    expect((await measure(planWith(image, revision), ENGINE, signal)).steps[0]).toMatchObject({ pullBytes: 1234 });
  expect(asked).toHaveLength(4);
});

it('a plan waits a few seconds at most for a registry that says nothing, and then not again soon', async () => {
  const { image, asked } = await registryThat(false);
  let nowMs = 0;
  const measure = createMeasure(parts(() => nowMs));
  const measured = async () => (await measure(planWith(image, 'one'), ENGINE, signal)).steps[0];
  const startedMs = performance.now();
  expect(await measured()).toMatchObject({ pullBytes: null });
  expect(performance.now() - startedMs).toBeLessThan(6_000);
  nowMs += 60_000;
  expect(await measured()).toMatchObject({ pullBytes: null });
  expect(asked).toHaveLength(1);
});

it('a tag is looked up once per revision and hour, and only where the file asks for the newest', async () => {
  const { image, asked } = await registryThat(true);
  let nowMs = 0;
  const moved = createMoved(parts(() => nowMs));
  const look = (revision: string, pull_policy: 'always' | 'missing' = 'always') => {
    const desired = { ...kiosk([serviceOf('web', { image, pull_policy })]), revision };
    return moved.look(desired, new Map([[image, { Id: 'sha256:a', RepoDigests: ['web@sha256:b'] }]]), signal);
  };
  expect(await look('one', 'missing')).toEqual(new Set());
  expect(asked).toEqual([]);
  expect([await look('one'), await look('one')]).toEqual([new Set([image]), new Set([image])]);
  expect(asked).toHaveLength(1);
  await look('two');
  nowMs += HOUR_MS;
  await look('two');
  expect(asked).toHaveLength(3);
});

it('a look waits a second at most for a registry that says nothing', async () => {
  const { image } = await registryThat(false);
  const desired = kiosk([serviceOf('web', { image, pull_policy: 'always' })]);
  const startedMs = performance.now();
  const moved = createMoved(parts(() => 0));
  expect(await moved.look(desired, new Map([[image, { Id: 'sha256:a' }]]), signal)).toEqual(new Set());
  expect(performance.now() - startedMs).toBeLessThan(2_500);
});
