// Names, ports and network modes.
import { disconnect, lookAlike } from '../by-hand.ts';
import { connections } from './connections.ts';
import { altered, type Deviation, deviation } from './deviation.ts';

const host = (HostConfig: object) => ({ HostConfig });
const published = (port: string) => [{ HostIp: '127.0.0.1', HostPort: port }];
const at = (port: string) => [`127.0.0.1:${port}`];
const MAC = '02:42:ac:11:65:73';

/** `outsider`: a container that Holdfast did not make. */
export function network(outsider: string): readonly Deviation[] {
  return [
    altered(
      'ports',
      host({ PortBindings: { '80/tcp': published('18331') } }),
      'ports.80/tcp',
      [at('18330'), at('18331')],
      {
        ports: ['127.0.0.1:18330:80'],
      },
    ),
    altered(
      'ports-everywhere',
      host({ PortBindings: { '80/tcp': [{ HostPort: '18332' }] } }),
      'ports.80/tcp',
      [at('18332'), [':18332']],
      { ports: ['127.0.0.1:18332:80'] },
    ),
    altered('ports-gone', host({ PortBindings: {} }), 'ports.80/tcp', [at('18333'), null], {
      ports: ['127.0.0.1:18333:80'],
    }),
    altered(
      'ports-more',
      host({ PortBindings: { '81/udp': published('18334') } }),
      'ports.81/udp',
      [null, at('18334')],
      {},
    ),
    altered('expose', { Config: { ExposedPorts: {} } }, 'expose', [['81/tcp'], []]),
    altered('dns', host({ Dns: ['1.1.1.1', '9.9.9.9'] }), 'dns', [
      ['9.9.9.9', '1.1.1.1'],
      ['1.1.1.1', '9.9.9.9'],
    ]),
    altered('dns_opt', host({ DnsOptions: [] }), 'dns_opt', [['use-vc'], []]),
    altered('dns_search', host({ DnsSearch: ['mine.example'] }), 'dns_search', [['a.example'], ['mine.example']]),
    altered('extra_hosts', host({ ExtraHosts: ['a:10.0.0.9'] }), 'extra_hosts', [['a:10.0.0.1'], ['a:10.0.0.9']], {
      extra_hosts: ['a=10.0.0.1'],
    }),
    altered('mac_address', { Config: { MacAddress: '02:42:ac:11:65:74' } }, 'mac_address', [MAC, '02:42:ac:11:65:74'], {
      networks: ['front'],
      mac_address: MAC.toUpperCase(),
    }),
    altered('network_mode-host', host({ NetworkMode: 'none' }), 'network_mode', ['host', 'none']),
    altered('network_mode-service', host({ NetworkMode: `container:${outsider}` }), 'network_mode', [
      'service:base',
      `container:${outsider}`,
    ]),
    altered('network_mode-none', host({ NetworkMode: 'bridge' }), 'network_mode', ['none', 'bridge'], {
      network_mode: 'none',
    }),
    deviation(
      'network_mode-bridge',
      {
        how: 'network disconnect from the default bridge',
        act: (container) => disconnect(container, 'bridge'),
        field: 'network_mode',
        values: ['bridge', 'disconnected'],
      },
      null,
    ),
    deviation(
      'network_mode-holder',
      {
        how: 'the container whose network it shares replaced by a look-alike',
        act: () => lookAlike('shop-holder-1', {}),
        field: 'network_mode',
        values: ['service:holder', /^container:[0-9a-f]{12}$/],
        declared: { network_mode: 'service:holder' },
      },
      null,
    ),
    ...connections(outsider),
  ];
}
