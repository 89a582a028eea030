// A replacement that an interrupted plan left behind: adopted when it is what is declared now and as far as its strategy
// makes it, else removed. There is no journal: name, labels, state and networks say how far it got.
import type { ContainerCreate, EndpointConfig } from '../../engine/create.ts';
import type { DesiredApp } from '../../model/desired.ts';
import type { ObservedContainer } from '../../model/observed.ts';
import type { Service } from '../../model/service.ts';
import { LABEL } from '../../names.ts';
import type { Declaration } from '../attribute.ts';
import { joinsAtCreation, networkName, orderedNetworks } from '../attributes/networking.ts';
import { specOf } from '../attributes.ts';
import { compareService } from '../compare.ts';
import { answers, hasStarted, isBare, isUp, nameOf, nextName, secondName, startFailure, trialName } from '../match.ts';
import { needsRecreate } from './differences.ts';
import type { StepFrame } from './draft.ts';
import type { Scope } from './scope.ts';
import type { Strategy } from './strategy.ts';

export interface Candidates {
  /** What becomes the service's container. */
  readonly next?: ObservedContainer | undefined;
  /** What only proves itself. Once there is a `next` it has done so. */
  readonly trial?: ObservedContainer | undefined;
}

export function candidatesOf(
  scope: Scope,
  declaration: Declaration,
  leftovers: readonly ObservedContainer[],
  strategy: Strategy,
): Candidates {
  const { container_name: name } = declaration.service;
  const usable = leftovers.filter((one) => isUsable(scope, declaration, one));
  const find = (names: readonly string[]) => usable.find((one) => names.includes(nameOf(one)));
  const found = find([nextName(name), secondName(name)]);
  const next = found !== undefined && fits(found, strategy) ? found : undefined;
  if (next !== undefined || strategy.kind !== 'trial') return { next };
  return { trial: find([trialName(name)]) };
}

/** Under start-first it gets the service's name last; otherwise it has it from the start, and starts last. */
function fits(candidate: ObservedContainer, { kind }: Strategy): boolean {
  const serves = hasStarted(candidate) && isUp(candidate) && !isBare(candidate);
  const bare = isBare(candidate) || !mayAnswer(candidate);
  return serves || (kind === 'start-first' ? bare : !isBare(candidate) && !hasStarted(candidate));
}

/** It is on a network where its service's name can lead to it. */
function mayAnswer({ inspect }: ObservedContainer): boolean {
  return Object.values(inspect.NetworkSettings.Networks ?? {}).some((endpoint) => answers(inspect, endpoint));
}

/** It is what is declared now, of our making, and nothing about it has to be made anew. */
function isUsable(scope: Scope, declaration: Declaration, candidate: ObservedContainer): boolean {
  const { app, service } = declaration;
  const { State, Config } = candidate.inspect;
  if (Config.Labels?.[LABEL.spec] !== specOf(declaration) || startFailure(candidate) !== undefined) return false;
  if (!['created', 'running', 'restarting', 'exited'].includes(State.Status)) return false;
  const differences = compareService({
    declaration,
    applied: null,
    observed: candidate,
    live: scope.live(app, service, candidate),
    image: scope.observed.images.get(service.image),
    content: scope.observed.content,
    hide: scope.hide,
  });
  const trial = nameOf(candidate) === trialName(service.container_name);
  return !differences.some((one) => {
    const { field, observed } = one;
    if (field?.startsWith('networks.')) return Array.isArray(observed) && observed[0] === 'gone';
    // A trial goes without them.
    if (trial && (field === 'mac_address' || field?.startsWith('ports.'))) return false;
    return needsRecreate(one);
  });
}

/** The body of a candidate to which no name leads. A trial goes without ports and addresses, too. */
export function bareBody(body: ContainerCreate, trial: boolean): ContainerCreate {
  const endpoints = Object.entries(body.NetworkingConfig?.EndpointsConfig ?? {});
  const { MacAddress, ...rest } = body;
  return {
    ...rest,
    ...(trial || MacAddress === undefined ? {} : { MacAddress }),
    HostConfig: { ...body.HostConfig, ...(trial ? { PortBindings: {} } : {}) },
    ...(endpoints.length === 0
      ? {}
      : {
          NetworkingConfig: {
            EndpointsConfig: Object.fromEntries(endpoints.map(([name, endpoint]) => [name, bareEndpoint(endpoint)])),
          },
        }),
  };
}

/** Connects without being found: only how the container itself sees the network is left. */
export function bareEndpoint({ Links, DriverOpts, GwPriority }: EndpointConfig): EndpointConfig {
  return {
    ...(Links === undefined ? {} : { Links }),
    ...(DriverOpts === undefined ? {} : { DriverOpts }),
    ...(GwPriority === undefined ? {} : { GwPriority }),
  };
}

/** Networks that a candidate has yet to join; of one that is not there yet, all that its creation does not join. */
export function unjoined(scope: Scope, app: DesiredApp, service: Service, candidate: ObservedContainer | undefined) {
  const connected = candidate?.inspect.NetworkSettings.Networks ?? {};
  return orderedNetworks(service).filter(([key, attachment], index) =>
    candidate === undefined
      ? index > 0 && !joinsAtCreation(scope.observed.engine, attachment)
      : !Object.hasOwn(connected, networkName(app, key)),
  );
}

export interface Replacing extends StepFrame {
  readonly changed: boolean;
  readonly strategy: Strategy;
  readonly candidates: Candidates;
  /** Networks on which the old container is given its names back first, by name on the Engine. */
  readonly regained: readonly string[];
  /** Networks that the old container was taken off, and not yet put on again without its names. */
  readonly rejoined: readonly string[];
}
