// Where a service can be reached: what a client that asks for its name finds, looked at in the world itself.
import type { DesiredApp } from '../../../../fleet/model/desired.ts';
import type { Service } from '../../../../fleet/model/service.ts';
import { LABEL } from '../../../../fleet/names.ts';
import { numberOf } from '../../../../fleet/reconcile/match.ts';
import { DEVICE } from './desired.ts';
import type { Machine } from './machine.ts';
import type { World } from './world.ts';

/** By network, the ids of ready containers of the service that its name leads to there; without networks, of all that run. */
export function servingOn(
  { machines, sick }: World,
  app: DesiredApp,
  service: Pick<Service, 'name' | 'number'>,
  networks: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const ready = [...machines.values()].filter(
    ({ config, status, name }) =>
      config.Labels?.[LABEL.device] === DEVICE &&
      config.Labels[LABEL.app] === app.name &&
      config.Labels[LABEL.service] === service.name &&
      numberOf(config.Labels) === service.number &&
      status === 'running' &&
      !name.endsWith('--trial') &&
      !sick.has(config.Image ?? ''),
  );
  const answering = (machine: Machine, network: string) =>
    machine.endpoints.get(network)?.Aliases?.includes(service.name) === true;
  if (networks.length === 0) return new Map([['', ready.map(({ id }) => id)]]);
  return new Map(
    networks.map((network) => [network, ready.filter((machine) => answering(machine, network)).map(({ id }) => id)]),
  );
}
