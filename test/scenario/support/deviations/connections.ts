// Connections to networks.
import { connect, disconnect, reconnect } from '../by-hand.ts';
import { type Deviation, deviation } from './deviation.ts';

/** Shop number of the matrix: 10.243.0.0/16. */
export const NUMBER = 243;

/** `outsider`: a container that Holdfast did not make. */
export function connections(outsider: string): readonly Deviation[] {
  const front = 'shop_front';
  return [
    deviation(
      'networks-disconnected',
      {
        how: 'network disconnect',
        act: (container) => disconnect(container, 'shop_back'),
        field: 'networks.back',
        values: [['networks-disconnected'], null],
        declared: { networks: ['front', 'back'] },
      },
      ['connect-network'],
    ),
    deviation(
      'networks-first',
      {
        how: 'network disconnect of the first',
        act: (container) => disconnect(container, front),
        field: 'networks.front',
        values: [['networks-first'], null],
        declared: { networks: { front: { priority: 5 }, back: {} } },
      },
      ['connect-network'],
    ),
    deviation(
      'networks-none-left',
      {
        how: 'network disconnect of the only one',
        act: (container) => disconnect(container, front),
        field: 'networks.front',
        values: [['networks-none-left'], null],
        declared: { networks: ['front'] },
      },
      ['connect-network'],
    ),
    deviation(
      'networks-more',
      {
        how: 'network connect',
        act: (container) => connect(container, 'shop_back'),
        field: 'networks.back',
        values: [null, []],
        declared: { networks: ['front'] },
      },
      ['disconnect-network'],
    ),
    deviation(
      'networks-bridge',
      {
        how: 'network connect to the default bridge',
        act: (container) => connect(container, 'bridge'),
        field: 'networks.bridge',
        values: [null, []],
        declared: { networks: ['front'] },
      },
      ['disconnect-network'],
    ),
    deviation(
      'networks-of-mode',
      {
        how: 'network connect beside the default bridge',
        act: (container) => connect(container, front),
        field: 'networks.front',
        values: [null, []],
        declared: { network_mode: 'bridge' },
      },
      ['disconnect-network'],
    ),
    reconnected('networks-aliases', front, { Aliases: ['networks-aliases', 'mine'] }, [
      ['networks-aliases', 'shopfront'],
      ['networks-aliases', 'mine'].sort(),
    ]),
    reconnected(
      'networks-ipv4',
      'shop_fixed',
      { IPAMConfig: { IPv4Address: `10.${NUMBER}.5.77` } },
      [
        ['networks-ipv4', `ipv4=10.${NUMBER}.5.9`],
        ['networks-ipv4', `ipv4=10.${NUMBER}.5.77`],
      ],
      { networks: { fixed: { ipv4_address: `10.${NUMBER}.5.9` } } },
    ),
    reconnected(
      'networks-ipv4-open',
      'shop_fixed',
      { IPAMConfig: null },
      [['networks-ipv4-open', `ipv4=10.${NUMBER}.5.19`], ['networks-ipv4-open']],
      { networks: { fixed: { ipv4_address: `10.${NUMBER}.5.19` } } },
    ),
    reconnected(
      'networks-ipv6',
      'shop_six',
      { IPAMConfig: { IPv6Address: `fd00:${NUMBER}::77` } },
      [
        ['networks-ipv6', `ipv6=fd00:${NUMBER}::9`],
        ['networks-ipv6', `ipv6=fd00:${NUMBER}::77`],
      ],
      { networks: { six: { ipv6_address: `FD00:0${NUMBER}::0009` } } },
    ),
    reconnected(
      'networks-link_local',
      'shop_fixed',
      { IPAMConfig: { LinkLocalIPs: ['169.254.34.99'] } },
      [
        ['networks-link_local', 'link_local=169.254.34.68'],
        ['networks-link_local', 'link_local=169.254.34.99'],
      ],
      { networks: { fixed: { link_local_ips: ['169.254.34.68'] } } },
    ),
    reconnected('networks-driver_opts', 'shop_fixed', { DriverOpts: { 'example.a': '9' } }, [
      ['networks-driver_opts', 'example.a=1'],
      ['networks-driver_opts', 'example.a=9'],
    ]),
    deviation(
      'links',
      {
        how: 'network connect with another link',
        act: (container) => reconnect(container, front, { Links: ['shop-base-1:mine'] }),
        field: 'links',
        values: [['base:db'], ['base:mine']],
      },
      null,
    ),
    deviation(
      'external_links',
      {
        how: 'network connect without a link',
        act: (container) => reconnect(container, front, { Links: [] }),
        field: 'external_links',
        values: [[`${outsider}:db`], []],
      },
      null,
    ),
  ];
}

function reconnected(
  name: string,
  to: string,
  alteration: object,
  values: readonly [readonly string[], readonly string[]],
  declared?: object,
): Deviation {
  const key = to.replace('shop_', '');
  const how = `network connect with ${JSON.stringify(alteration)}`;
  const act = (container: string) => reconnect(container, to, alteration);
  return deviation(name, { how, act, field: `networks.${key}`, values, declared }, [
    'disconnect-network',
    'connect-network',
  ]);
}
