// Devices of the host and what drivers are asked for. A device without a slash is a CDI name and goes to the `cdi` driver.
import type { EngineDeviceRequest } from '../../engine/inspect.ts';
import type { Device, DeviceRequest } from '../../model/service.ts';
import type { Attribute } from '../attribute.ts';
import { recreate } from '../attribute.ts';
import { plain, sortedList } from './builders.ts';

const CDI = 'cdi';

const devices: Attribute = {
  name: 'devices',
  declared: ({ service }) => (service.devices === undefined ? {} : { devices: sortedList(service.devices.map(shown)) }),
  live: ({ container: { HostConfig } }) => ({
    devices: sortedList([
      ...(HostConfig.Devices ?? []).map(({ PathOnHost, PathInContainer, CgroupPermissions }) =>
        shown({ source: PathOnHost, target: PathInContainer, permissions: CgroupPermissions || 'rwm' }),
      ),
      ...(HostConfig.DeviceRequests ?? []).filter(isCdi).flatMap(({ DeviceIDs }) => DeviceIDs ?? []),
    ]),
  }),
  unset: () => [],
  exclusive: false,
  remedy: recreate,
  create({ service }, body) {
    const paths = (service.devices ?? []).filter((device) => !isCdiName(device));
    if (paths.length > 0)
      body.HostConfig.Devices = paths.map(({ source, target, permissions }) => ({
        PathOnHost: source,
        PathInContainer: target,
        CgroupPermissions: permissions,
      }));
    const names = (service.devices ?? []).filter(isCdiName).map(({ source }) => source);
    if (names.length > 0)
      body.HostConfig.DeviceRequests = [
        ...(body.HostConfig.DeviceRequests ?? []),
        { Driver: CDI, Count: 0, DeviceIDs: names, Capabilities: [], Options: {} },
      ];
  },
};

export const DEVICES: readonly Attribute[] = [
  devices,
  plain({
    name: 'device_cgroup_rules',
    of: (service) => service.device_cgroup_rules,
    shown: (list) => sortedList(list),
    live: ({ HostConfig }) => sortedList(HostConfig.DeviceCgroupRules),
    unset: [],
    set: ({ HostConfig }, rules) => {
      HostConfig.DeviceCgroupRules = rules;
    },
  }),
  {
    name: 'device_requests',
    declared: ({ service: { device_requests: list } }) =>
      list === undefined ? {} : { device_requests: sortedList(list.map(engineRequest).map(shownRequest)) },
    live: ({ container: { HostConfig } }) => ({
      device_requests: sortedList(
        (HostConfig.DeviceRequests ?? []).filter((request) => !isCdi(request)).map(shownRequest),
      ),
    }),
    unset: () => [],
    exclusive: false,
    remedy: recreate,
    create({ service }, body) {
      if (service.device_requests === undefined) return;
      const asked = service.device_requests.map(engineRequest);
      body.HostConfig.DeviceRequests = [...(body.HostConfig.DeviceRequests ?? []), ...asked];
    },
  },
];

/** Only a path of the host has a slash in front; `vendor.com/class=name` is what a CDI driver knows. */
export function isCdiName({ source }: Device): boolean {
  return !source.startsWith('/');
}

function isCdi({ Driver }: EngineDeviceRequest): boolean {
  return Driver === CDI;
}

function shown({ source, target, permissions }: Device): string {
  return source.startsWith('/') ? `${source}:${target}:${permissions}` : source;
}

function engineRequest({ driver, count, device_ids, capabilities, options }: DeviceRequest): EngineDeviceRequest {
  return {
    Driver: driver ?? '',
    Count: count ?? 0,
    DeviceIDs: device_ids ?? [],
    Capabilities: [capabilities],
    Options: options ?? {},
  };
}

/** `driver=nvidia count=all capabilities=gpu,compute`. */
function shownRequest({ Driver, Count, DeviceIDs, Capabilities, Options }: EngineDeviceRequest): string {
  const sets = (Capabilities ?? []).map((set) => sortedList(set).join(','));
  return [
    ...(Driver ? [`driver=${Driver}`] : []),
    ...(Count ? [`count=${Count === -1 ? 'all' : Count}`] : []),
    ...(DeviceIDs?.length ? [`device_ids=${sortedList(DeviceIDs).join(',')}`] : []),
    `capabilities=${sortedList(sets).join('|')}`,
    ...Object.entries(Options ?? {})
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => `${key}=${value}`),
  ].join(' ');
}
