// Namespaces that a container does not have for itself: the host's, or those of a container of somebody else.
import type { AskOf, Denial, Owner } from './denial.ts';
import { fits } from './glob.ts';

const NAMESPACES = {
  network: { key: 'host_network', gives: 'it could listen on every port and reach what serves only this host' },
  pid: { key: 'host_pid', gives: 'it could see every process of this host, and end those of its user' },
  ipc: { key: 'host_ipc', gives: 'it could read the shared memory of other programs' },
  uts: { key: 'host_uts', gives: 'it could rename this host' },
  userns: { key: 'host_userns', gives: 'its root would be the root of this host' },
  cgroup: { key: 'host_cgroup', gives: 'it could see the control groups of this host' },
} as const;

export function judgeNamespace({ namespace, value }: AskOf<'namespace'>, { policy }: Owner): Denial | null {
  const { key, gives } = NAMESPACES[namespace];
  if (value.startsWith('container:')) {
    const container = value.slice('container:'.length);
    if (policy.containers.some((entry) => fits(entry, container))) return null;
    return {
      asks: `joins the ${namespace} namespace of the container ${container}`,
      gives: 'it could act as if it were inside another app',
      allow: { key: 'containers', entry: container },
    };
  }
  if (value === 'host' && policy[key]) return null;
  return { asks: `wants the ${namespace} namespace of the host`, gives, allow: { key, value: true } };
}
