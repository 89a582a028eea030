// Host ports that pass from one container to another.
import { expect, test } from 'vitest';
import type { Desired } from '../../../fleet/model/desired.ts';
import { kiosk, needs, serviceOf, tcp } from './support/desired.ts';
import { createHost } from './support/host.ts';
import { REGISTRY } from './support/images.ts';

/** The plan's text; it has to work at the first attempt, in whatever order the Engine gets to it. */
function handover(before: Desired, after: Desired): string {
  for (const last of [false, true]) {
    const host = createHost(REGISTRY);
    host.converge(before);
    const pick = <T>(ready: readonly T[]) => ready.at(last ? -1 : 0) as T;
    const { failed, skipped } = host.round(after, { pick });
    expect([failed, skipped]).toEqual([[], []]);
    expect(host.text(after)).toBe('');
  }
  const host = createHost(REGISTRY);
  host.converge(before);
  return host.text(after);
}

const a = (port: number) => serviceOf('a', { ports: [tcp(80, port)] });
const b = (port: number) => serviceOf('b', { ports: [tcp(80, port)] });

test('a port is taken over only after its old holder has stopped', () => {
  const text = handover(kiosk([a(1), b(2)]), kiosk([a(2), b(3)]));
  expect(text).toMatchInlineSnapshot(`
    " 1. create  kiosk/a  ports.80/tcp: [:1] → [:2]
     2. stop    kiosk/a  ports.80/tcp: [:1] → [:2]
     3. create  kiosk/b  ports.80/tcp: [:2] → [:3]
     4. stop    kiosk/b  ports.80/tcp: [:2] → [:3]
     5. start   kiosk/a  ports.80/tcp: [:1] → [:2]
     6. remove  kiosk/a  ports.80/tcp: [:1] → [:2]
     7. rename  kiosk/a  ports.80/tcp: [:1] → [:2]
     8. start   kiosk/b  ports.80/tcp: [:2] → [:3]
     9. remove  kiosk/b  ports.80/tcp: [:2] → [:3]
    10. rename  kiosk/b  ports.80/tcp: [:2] → [:3]"
  `);
});

test('a port of a removed service is taken over after it has stopped', () => {
  expect(handover(kiosk([b(2)]), kiosk([a(2)]))).toMatchInlineSnapshot(`
    "1. create  kiosk/a  new service
    2. stop    kiosk/b  no longer declared
    3. start   kiosk/a  new service
    4. remove  kiosk/b  no longer declared"
  `);
});

test('two services swap their ports', () => {
  handover(kiosk([a(1), b(2)]), kiosk([a(2), b(1)]));
});

test('two services swap their ports though one depends on the other', () => {
  const bAfterA = (port: number) => ({ ...b(port), depends_on: needs('a') });
  handover(kiosk([a(1), bAfterA(2)]), kiosk([a(2), bAfterA(1)]));
});

test('a port goes from a service to the one that it depends on', () => {
  const bAfterA = (port: number) => ({ ...b(port), depends_on: needs('a', 'service_healthy') });
  handover(kiosk([a(1), bAfterA(2)]), kiosk([a(2), bAfterA(3)]));
});

test('a stopped service takes its port back only after who holds it has stopped', () => {
  const host = createHost(REGISTRY);
  host.converge(kiosk([a(1)]));
  const held = host.world.find('kiosk-a-1');
  if (held !== undefined) host.world.stop(held);
  host.round(kiosk([a(1), b(1)]), { fate: ({ subject }) => (subject === 'kiosk/a' ? 'failed' : 'done') });
  const { steps } = host.plan(kiosk([a(1)]));
  const start = steps.find(({ kind }) => kind === 'start-container');
  expect(start?.after).toEqual(['stop-container kiosk/b kiosk-b-1']);
  expect(host.round(kiosk([a(1)])).failed).toEqual([]);
});
