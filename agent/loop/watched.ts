// Which Engine events concern this device. Health checks emit exec events all the time: only what changes state wakes the loop.
import type { EngineEvent } from '../../fleet/engine/event.ts';
import type { Desired } from '../../fleet/model/desired.ts';
import { LABEL } from '../../fleet/names.ts';

const CONTAINER = new Set(['die', 'stop', 'destroy', 'pause', 'unpause', 'rename', 'update', 'oom', 'start']);
const NETWORK = new Set(['connect', 'disconnect', 'destroy']);

export function concerns(
  { type, action, name, attributes }: EngineEvent,
  device: string,
  desired: Desired | null,
  /** A container, by its id: somebody may connect it to a network that nobody declared. */
  isOurs: (container: string) => boolean = () => false,
): boolean {
  // Network and volume events carry no labels: they are known by what is declared.
  const declares = (kind: 'networks' | 'volumes') =>
    desired?.apps.some((app) => app[kind].some((one) => one.name === name)) === true;
  switch (type) {
    case 'container':
      return attributes[LABEL.device] === device && (CONTAINER.has(action) || action.startsWith('health_status'));
    case 'network':
      return NETWORK.has(action) && (declares('networks') || isOurs(attributes.container ?? ''));
    case 'volume':
      return action === 'destroy' && declares('volumes');
    default:
      return false;
  }
}
