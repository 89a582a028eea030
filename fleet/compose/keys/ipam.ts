// ipam of a network: which addresses it has.
import type { Ipam, IpamPool } from '../../model/network.ts';
import type { Node } from '../node.ts';
import { listReader, type Reader, readKeys } from '../read.ts';
import { shown, type Where, wrong } from '../report.ts';
import { readOptionalText } from '../scalars.ts';
import { isAddress } from './addresses.ts';
import { readOptions } from './relations.ts';

export const readIpam: Reader<Ipam> = (node, where) => {
  const fields = readKeys<Required<Ipam>>(node, where, {
    driver: readOptionalText,
    options: readOptions,
    config: listReader(readPool),
  });
  return fields && { ...fields, config: fields.config ?? [] };
};

const readPool: Reader<IpamPool> = (node, where) =>
  readKeys<Required<IpamPool>>(node, where, {
    subnet: readSubnet,
    ip_range: readSubnet,
    gateway: readGateway,
    aux_addresses: readOptions,
  });

function readSubnet(node: Node, where: Where): string | undefined {
  const text = readOptionalText(node, where);
  if (text === undefined || /^[0-9a-fA-F:.]{2,45}\/\d{1,3}$/.test(text)) return text;
  return wrong(where, node.at, 'value', `"${shown(text)}" is not a subnet`, 'write it like 172.28.0.0/16');
}

function readGateway(node: Node, where: Where): string | undefined {
  const text = readOptionalText(node, where);
  if (text === undefined || isAddress(text)) return text;
  return wrong(where, node.at, 'value', `"${shown(text)}" is not an address`, 'write it like 172.28.0.1');
}
