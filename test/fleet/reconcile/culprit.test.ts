// Which event of the Engine is told as what did it.
import { expect, test } from 'vitest';
import type { EngineEvent } from '../../../fleet/engine/event.ts';
import type { Difference } from '../../../fleet/model/plan.ts';
import { culpritOf, formatCulprit } from '../../../fleet/reconcile/culprit.ts';
import { lookFor } from '../../../fleet/reconcile/look.ts';
import { kiosk, networkOf, on, serviceOf, volumeOf } from './support/desired.ts';
import { createHost } from './support/host.ts';
import { REGISTRY } from './support/images.ts';

const WEB = serviceOf('web', {
  networks: on('front'),
  healthcheck: { test: ['CMD-SHELL', 'wget -q localhost'] },
});
const desired = kiosk([WEB, serviceOf('db')], { networks: [networkOf('front')], volumes: [volumeOf('data')] });
const host = createHost(REGISTRY);
host.converge(desired);
const scene = { desired, observed: host.world.observe(lookFor(desired, host.inventory)) };
const webId = host.world.find('kiosk-web-1')?.id ?? '';

type Given = Partial<EngineEvent> & { readonly of?: string };

/** A second apart, of the service's container unless it says otherwise. */
function event(action: string, index: number, { of = 'web', ...given }: Given = {}): EngineEvent {
  const labels = { 'io.holdfast.app': 'kiosk', 'io.holdfast.service': of };
  const name = `kiosk-${of}-1`;
  const id = of === 'web' ? webId : (host.world.find(name)?.id ?? 'gone');
  const ms = Date.UTC(2026, 0, 1, 12, 3, 10 + index);
  return { type: 'container', action, id, name, ms, ...given, attributes: { ...labels, ...given.attributes } };
}

function drift(field: string | null, parts: Partial<Difference> = {}): Difference {
  return {
    ...{ resource: 'service:kiosk/web', app: 'kiosk', kind: 'field', field },
    ...{ desired: 'declared', observed: 'live', origin: 'drift' },
    ...parts,
  } as Difference;
}

const front = (action: string, container = webId): [string, Given] => [
  action,
  { type: 'network', id: 'n', name: 'kiosk_front', attributes: { container } },
];
const missing: Partial<Difference> = { kind: 'missing' };

test.each<[string, Difference, readonly [string, Given?][], string | undefined]>([
  ['docker update', drift('mem_limit'), [['update']], 'update at 12:03:10Z'],
  ['the last of several', drift('mem_limit'), [['update'], ['update']], 'update at 12:03:11Z'],
  ['not an update of another service', drift('mem_limit'), [['update', { of: 'db' }]], undefined],
  ['not an update of an earlier container', drift('mem_limit'), [['update', { id: 'old' }]], undefined],
  ['not an update, where the field cannot be updated', drift('environment.TZ'), [['update']], undefined],
  ['docker create, where nothing less sets it', drift('environment.TZ'), [['create']], 'create at 12:03:10Z'],
  [
    'docker kill',
    drift('state'),
    [
      ['kill', { attributes: { signal: '9' } }],
      ['die', { attributes: { exitCode: '137' } }],
    ],
    'kill signal 9 at 12:03:10Z',
  ],
  ['docker stop', drift('state'), [['kill', { attributes: { signal: '15' } }], ['die'], ['stop']], 'stop at 12:03:12Z'],
  [
    'a container that ends by itself',
    drift('state'),
    [['die', { attributes: { exitCode: '1' } }]],
    'exit 1 at 12:03:10Z',
  ],
  [
    'not a kill that was survived long ago',
    drift('state'),
    [
      ['kill', { ms: 0 }],
      ['die', { attributes: { exitCode: '1' } }],
    ],
    'exit 1 at 12:03:11Z',
  ],
  ['out of memory', drift('state'), [['oom'], ['die']], 'out of memory at 12:03:10Z'],
  ['docker pause', drift('state', { observed: 'paused' }), [['pause']], 'pause at 12:03:10Z'],
  ['docker rm', drift(null, missing), [['destroy', { id: 'gone' }]], 'destroy at 12:03:10Z'],
  [
    'docker rename',
    drift('container_name'),
    [['rename', { name: 'mine', attributes: { oldName: '/kiosk-web-1' } }]],
    'rename from kiosk-web-1 at 12:03:10Z',
  ],
  ['docker network disconnect', drift('networks.front'), [front('disconnect')], 'network disconnect at 12:03:10Z'],
  ['not the disconnect of another', drift('networks.front'), [front('disconnect', 'other')], undefined],
  [
    'docker network rm',
    drift(null, { ...missing, resource: 'network:kiosk/front' }),
    [front('destroy')],
    'destroy at 12:03:10Z',
  ],
  [
    'docker volume rm',
    drift(null, { ...missing, resource: 'volume:kiosk/data' }),
    [['destroy', { type: 'volume', name: 'kiosk_data' }]],
    'destroy at 12:03:10Z',
  ],
  [
    'nobody, for files that are edited on the host',
    drift('volumes./a', { desired: 'content a', observed: 'content a edited' }),
    [['create'], ['update']],
    undefined,
  ],
  [
    'an exec, by its program alone',
    drift('files', { kind: 'unexpected' }),
    [['exec_start: sh -c echo secret']],
    'exec "sh …" at 12:03:10Z',
  ],
  ['docker cp', drift('files', { kind: 'unexpected' }), [['extract-to-dir']], 'copy into the container at 12:03:10Z'],
  [
    'not the health check',
    drift('files', { kind: 'unexpected' }),
    [['exec_start: /bin/sh -c wget -q localhost']],
    undefined,
  ],
  [
    'who made a look-alike',
    drift(null, { kind: 'unexpected', observed: 'container twin' }),
    [['create', { name: 'other', id: 'x' }]],
    undefined,
  ],
])('%s', (_name, difference, events, expected) => {
  const told = events.map(([action, given], index) => event(action, index, given));
  const found = culpritOf(difference, told, scene);
  expect(found && formatCulprit(found)).toBe(expected);
});
