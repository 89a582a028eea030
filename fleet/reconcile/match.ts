// Which container is which service's. Matched by labels, since names can be changed by hand; whatever does not carry
// this device's label is somebody else's and is only ever looked at.
import type { DesiredApp } from '../model/desired.ts';
import type { Observed, ObservedContainer } from '../model/observed.ts';
import type { Service } from '../model/service.ts';
import { LABEL } from '../names.ts';

/** Names of replacements; the second kind replaces one that never got its name. */
const NEXT = /--next(-2)?$/;

/** A replacement has this name until it takes over. */
export function nextName(name: string): string {
  return `${name}--next`;
}

export function nameOf(container: ObservedContainer): string {
  return container.inspect.Name.replace(/^\//, '');
}

export interface Matched {
  /** The service's container; undefined: missing. */
  readonly main: ObservedContainer | undefined;
  /** Replacements that an interrupted plan left behind. */
  readonly leftovers: readonly ObservedContainer[];
  /** Carries the service's labels but is not known to be of our making, and is not needed. */
  readonly strangers: readonly ObservedContainer[];
}

export function matchService(
  device: string,
  app: DesiredApp,
  service: Service,
  observed: Observed,
  ours: (name: string) => boolean,
): Matched {
  const labelled = observed.containers.filter((container) => isContainerOf(container, device, app.name, service));
  const isNext = (container: ObservedContainer) =>
    nameOf(container) !== service.container_name && NEXT.test(nameOf(container));
  const main =
    labelled.find((container) => isNext(container) && hasTakenOver(container)) ??
    labelled.find((container) => nameOf(container) === service.container_name) ??
    labelled.find((container) => !isNext(container) && ours(nameOf(container))) ??
    labelled.find((container) => !isNext(container)) ??
    labelled.find((container) => nameOf(container).endsWith('--next')) ??
    labelled.find((container) => isNext(container));
  const rest = labelled.filter((container) => container !== main);
  return {
    main,
    leftovers: rest.filter((container) => isNext(container) || ours(nameOf(container))),
    strangers: rest.filter((container) => !isNext(container) && !ours(nameOf(container))),
  };
}

/** It could not be started, though the Engine was asked to. */
export function startFailure({ inspect: { State } }: ObservedContainer): string | undefined {
  const up = State.Status === 'running' || State.Status === 'restarting' || State.Status === 'paused';
  return up ? undefined : State.Error || undefined;
}

/** It has run: an image, a command and ports that are known to work on this host. */
export function hasStarted({ inspect: { State } }: ObservedContainer): boolean {
  return State.StartedAt !== undefined && !State.StartedAt.startsWith('0001-');
}

/** A replacement starts only after the old container has stopped: once it did, it is the service's container. */
function hasTakenOver(container: ObservedContainer): boolean {
  return hasStarted(container) && startFailure(container) === undefined;
}

function isContainerOf(container: ObservedContainer, device: string, app: string, service: Service): boolean {
  const labels = container.inspect.Config.Labels ?? {};
  const ours = labels[LABEL.device] === device && labels[LABEL.app] === app;
  return ours && labels[LABEL.service] === service.name && numberOf(labels) === service.number;
}

/** Which of its service's containers it is, by its labels; without a number the first. */
export function numberOf(labels: Readonly<Record<string, string>>): number {
  const number = Number(labels[LABEL.composeNumber] ?? 1);
  return Number.isSafeInteger(number) && number > 0 ? number : 1;
}
