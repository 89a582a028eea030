// Which container is which service's. Matched by labels, since names can be changed by hand; whatever does not carry
// this device's label is somebody else's and is only ever looked at.
import type { ContainerInspect, EngineEndpoint } from '../engine/inspect.ts';
import type { DesiredApp } from '../model/desired.ts';
import type { Observed, ObservedContainer } from '../model/observed.ts';
import type { Service } from '../model/service.ts';
import { LABEL } from '../names.ts';

/** Names of replacements; the second kind replaces one that never got its name. */
const NEXT = /--next(-2)?$/;
const TRIAL = /--trial$/;

/** A replacement has this name until it takes over. */
export function nextName(name: string): string {
  return `${name}--next`;
}

/** The name of the replacement of one that never got its own name. */
export function secondName(name: string): string {
  return `${nextName(name)}-2`;
}

/** What proves itself beside a container whose ports or addresses only one can have, and then goes. */
export function trialName(name: string): string {
  return `${name}--trial`;
}

export function nameOf(container: ObservedContainer): string {
  return container.inspect.Name.replace(/^\//, '');
}

export interface Matched {
  /** The service's container; undefined: missing. */
  readonly main: ObservedContainer | undefined;
  /** Replacements that an interrupted plan left behind, to be adopted or removed; and what has been replaced. */
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
  const is = (kind: RegExp) => (container: ObservedContainer) =>
    nameOf(container) !== service.container_name && kind.test(nameOf(container));
  const [isNext, isTrial] = [is(NEXT), is(TRIAL)];
  const isOther = (container: ObservedContainer) => !isNext(container) && !isTrial(container);
  const old =
    labelled.find((container) => nameOf(container) === service.container_name) ??
    labelled.find((container) => isOther(container) && ours(nameOf(container))) ??
    labelled.find(isOther);
  const next = labelled.find((container) => isNext(container) && hasTakenOver(container));
  // As long as the old one runs it is what the service has: a replacement beside it is on its way in, or on its way out.
  const main =
    (next !== undefined && (old === undefined || !isUp(old)) ? next : old) ??
    labelled.find((container) => nameOf(container).endsWith('--next')) ??
    labelled.find(isNext);
  const rest = labelled.filter((container) => container !== main);
  return {
    main,
    leftovers: rest.filter((container) => !isOther(container) || ours(nameOf(container))),
    strangers: rest.filter((container) => isOther(container) && !ours(nameOf(container))),
  };
}

export function isUp({ inspect: { State } }: ObservedContainer): boolean {
  return State.Status === 'running' || State.Status === 'restarting' || State.Status === 'paused';
}

/** It could not be started, though the Engine was asked to. */
export function startFailure(container: ObservedContainer): string | undefined {
  return isUp(container) ? undefined : container.inspect.State.Error || undefined;
}

/** What containerd says of a container that it lost track of when it was killed. */
const LOST = /shim: mkdir .*: file exists|container with (?:given )?id (?:already )?exists|\btask \S+ already exists/;

/** The Engine cannot start it any more, whatever it is: something of its last run is in the way. Another one in its place starts. */
export function isLost(container: ObservedContainer): boolean {
  return container.inspect.State.Status === 'dead' || LOST.test(startFailure(container) ?? '');
}

/** It has run: an image, a command and ports that are known to work on this host. */
export function hasStarted({ inspect: { State } }: ObservedContainer): boolean {
  return State.StartedAt !== undefined && !State.StartedAt.startsWith('0001-');
}

/**
 * The one was made by us, and started, after the other last started. A host that came up without its time says nothing: what it
 * starts then seems older than it is.
 */
export function madeSince({ inspect: made }: ObservedContainer, { inspect: other }: ObservedContainer): boolean {
  if (made.Config.Labels?.[LABEL.spec] === undefined) return false;
  const createdMs = Date.parse(made.Created ?? '');
  return startedMs(other) < createdMs && createdMs <= startedMs(made);
}

function startedMs({ State }: ContainerInspect): number {
  return Date.parse(State.StartedAt ?? '');
}

/** It runs, and its health check has not said anything yet. */
export function isStarting({ inspect: { State } }: ObservedContainer): boolean {
  return State.Status === 'running' && State.Health?.Status === 'starting';
}

/**
 * It is on networks of its own and answers to its service's name on none of them: it proves itself beside the one that
 * serves, or it has handed over. Whatever else we make answers from its start.
 */
export function isBare({ inspect }: ObservedContainer): boolean {
  const { NetworkMode = '' } = inspect.HostConfig;
  if (['', 'default', 'bridge', 'host', 'none'].includes(NetworkMode) || NetworkMode.startsWith('container:'))
    return false;
  const endpoints = Object.values(inspect.NetworkSettings.Networks ?? {});
  return endpoints.length > 0 && !endpoints.some((endpoint) => answers(inspect, endpoint));
}

/** The endpoint makes its service's name lead to the container. */
export function answers({ Config }: ContainerInspect, { Aliases }: EngineEndpoint): boolean {
  const service = Config.Labels?.[LABEL.service];
  return service !== undefined && (Aliases ?? []).includes(service);
}

/**
 * A replacement has started after the old container stopped, or was given the service's name once it was ready: if the
 * old one does not run, it is the service's container.
 */
function hasTakenOver(container: ObservedContainer): boolean {
  return hasStarted(container) && startFailure(container) === undefined && !isBare(container);
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
