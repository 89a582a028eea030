// What a service refers to: networks, other services, configs, environment files. Names are checked against the project
// later, so every one keeps its place.

import type { Attachment } from '../../model/network.ts';
import type { Dependency } from '../../model/service.ts';
import { asList } from '../meant.ts';
import { describe, isNull, type Node } from '../node.ts';
import { readPairs } from '../pairs.ts';
import {
  type Keys,
  type Located,
  listReader,
  locatedReader,
  mapReader,
  type Reader,
  readKeys,
  setReader,
  sortedRecord,
} from '../read.ts';
import { shown, type Where, wrong } from '../report.ts';
import { integerReader, readBoolean, readName, readOptionalText, readScalar, wordReader } from '../scalars.ts';
import { isIpv4, isIpv6 } from './addresses.ts';

/** By the name that is referred to. */
export type References<T> = ReadonlyMap<string, Located<T>>;

/** A list of names, or a map by name. */
function referencesReader<T>(bare: () => T, read: (node: Node, where: Where) => T | undefined): Reader<References<T>> {
  const byName = mapReader<Located<T>>((node, where, key) => {
    const value = isNull(node) ? bare() : read(node, where);
    return value === undefined ? undefined : { value, at: key.at };
  });
  return (node, where) => {
    if (node.kind === 'scalar')
      return wrong(where, node.at, 'type', `has to be a list or a map, not ${describe(node)}`, asList(node));
    if (node.kind !== 'list') return byName(node, where);
    const names = listReader(locatedReader(readName))(node, where) ?? [];
    return new Map(names.map(({ value, at }) => [value, { value: bare(), at }]));
  };
}

const ATTACHMENT_KEYS: Keys<AttachmentFields> = {
  aliases: setReader(readScalar),
  ipv4_address: addressReader(isIpv4),
  ipv6_address: addressReader(isIpv6),
  link_local_ips: setReader(readName),
  mac_address: readMacAddress,
  driver_opts: readOptions,
  gw_priority: readWhole,
  interface_name: readOptionalText,
  priority: readWhole,
};

type AttachmentFields = { -readonly [K in keyof Attachment]-?: NonNullable<Attachment[K]> };

export const readNetworks: Reader<References<Attachment>> = referencesReader<Attachment>(
  () => ({ aliases: [] }),
  (node, where) => {
    const fields = readKeys<AttachmentFields>(node, where, ATTACHMENT_KEYS);
    return fields && { ...fields, aliases: fields.aliases ?? [] };
  },
);

function readWhole(node: Node, where: Where): number | undefined {
  return integerReader(Number.MIN_SAFE_INTEGER)(node, where);
}

/** A map or a list of `key=value` as a plain record. */
export function readOptions(node: Node, where: Where): Readonly<Record<string, string>> | undefined {
  const pairs = readPairs(node, where);
  return pairs && sortedRecord([...pairs].map(([name, { value }]) => [name, value ?? '']));
}

export function readMacAddress(node: Node, where: Where): string | undefined {
  const text = readOptionalText(node, where);
  if (text === undefined || /^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i.test(text)) return text;
  return wrong(where, node.at, 'value', `"${shown(text)}" is not a MAC address`, 'write it like 02:42:ac:11:00:02');
}

function addressReader(isRight: (text: string) => boolean): Reader<string> {
  return (node, where) => {
    const text = readOptionalText(node, where);
    if (text === undefined || isRight(text)) return text;
    return wrong(where, node.at, 'value', `"${shown(text)}" is not an address of this kind`);
  };
}

const CONDITIONS = ['service_started', 'service_healthy', 'service_completed_successfully'] as const;

export const readDependsOn: Reader<References<Dependency>> = referencesReader<Dependency>(
  () => ({ condition: 'service_started', restart: false, required: true }),
  (node, where) => {
    const fields = readKeys<Dependency>(node, where, {
      condition: wordReader(CONDITIONS),
      restart: readBoolean,
      required: readBoolean,
    });
    return (
      fields && {
        condition: fields.condition ?? 'service_started',
        restart: fields.restart ?? false,
        required: fields.required ?? true,
      }
    );
  },
);
