// Networks and volumes that somebody removed, or made again otherwise.
import type { Value } from '../../../../fleet/model/plan.ts';
import { dockerOk } from '../../../support/engine.ts';
import { type NetworkAlteration, remakeNetwork, remakeVolume, removeNetwork } from '../by-hand.ts';
import { NUMBER } from './connections.ts';

export interface ResourceDeviation {
  /** Its key in the file. */
  readonly key: string;
  readonly declared: object;
  readonly how: string;
  readonly act: (name: string, containers: readonly string[]) => Promise<unknown>;
  readonly field: string | null;
  readonly desired: Value;
  readonly observed: Value;
}

/** A container is on each of these. */
export const NETWORKS: readonly ResourceDeviation[] = [
  remade('internal', { internal: true }, { Internal: false }, 'internal', [true, false]),
  remade('attachable', { attachable: true }, { Attachable: false }, 'attachable', [true, false]),
  remade('labels', { labels: { a: '1' } }, { Labels: { a: '9' } }, 'labels.a', ['1', '9']),
  remade(
    'driver_opts',
    { driver_opts: { 'com.docker.network.bridge.enable_icc': 'false' } },
    { Options: {} },
    'driver_opts.com.docker.network.bridge.enable_icc',
    ['false', null],
  ),
  remade(
    'enable_ipv6',
    { enable_ipv6: false },
    { EnableIPv6: true, IPAM: ipam({ Subnet: `fd00:${NUMBER}:1::/64` }) },
    'enable_ipv6',
    [false, true],
  ),
  remade('subnet', pool(`10.${NUMBER + 1}.0.0/24`), { IPAM: ipam({ Subnet: `10.${NUMBER + 1}.9.0/24` }) }, 'subnets', [
    [`10.${NUMBER + 1}.0.0/24`],
    [`10.${NUMBER + 1}.9.0/24`],
  ]),
  remade(
    'gateway',
    { ipam: { config: [{ subnet: `10.${NUMBER + 1}.1.0/24`, gateway: `10.${NUMBER + 1}.1.7` }] } },
    { IPAM: ipam({ Subnet: `10.${NUMBER + 1}.1.0/24`, Gateway: `10.${NUMBER + 1}.1.9` }) },
    'subnets',
    [
      [`10.${NUMBER + 1}.1.0/24 gateway=10.${NUMBER + 1}.1.7`],
      [`10.${NUMBER + 1}.1.0/24 gateway=10.${NUMBER + 1}.1.9`],
    ],
  ),
  {
    key: 'gone',
    declared: {},
    how: 'network rm',
    act: removeNetwork,
    field: null,
    desired: 'shop_gone',
    observed: null,
  },
];

/** Nothing uses these; they hold data as far as Holdfast knows, so what differs is only reported. */
export const VOLUMES: readonly ResourceDeviation[] = [
  {
    key: 'sized',
    declared: { driver_opts: { type: 'tmpfs', device: 'tmpfs', o: 'size=1m' } },
    how: 'volume made again with o=size=2m',
    act: (name) => remakeVolume(name, { DriverOpts: { type: 'tmpfs', device: 'tmpfs', o: 'size=2m' } }),
    field: 'driver_opts.o',
    desired: 'size=1m',
    observed: 'size=2m',
  },
  {
    key: 'labelled',
    declared: { labels: { tier: 'gold' } },
    how: 'volume made again with the label tier=tin',
    act: (name) => remakeVolume(name, { Labels: { tier: 'tin' } }),
    field: 'labels.tier',
    desired: 'gold',
    observed: 'tin',
  },
];

/** A volume that is gone is made again. */
export const LOST_VOLUME: ResourceDeviation = {
  key: 'lost',
  declared: {},
  how: 'volume rm',
  act: (name) => dockerOk('DELETE', `/volumes/${name}`),
  field: null,
  desired: 'shop_lost',
  observed: null,
};

function remade(
  key: string,
  declared: object,
  alteration: NetworkAlteration,
  field: string,
  [desired, observed]: readonly [Value, Value],
): ResourceDeviation {
  return {
    key,
    declared,
    how: `made again with ${JSON.stringify(alteration)}`,
    act: (name, containers) => remakeNetwork(name, containers, alteration),
    field,
    desired,
    observed,
  };
}

function pool(subnet: string): object {
  return { ipam: { config: [{ subnet }] } };
}

function ipam(config: object): object {
  return { Driver: 'default', Config: [config] };
}
