// How many containers a service has, and what each of them has for itself: its number, its name, its host ports.
import type { Port, Service } from '../../model/service.ts';
import type { PortSpec } from '../keys/ports.ts';
import type { ServiceFields } from '../keys/service.ts';
import type { Located } from '../read.ts';
import { below, doubtful, type Where, wrong } from '../report.ts';

/** From `scale` or `deploy.replicas`, which may not differ. */
export function replicasOf(fields: Partial<ServiceFields>, where: Where): number {
  const { scale } = fields;
  const deployed = fields.deploy?.replicas;
  if (scale !== undefined && deployed !== undefined && scale.value !== deployed.value) {
    wrong(below(where, 'scale'), scale.at, 'value', 'differs from deploy.replicas', 'keep one of them');
  }
  const count = (scale ?? deployed)?.value ?? 1;
  if (count > 1) checkShareable(fields, count, where);
  return count;
}

/** What can be had only once cannot be had by several. Files for a Swarm, where all share a port, run on one Engine this way. */
function checkShareable(fields: Partial<ServiceFields>, count: number, where: Where): void {
  const { container_name, ports = [] } = fields;
  if (container_name !== undefined) {
    const what = `${count} containers cannot have one name`;
    wrong(below(where, 'container_name'), container_name.at, 'value', what, 'remove container_name, or run one');
  }
  for (const { value, at } of ports) {
    if (value.published === undefined || (value.choices ?? 1) >= count) continue;
    const last = value.published + count - 1;
    const taken =
      value.choices === undefined ? 'first container alone' : `first ${value.choices} of ${count} containers`;
    const what = `the ${taken} can have host port ${value.published}`;
    const hint = `publish a range, one host port for each: "${value.published}-${last}:${value.target}"`;
    doubtful(below(where, 'ports'), at, 'port-conflict', what, hint);
  }
}

/** The ports of one container: of a range each takes one, in order, as long as there are some. */
export function portsOf(ports: readonly Located<PortSpec>[], number: number): Located<Port>[] {
  const left = ports.filter(({ value }) => value.published === undefined || number <= (value.choices ?? 1));
  return left.map(({ value: { choices, ...port }, at }) => {
    const moved =
      choices !== undefined && port.published !== undefined ? { published: port.published + number - 1 } : {};
    return { value: { ...port, ...moved }, at };
  });
}

/** One entry for each container, from what they have in common. */
export function replicate(
  service: Service,
  count: number,
  ports: readonly Located<PortSpec>[],
  nameOf: (number: number) => string,
): Service[] {
  return Array.from({ length: count }, (_, index) => {
    const number = index + 1;
    return {
      ...service,
      number,
      container_name: nameOf(number),
      ports: portsOf(ports, number).map(({ value }) => value),
    };
  });
}
