import { expect, it } from 'vitest';
import { pinImages, pinsOf } from '../../../fleet/policy/pin.ts';
import { kiosk, serviceOf } from '../reconcile/support/desired.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

it('what was verified by its digest is run by it, and what the file pins stays as it is', () => {
  const exact = `ghcr.io/app@${DIGEST}`;
  const desired = kiosk([
    { ...serviceOf('web'), image: 'nginx:1' },
    {
      ...serviceOf('db'),
      image: exact,
      mounts: [{ type: 'image', source: 'data:2', target: '/d', read_only: true }],
    },
  ]);
  const pins = new Map([
    ['nginx:1', DIGEST],
    ['data:2', DIGEST],
    [exact, DIGEST],
  ]);
  const made = pinImages(desired, pins);
  const services = made.apps.flatMap((app) => app.services);
  expect(services.map(({ image }) => image)).toEqual([`nginx:1@${DIGEST}`, exact]);
  expect(services[1]?.mounts).toMatchObject([{ source: `data:2@${DIGEST}` }]);
  expect(pinsOf(made)).toEqual(
    new Map([
      ['nginx:1', DIGEST],
      ['ghcr.io/app', DIGEST],
      ['data:2', DIGEST],
    ]),
  );
  expect(pinImages(desired, new Map())).toBe(desired);
});
