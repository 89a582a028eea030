// Networks, names and ports.
import { inPlace, type Row, recreates, silent } from './row.ts';

const MAC = '02:42:ac:11:65:43';
const attachment = (settings: object) => ({ networks: { fixed: settings } });

/** `outsider`: a container that Holdfast did not make. */
export function network(outsider: string, id: string): readonly Row[] {
  return [
    inPlace(
      'container_name',
      { container_name: `one-${id}` },
      { container_name: `two-${id}` },
      `container_name: one-${id} → two-${id}`,
    ),
    recreates(
      'ports-short',
      { ports: ['127.0.0.1:18311:80'] },
      { ports: ['127.0.0.1:18312:80'] },
      'ports.80/tcp: [127.0.0.1:18311] → [127.0.0.1:18312]',
    ),
    recreates(
      'ports-long',
      { ports: [{ target: 53, published: '18313', protocol: 'udp', host_ip: '127.0.0.1' }] },
      { ports: [{ target: 53, published: '18313', protocol: 'udp', host_ip: '127.0.0.1' }, '127.0.0.1:18314:81'] },
      'ports.81/tcp: none → [127.0.0.1:18314]',
    ),
    recreates('expose', { expose: [81] }, { expose: ['82/udp'] }, 'expose: [81/tcp] → [82/udp]'),
    recreates(
      'dns',
      { dns: ['9.9.9.9', '1.1.1.1'] },
      { dns: ['1.1.1.1', '9.9.9.9'] },
      'dns: [9.9.9.9, 1.1.1.1] → [1.1.1.1, 9.9.9.9]',
    ),
    recreates('dns_opt', { dns_opt: ['use-vc'] }, {}, 'dns_opt: [use-vc] → []'),
    recreates(
      'dns_search',
      { dns_search: 'a.example' },
      { dns_search: ['b.example'] },
      'dns_search: [a.example] → [b.example]',
    ),
    recreates(
      'extra_hosts',
      { extra_hosts: ['b:10.0.0.2', 'a=10.0.0.1', 'up:host-gateway'] },
      { extra_hosts: { a: '10.0.0.1', up: 'host-gateway' } },
      'extra_hosts: [a:10.0.0.1, b:10.0.0.2, up:host-gateway] → [a:10.0.0.1, up:host-gateway]',
    ),
    recreates(
      'links',
      { networks: ['front'], links: ['base:db'] },
      { networks: ['front'], links: ['base:data'] },
      'links: [base:db] → [base:data]',
    ),
    recreates(
      'external_links',
      { networks: ['front'], external_links: [`${outsider}:db`] },
      { networks: ['front'], external_links: [outsider] },
      `external_links: [${outsider}:db] → [${outsider}:${outsider}]`,
    ),
    recreates('network_mode-host', { network_mode: 'host' }, { network_mode: 'none' }, 'network_mode: host → none'),
    recreates(
      'network_mode-bridge',
      { network_mode: 'bridge' },
      { network_mode: 'none' },
      'network_mode: bridge → none',
    ),
    recreates(
      'network_mode-to-networks',
      { network_mode: 'host' },
      { networks: ['front'] },
      'network_mode: host → none; networks.front: none → [network_mode-to-networks]',
    ),
    recreates(
      'network_mode-service',
      { network_mode: 'service:base' },
      { network_mode: 'service:base', user: '1' },
      'user: "" → 1',
    ),
    recreates(
      'network_mode-container',
      { network_mode: `container:${outsider}` },
      { network_mode: 'none' },
      `network_mode: container:${outsider} → none`,
    ),
    recreates(
      'mac_address',
      { networks: ['front'], mac_address: MAC.toUpperCase() },
      { networks: ['front'], mac_address: '02:42:ac:11:65:44' },
      `mac_address: ${MAC} → 02:42:ac:11:65:44`,
    ),
    recreates(
      'mac_address-gone',
      { networks: ['front'], mac_address: '02:42:ac:11:65:45' },
      { networks: ['front'] },
      'mac_address: 02:42:ac:11:65:45 → none',
    ),
    inPlace('networks', { networks: ['front'] }, { networks: ['front', 'back'] }, 'networks.back: none → [networks]'),
    inPlace(
      'networks-aliases',
      { networks: { front: { aliases: ['shopfront'] } } },
      { networks: { front: { aliases: ['till'] } } },
      'networks.front: [networks-aliases, shopfront] → [networks-aliases, till]',
    ),
    inPlace(
      'networks-ipv4',
      attachment({ ipv4_address: '10.242.5.9' }),
      attachment({ ipv4_address: '10.242.5.10' }),
      'networks.fixed: [networks-ipv4, ipv4=10.242.5.9] → [networks-ipv4, ipv4=10.242.5.10]',
    ),
    inPlace(
      'networks-ipv6',
      { networks: { six: { ipv6_address: 'FD00:0242::0009' } } },
      { networks: { six: { ipv6_address: 'fd00:242::a' } } },
      'networks.six: [networks-ipv6, ipv6=fd00:242::9] → [networks-ipv6, ipv6=fd00:242::a]',
    ),
    inPlace(
      'networks-link_local',
      attachment({ link_local_ips: ['169.254.34.68'] }),
      attachment({ link_local_ips: ['169.254.34.69'] }),
      'networks.fixed: [networks-link_local, link_local=169.254.34.68] → [networks-link_local, link_local=169.254.34.69]',
    ),
    inPlace(
      'networks-driver_opts',
      attachment({ driver_opts: { 'example.a': '1' } }),
      attachment({ driver_opts: { 'example.a': 2 } }),
      'networks.fixed: [networks-driver_opts, example.a=1] → [networks-driver_opts, example.a=2]',
    ),
    silent(
      'networks-priority',
      { networks: { front: {}, six: { priority: 5 } } },
      { networks: { front: { priority: 6 }, six: { priority: 5 } } },
    ),
  ];
}
