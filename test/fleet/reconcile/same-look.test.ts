// Whether two looks saw the same: any difference is seen, and equal looks are equal.
import { expect, test } from 'vitest';
import type { Observed } from '../../../fleet/model/observed.ts';
import { isSameLook } from '../../../fleet/reconcile/same-look.ts';

const engine = { version: '20.10.24', apiVersion: '1.41', os: 'linux', arch: 'amd64' };
const inspect = { Id: 'a' } as Observed['containers'][number]['inspect'];
const network = { Id: 'n', Name: 'front' } as Observed['networks'][number];
const volume = { Name: 'data' } as Observed['volumes'][number];
const image = { Id: 'sha256:1' } as Observed['images'] extends ReadonlyMap<string, infer I> ? I : never;
const look = (): Observed => ({
  engine,
  containers: [{ inspect, stoppedByRequest: false }],
  networks: [network],
  volumes: [volume],
  images: new Map([['nginx', image]]),
  content: new Map([['c', { kind: 'edited', paths: ['a'] }]]),
});

test('two looks at the same are the same', () => {
  expect(isSameLook(look(), look())).toBe(true);
});

test.each<[string, Partial<Observed>]>([
  ['another Engine', { engine: { ...engine } }],
  ['a container that was inspected anew', { containers: [{ inspect: { ...inspect }, stoppedByRequest: false }] }],
  ['a container that was stopped by request', { containers: [{ inspect, stoppedByRequest: true }] }],
  ['one container less', { containers: [] }],
  ['another network', { networks: [{ ...network }] }],
  ['one network more', { networks: [network, network] }],
  ['another volume', { volumes: [{ ...volume }] }],
  ['a tag that moved', { images: new Map([['nginx', { ...image }]]) }],
  ['the same image under another name', { images: new Map([['httpd', image]]) }],
  ['content that is whole again', { content: new Map([['c', { kind: 'intact' }]]) }],
  ['content that was edited elsewhere', { content: new Map([['c', { kind: 'edited', paths: ['b'] }]]) }],
  ['a tag that moved in its registry', { moved: new Set(['nginx']) }],
  ['a one-shot that has run', { completed: new Set(['service:kiosk/web']) }],
  ['a crash loop', { crashLoops: new Map([['a', 'crash loop']]) }],
])('%s is a difference', (_, other) => {
  expect(isSameLook(look(), { ...look(), ...other })).toBe(false);
  expect(isSameLook({ ...look(), ...other }, look())).toBe(false);
});
