// How a service's container is replaced: beside the old one where both can be there at once, else after it; and what only
// one can have.
import type { DesiredApp } from '../../model/desired.ts';
import type { ObservedContainer } from '../../model/observed.ts';
import type { Service } from '../../model/service.ts';
import { isUp } from '../match.ts';
import type { AppSteps } from './app-steps.ts';

/**
 * `start-first`: the new container is ready before the old one goes. `trial`: the old one goes first, after a container
 * without what cannot be shared was ready beside it. `stop-first`: the old one goes first; `why` where the file asks for more.
 */
export type Strategy =
  | { readonly kind: 'start-first' }
  | { readonly kind: 'trial'; readonly why: string }
  | { readonly kind: 'stop-first'; readonly why?: string };

export function strategyOf(app: DesiredApp, service: Service, steps: AppSteps, old: ObservedContainer): Strategy {
  // Where nobody serves there is nothing to keep.
  if (app.strategy === 'stop-first' || !isUp(old)) return { kind: 'stop-first' };
  const mode = service.network_mode ?? '';
  if (mode === 'host' || /^(service|container):/.test(mode))
    return { kind: 'stop-first', why: `two containers cannot share network_mode: ${mode}` };
  if (Object.keys(service.networks).some((key) => steps.networks.replaced(key)))
    return { kind: 'stop-first', why: 'its network is replaced' };
  // Whoever gets a port of the old one may be waited for by the new one.
  const held = exclusive(service) ?? heldPort(old);
  return held === undefined ? { kind: 'start-first' } : { kind: 'trial', why: held };
}

/** What only one container can have at a time. */
function exclusive({ ports, networks, mac_address }: Service): string | undefined {
  const fixed = ports.find(({ published }) => published !== undefined);
  if (fixed !== undefined) return `host port ${fixed.published}`;
  const attachments = Object.values(networks);
  const address = attachments
    .flatMap((one) => [one.ipv4_address, one.ipv6_address, ...(one.link_local_ips ?? []), one.mac_address])
    .find((one) => one !== undefined);
  return (address ?? mac_address) === undefined ? undefined : `address ${address ?? mac_address}`;
}

function heldPort({ inspect }: ObservedContainer): string | undefined {
  const bindings = Object.values(inspect.HostConfig.PortBindings ?? {}).flatMap((hosts) => hosts ?? []);
  const fixed = bindings.find(({ HostPort }) => HostPort && HostPort !== '0');
  return fixed && `host port ${fixed.HostPort}`;
}
