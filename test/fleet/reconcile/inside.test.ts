// What was done inside containers, as it is told.
import { expect, test } from 'vitest';
import type { ObservedContainer } from '../../../fleet/model/observed.ts';
import { dueInside, type Inside, insideDifferences } from '../../../fleet/reconcile/inside.ts';
import { appOf, serviceOf } from './support/desired.ts';

function told(inside: Partial<Inside>, ignore: readonly string[] = []) {
  const container = {
    inspect: { Mounts: [{ Destination: '/data' }, { Destination: '/etc/app/conf' }] },
    stoppedByRequest: false,
  } as unknown as ObservedContainer;
  const found = insideDifferences(appOf('kiosk', { ignore }), serviceOf('web'), container, {
    files: [],
    execs: [],
    ...inside,
  });
  return found.map(({ field, observed }) => `${field}: ${String(observed)}`);
}

const files = (...paths: string[]): Inside['files'] =>
  paths.map((path) => ({ kind: path[0] as 'A', path: path.slice(2) }));

test.each([
  ['nothing', [], []],
  ['what a person put there', ['C /srv', 'A /srv/x', 'D /usr/bin/tool'], ['files: A /srv/x,D /usr/bin/tool']],
  [
    'not what is made to be written to',
    ['C /tmp', 'A /tmp/x', 'A /run/pid', 'C /var', 'C /var/run', 'A /var/run/y'],
    [],
  ],
  [
    'not the mounts, nor the folders above them',
    ['A /data', 'A /data/x', 'C /etc', 'A /etc/app', 'A /etc/app/conf'],
    [],
  ],
  ['a folder that was made and is empty', ['A /srv/new'], ['files: A /srv/new']],
  ['names that only begin alike', ['A /tmpfile', 'A /database'], ['files: A /tmpfile,A /database']],
])('%s', (_name, changes, expected) => {
  expect(told({ files: files(...changes) })).toEqual(expected);
});

test('paths are ignored as fields are', () => {
  const changes = files('A /var/lib/db/1', 'A /srv/x');
  expect(told({ files: changes }, ['services.web.files./var/lib/*'])).toEqual(['files: A /srv/x']);
  expect(told({ files: changes }, ['services.*.files*'])).toEqual([]);
});

test('many paths are a few and a count', () => {
  const [line] = told({ files: files(...Array.from({ length: 500 }, (_, index) => `A /srv/${index}`)) });
  expect(line).toMatch(/^files: A \/srv\/0,.*,A \/srv\/9,and 490 more$/);
});

test('exec sessions are told beside files, and can be ignored', () => {
  expect(told({ execs: ['sh …', 'top'] })).toEqual(['exec: sh …,top']);
  expect(told({ execs: ['sh'] }, ['services.web.exec'])).toEqual([]);
});

test('apps are looked into at their own pace, and only those that ask for it', () => {
  const apps = [appOf('a'), appOf('b', { insideMs: 60_000 }), appOf('c', { insideMs: 1000 })];
  const due = (nowMs: number) =>
    dueInside(
      apps,
      new Map([
        ['b', 0],
        ['c', 0],
      ]),
      nowMs,
    ).map(({ name }) => name);
  expect(dueInside(apps, new Map(), 0).map(({ name }) => name)).toEqual(['b', 'c']);
  expect(due(999)).toEqual([]);
  expect(due(1000)).toEqual(['c']);
  expect(due(60_000)).toEqual(['b', 'c']);
});
