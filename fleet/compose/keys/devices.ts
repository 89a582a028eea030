// Devices of the host, and what drivers are asked for: `devices`, `gpus` and `deploy.resources.reservations.devices`.
import type { Device, DeviceRequest } from '../../model/service.ts';
import { describe, type Node } from '../node.ts';
import { type Pairs, readPairs } from '../pairs.ts';
import type { Place } from '../place.ts';
import {
  type Keys,
  type Located,
  listReader,
  missingKey,
  oneOrMoreReader,
  type Reader,
  readKeys,
  sortedRecord,
} from '../read.ts';
import { doubtful, shown, type Where, wrong } from '../report.ts';
import { numberOf, readName, readOptionalText, readScalar } from '../scalars.ts';

const EXAMPLE = 'write "/dev/ttyUSB0:/dev/ttyUSB0", or vendor.com/class=name for a CDI device';
/** `vendor.com/class=name`, as the Container Device Interface has it. */
const CDI = /^[A-Za-z0-9][A-Za-z0-9._-]*\/[A-Za-z0-9][A-Za-z0-9._-]*=[A-Za-z0-9][A-Za-z0-9._:-]*$/;
const PERMISSIONS = /^[rwm]{1,3}$/;

const readDevice: Reader<Located<Device>> = (node, where) => {
  if (node.kind === 'map') return longDevice(node, where);
  const text = readName(node, where);
  if (text === undefined) return undefined;
  if (CDI.test(text)) return { value: { source: text, target: text, permissions: 'rwm' }, at: node.at };
  const [source = '', second = '', third] = text.split(':');
  // Two parts: the second is the place in the container, or the permissions.
  const target = second !== '' && !(third === undefined && PERMISSIONS.test(second)) ? second : source;
  const permissions = third ?? (target === second ? 'rwm' : second || 'rwm');
  return checked({ source, target, permissions }, node.at, where);
};

function longDevice(node: Node & { kind: 'map' }, where: Where): Located<Device> | undefined {
  const fields = readKeys<Device>(node, where, {
    source: readName,
    target: readOptionalText,
    permissions: readOptionalText,
  });
  if (fields === undefined) return undefined;
  const { source, permissions = 'rwm' } = fields;
  const entry = node.entries.get('source');
  if (source === undefined) {
    return missingKey(node, where, 'source', EXAMPLE);
  }
  return checked({ source, target: fields.target ?? source, permissions }, entry?.value.at ?? node.at, where);
}

function checked(device: Device, at: Place, where: Where): Located<Device> | undefined {
  if (device.source === '') {
    const what = 'no device of the host is named, as if a variable were not set: nothing is passed on';
    doubtful(where, at, 'device', what, 'set the variable in .env or under env: in device.yaml');
    return undefined;
  }
  if (!device.source.startsWith('/') && !CDI.test(device.source)) {
    return wrong(where, at, 'value', `"${shown(device.source)}" is not a device`, EXAMPLE);
  }
  if (PERMISSIONS.test(device.permissions)) return { value: device, at };
  return wrong(where, at, 'value', `"${shown(device.permissions)}" has to be letters of rwm`, EXAMPLE);
}

export const readDevices: Reader<readonly Located<Device>[]> = listReader(readDevice);

interface RequestFields {
  driver: string;
  count: number;
  device_ids: readonly string[];
  capabilities: readonly string[];
  options: Pairs;
}

const REQUEST_KEYS: Keys<RequestFields> = {
  driver: readOptionalText,
  count: readCount,
  device_ids: oneOrMoreReader(readScalar),
  capabilities: oneOrMoreReader(readName),
  options: readPairs,
};

/** `all` is -1. */
function readCount(node: Node, where: Where): number | undefined {
  if (node.kind === 'scalar' && node.value === 'all') return -1;
  const count = numberOf(node);
  if (count !== null && Number.isSafeInteger(count) && count >= -1) return count;
  return wrong(where, node.at, 'value', 'has to be a number of devices, or all');
}

/** `needed`: a capability that the key implies; null: the file has to name one, or a driver. */
function requestReader(needed: string | null): Reader<Located<DeviceRequest>> {
  return (node, where) => {
    const fields = readKeys<RequestFields>(node, where, REQUEST_KEYS);
    if (fields === undefined) return undefined;
    const { capabilities: named = [], count, device_ids, options, driver } = fields;
    const capabilities = needed === null || named.includes(needed) ? named : [...named, needed];
    if (count !== undefined && device_ids !== undefined && count !== 0) {
      return wrong(where, node.at, 'value', 'count and device_ids contradict each other', 'keep one of them');
    }
    if (capabilities.length === 0 && driver === undefined) {
      return wrong(where, node.at, 'missing-key', 'capabilities is missing', 'write capabilities: [gpu]');
    }
    const value: DeviceRequest = {
      ...(driver === undefined ? {} : { driver }),
      ...(device_ids === undefined ? { count: count ?? -1 } : { device_ids }),
      capabilities,
      ...(options === undefined
        ? {}
        : { options: sortedRecord([...options].map(([name, option]) => [name, option.value ?? ''])) }),
    };
    return { value, at: node.at };
  };
}

export const readDeviceRequests: Reader<readonly Located<DeviceRequest>[]> = listReader(requestReader(null));

const readGpuList = listReader(requestReader('gpu'));

/** `all`, or a list. */
export const readGpus: Reader<readonly Located<DeviceRequest>[]> = (node, where) => {
  if (node.kind === 'list') return readGpuList(node, where);
  if (node.kind === 'scalar' && node.value === 'all') {
    return [{ value: { count: -1, capabilities: ['gpu'] }, at: node.at }];
  }
  return wrong(where, node.at, 'type', `has to be all or a list, not ${describe(node)}`, 'write gpus: all');
};
