// Which of the Engine's events explains a drift. The Engine names no people, only what was asked of it and when. Pure.
import type { EngineEvent } from '../engine/event.ts';
import type { Desired } from '../model/desired.ts';
import type { Observed, ObservedContainer } from '../model/observed.ts';
import type { Difference } from '../model/plan.ts';
import { containerKey, LABEL, resourceKey } from '../names.ts';
import { networkKeyOf, networkName } from './attributes/networking.ts';
import { attributeOf } from './attributes.ts';
import { isContentEdit } from './compare.ts';
import { numberOf } from './match.ts';

/** Between a request and the end of a container that it led to: a stop waits for its grace period. */
const STOPPING_MS = 60_000;
/** Between what is a cause and its effect otherwise. */
const AT_ONCE_MS = 2000;

/** What is known of the host when a drift is explained. */
export interface Scene {
  readonly desired: Desired;
  readonly observed: Observed;
}

/** The event that brought a drift about; undefined: none of these. `events`: oldest first. */
export function culpritOf(
  difference: Difference,
  events: readonly EngineEvent[],
  scene: Scene,
): EngineEvent | undefined {
  const told = events.filter((event) => explains(event, difference, scene));
  if (difference.field !== 'state' || difference.observed === 'paused') return told.at(-1);
  const end = told.findLast(({ action }) => action === 'die');
  const before = (action: string, ms: number) =>
    told.findLast((event) => actionOf(event) === action && (end === undefined || Math.abs(end.ms - event.ms) <= ms));
  return before('stop', AT_ONCE_MS) ?? before('kill', STOPPING_MS) ?? before('oom', AT_ONCE_MS) ?? end;
}

/** An event of this kind, on this resource, may bring such a drift about. */
export function explains(event: EngineEvent, difference: Difference, scene: Scene): boolean {
  const { type, actions } = causesOf(difference);
  return event.type === type && actions.includes(actionOf(event)) && concerns(event, difference, scene);
}

/** Could any event tell what brought it about? */
export function isExplicable(difference: Difference): boolean {
  return causesOf(difference).actions.length > 0;
}

/** `kill signal 9 at 12:03:10Z`. Of a command only the program is told: arguments hold secrets. */
export function formatCulprit(event: EngineEvent): string {
  return `${wordOf(event)} at ${new Date(event.ms).toISOString().slice(11, 19)}Z`;
}

const CHARACTERS = 64;

function wordOf(event: EngineEvent): string {
  const { attributes } = event;
  const action = actionOf(event);
  switch (action) {
    case 'kill':
      return `kill signal ${(attributes.signal ?? '?').slice(0, CHARACTERS)}`;
    case 'die':
      return `exit ${(attributes.exitCode ?? '?').slice(0, CHARACTERS)}`;
    case 'rename':
      return `rename from ${(attributes.oldName ?? '?').replace(/^\//, '').slice(0, CHARACTERS)}`;
    case 'exec_start': {
      const [program = '', ...words] = event.action.slice('exec_start: '.length).split(' ');
      return `exec "${program.slice(0, CHARACTERS)}${words.length > 0 ? ' …' : ''}"`;
    }
    case 'connect':
    case 'disconnect':
      return `network ${action}`;
    case 'extract-to-dir':
      return 'copy into the container';
    case 'oom':
      return 'out of memory';
    default:
      return action.slice(0, CHARACTERS);
  }
}

function actionOf({ action }: EngineEvent): string {
  return action.split(':', 1)[0] ?? '';
}

interface Causes {
  readonly type: 'container' | 'network' | 'volume';
  readonly actions: readonly string[];
}

function causesOf(difference: Difference): Causes {
  const { resource, kind, field, observed } = difference;
  if (!resource.startsWith('service:')) {
    const type = resource.startsWith('network:') ? 'network' : 'volume';
    return { type, actions: kind === 'missing' ? ['destroy'] : ['create'] };
  }
  const container = (...actions: string[]): Causes => ({ type: 'container', actions });
  if (kind === 'missing') return container('destroy');
  if (field === null) return container('create');
  if (field === 'state') return observed === 'paused' ? container('pause') : container('stop', 'kill', 'oom', 'die');
  if (field === 'container_name') return container('rename');
  if (field === 'files') return container('exec_start', 'extract-to-dir');
  if (field === 'exec') return container('exec_start');
  if (networkKeyOf(field) !== null) return { type: 'network', actions: ['connect', 'disconnect'] };
  // Files on the host are edited without the Engine.
  if (isContentEdit(difference)) return container();
  return attributeOf(field)?.update === undefined ? container('create') : container('update');
}

function concerns(event: EngineEvent, difference: Difference, { desired, observed }: Scene): boolean {
  const { resource, field } = difference;
  const app = desired.apps.find(({ name }) => name === difference.app);
  if (resource.startsWith('service:')) {
    const own = observed.containers.filter((container) => resourceOf(container.inspect.Config.Labels) === resource);
    if (event.type === 'network') {
      const key = networkKeyOf(field ?? '');
      const isThere = own.some(({ inspect }) => inspect.Id === event.attributes.container);
      return app !== undefined && key !== null && isThere && networkName(app, key) === event.name;
    }
    if (resourceOf(event.attributes) !== resource || isHealthCheck(event, own)) return false;
    const isNamed =
      difference.kind !== 'unexpected' || field !== null || difference.observed === `container ${event.name}`;
    const isGone = difference.kind === 'missing';
    return isNamed && (isGone || own.some(({ inspect }) => inspect.Id === event.id));
  }
  const key = resource.slice(resource.indexOf('/') + 1);
  const kind = resource.startsWith('network:') ? 'networks' : 'volumes';
  return app?.[kind].some((one) => one.key === key && one.name === event.name) === true;
}

function resourceOf(labels: Readonly<Record<string, string>> | null | undefined): string {
  const { [LABEL.app]: app = '', [LABEL.service]: name = '' } = labels ?? {};
  return resourceKey('service', app, containerKey({ name, number: numberOf(labels ?? {}) }));
}

/** The Engine itself runs it, all the time. */
function isHealthCheck(event: EngineEvent, containers: readonly ObservedContainer[]): boolean {
  return containers.some(({ inspect }) => {
    const [form, ...words] = inspect.Config.Healthcheck?.Test ?? [];
    const command = form === 'CMD-SHELL' ? ` -c ${words.join(' ')}` : `: ${words.join(' ')}`;
    return words.length > 0 && inspect.Id === event.id && event.action.endsWith(command);
  });
}
