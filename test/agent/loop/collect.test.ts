import { expect, it } from 'vitest';
import { contentInUse, imagesNamed, keptStates } from '../../../agent/loop/collect.ts';
import type { DesiredApp } from '../../../fleet/model/desired.ts';
import { NO_ROLLOUT, type Rollout } from '../../../fleet/model/rollout.ts';
import { livePlace } from '../../../fleet/reconcile/attributes/live.ts';
import { effectiveState } from '../../../fleet/rollout/effective.ts';
import { appSpec } from '../../../fleet/rollout/spec.ts';
import { appOf, desiredOf, kiosk, PATHS, serviceOf } from '../../fleet/reconcile/support/desired.ts';

const release = (tag: string, parts: Partial<DesiredApp> = {}) =>
  appOf('kiosk', { services: [serviceOf('web', { image: `web:${tag}` })], ...parts });
const version = (app: DesiredApp) => ({ app, revision: 'r', secretValues: [], asks: [] });
const failed = (app: DesiredApp) =>
  ({
    ...{ app: 'kiosk', spec: appSpec(app), revision: 'r', message: '', since: '' },
    reason: 'HealthCheckFailed',
  }) as const;

it('names the images of every state, those that are mounted included, each once', () => {
  const mount = { type: 'image', target: '/models', source: 'models:3', read_only: true } as const;
  const states = [kiosk([serviceOf('web')]), kiosk([serviceOf('web', { image: 'nginx:2', mounts: [mount] })])];
  expect([...imagesNamed([...states, ...states])].sort()).toEqual(['models:3', 'nginx:1', 'nginx:2']);
});

it.each<
  [
    string,
    DesiredApp,
    Partial<Rollout>,
    readonly string[],
    { closed?: readonly string[]; proving?: readonly DesiredApp[] },
  ]
>([
  [
    'what is declared and the last known good',
    release('2'),
    { goods: [version(release('1'))] },
    ['web:1', 'web:2'],
    {},
  ],
  [
    'what was rolled back, and what runs in its place',
    release('2'),
    { goods: [version(release('1'))], quarantine: [failed(release('2'))] },
    ['web:1', 'web:2'],
    {},
  ],
  [
    'what waits for a window, what runs until then, and what that would give way to',
    release('3'),
    { goods: [version(release('1'))], begun: [version(release('2'))] },
    ['web:1', 'web:2', 'web:3'],
    { closed: ['kiosk'] },
  ],
  [
    'what a version that passed just now would give way to',
    release('2'),
    { goods: [version(release('2'))] },
    ['web:1', 'web:2'],
    { proving: [release('1')] },
  ],
])('images stay of %s', (_what, app, record, images, { closed = [], proving = [] }) => {
  const accepted = desiredOf([app]);
  const rollout = { ...NO_ROLLOUT, ...record };
  const effective = effectiveState(accepted, [], rollout, new Set(closed));
  expect([...imagesNamed(keptStates({ accepted, effective }, rollout, proving))].sort()).toEqual(images);
});

it('content stays that a state names or a container mounts, at the place that stays as its bytes change too', () => {
  const content = { kind: 'file', id: 'abc', path: 'app.conf', oid: 'o', mode: '100644' } as const;
  const mount = { type: 'content', target: '/etc/app.conf', content, read_only: true } as const;
  const service = serviceOf('web', { mounts: [mount], reload: 'SIGHUP' });
  const app = appOf('kiosk', { services: [service] });
  const place = livePlace(app, service, mount, 1);
  const Mounts = [
    { Type: 'bind', Source: `${PATHS.content}/${place}/content`, Destination: '/etc/app.conf' },
    { Type: 'bind', Source: `${PATHS.secrets}/old/x`, Destination: '/run/secrets/x' },
    { Type: 'bind', Source: '/state/content-of-others/y', Destination: '/y' },
  ];
  const observed = { containers: [{ inspect: { Mounts } }] } as unknown as Parameters<typeof contentInUse>[1];
  expect([...contentInUse([desiredOf([app])], observed, PATHS)].sort()).toEqual(['abc', place, 'old'].sort());
});
