// Published ports: one field for each port of the container, with every address and port of the host that leads to it.

import type { Fields } from '../../model/plan.ts';
import type { Port } from '../../model/service.ts';
import { type Attribute, recreate } from '../attribute.ts';
import { normalAddress } from './addresses.ts';

const PREFIX = 'ports.';

export const PORTS: Attribute = {
  name: 'ports',
  declared({ service }) {
    const bindings = new Map<string, string[]>();
    for (const port of service.ports) {
      const key = PREFIX + portKey(port);
      bindings.set(key, [...(bindings.get(key) ?? []), `${normalAddress(port.host_ip ?? '')}:${port.published ?? ''}`]);
    }
    return sorted(bindings);
  },
  live({ container }) {
    const bindings = new Map<string, string[]>();
    for (const [key, hosts] of Object.entries(container.HostConfig.PortBindings ?? {})) {
      const shown = (hosts ?? []).map(
        (host) => `${normalAddress(host.HostIp ?? '')}:${host.HostPort === '0' ? '' : (host.HostPort ?? '')}`,
      );
      bindings.set(PREFIX + key, shown);
    }
    return sorted(bindings);
  },
  unset: () => null,
  exclusive: true,
  remedy: recreate,
  create({ service }, body) {
    const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
    body.ExposedPorts = {};
    for (const port of service.ports) {
      const key = portKey(port);
      body.ExposedPorts[key] = {};
      bindings[key] = [
        ...(bindings[key] ?? []),
        { HostIp: port.host_ip ?? '', HostPort: String(port.published ?? '') },
      ];
    }
    body.HostConfig.PortBindings = bindings;
  },
};

function portKey(port: Port): string {
  return `${port.target}/${port.protocol}`;
}

function sorted(bindings: ReadonlyMap<string, string[]>): Fields {
  return Object.fromEntries([...bindings].map(([key, hosts]) => [key, [...hosts].sort()]));
}
