import { describe, expect, it } from 'vitest';
import { concerns } from '../../../agent/loop/watched.ts';
import { kiosk, networkOf, volumeOf } from '../../fleet/reconcile/support/desired.ts';

const desired = kiosk([], { networks: [networkOf('front')], volumes: [volumeOf('data')] });
const ours = { 'io.holdfast.device': 'edge-01' };

function event(
  type: string,
  action: string,
  attributes: Readonly<Record<string, string>> = ours,
  name = 'kiosk-web-1',
) {
  return { type, action, id: 'f00', name, attributes, ms: 0 };
}

describe('an Engine event', () => {
  it.each(['die', 'destroy', 'stop', 'pause', 'rename', 'update', 'health_status: unhealthy'])(
    '%s of our container wakes the loop',
    (action) => {
      expect(concerns(event('container', action), 'edge-01', desired)).toBe(true);
    },
  );

  it.each(['exec_create: /bin/check', 'exec_start: /bin/check', 'exec_die', 'top', 'attach'])(
    '%s does not: health checks make them all the time',
    (action) => {
      expect(concerns(event('container', action), 'edge-01', desired)).toBe(false);
    },
  );

  it('of somebody else’s container does not', () => {
    expect(concerns(event('container', 'die', {}), 'edge-01', desired)).toBe(false);
    expect(concerns(event('container', 'die', { 'io.holdfast.device': 'edge-02' }), 'edge-01', desired)).toBe(false);
  });

  it('of a network or volume that is declared does, where something goes away or moves', () => {
    expect(concerns(event('network', 'disconnect', {}, 'kiosk_front'), 'edge-01', desired)).toBe(true);
    expect(concerns(event('volume', 'destroy', {}, 'kiosk_data'), 'edge-01', desired)).toBe(true);
    expect(concerns(event('volume', 'mount', {}, 'kiosk_data'), 'edge-01', desired)).toBe(false);
    expect(concerns(event('network', 'connect', {}, 'somebody_elses'), 'edge-01', desired)).toBe(false);
    expect(concerns(event('network', 'connect', {}, 'kiosk_front'), 'edge-01', null)).toBe(false);
  });

  it('of a network that nobody declared wakes the loop when it is about a container of ours', () => {
    const isOurs = (container: string) => container === 'c0ffee';
    const connect = (container: string) => event('network', 'connect', { container }, 'bridge');
    expect(concerns(connect('c0ffee'), 'edge-01', desired, isOurs)).toBe(true);
    expect(concerns(connect('other'), 'edge-01', desired, isOurs)).toBe(false);
  });
});
