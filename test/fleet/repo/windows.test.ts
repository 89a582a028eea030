import { expect, it } from 'vitest';
import { resolveFiles, saidOf, web } from './resolving.ts';

const APP = web('');

it.each([
  ['{cron: "0 2 * *", duration: 2h}', 'windows[0].cron: "0 2 * *" is no schedule'],
  ['{cron: "0 2 * * *", duration: 30s}', 'has to be from 1m to 168h'],
  ['{cron: "0 2 * * *", duration: 169h}', 'has to be from 1m to 168h'],
  ['{cron: "0 0 30 2 *", duration: 2h}', '"0 0 30 2 *" never comes'],
  ['{cron: "? 2 * * *", duration: 2h}', 'is no schedule'],
  ['{cron: "0 2 * * *", duration: 2h, time_zone: Berlin}', '"Berlin" is no time zone'],
  ['{cron: "0 2 * * *"}', 'add duration: 2h'],
  ['{duration: 2h}', 'add cron: "0 2 * * *"'],
])('windows: [%s] is refused, and it is said why', (window, said) => {
  const found = saidOf(resolveFiles({ 'device.yaml': `windows: [${window}]\n`, 'compose.yaml': APP }));
  expect(found).toHaveLength(1);
  expect(found[0]).toContain(said);
});

it('more windows than anybody understands are refused', () => {
  const many = Array.from({ length: 33 }, () => '{cron: "0 2 * * *", duration: 2h}').join(', ');
  const found = saidOf(resolveFiles({ 'device.yaml': `windows: [${many}]\n`, 'compose.yaml': APP }));
  expect(found).toEqual([expect.stringContaining('more than 32 windows')]);
});
