// Processors and block devices. What the Engine's update call takes changes in place; per-device rates recreate.
import type { ContainerCreate } from '../../engine/create.ts';
import type { EngineRate } from '../../engine/inspect.ts';
import type { BlkioConfig, DeviceRate, Service } from '../../model/service.ts';
import type { Attribute } from '../attribute.ts';
import { keyed, plain } from './builders.ts';

export const CPU: readonly Attribute[] = [
  plain({
    name: 'cpus',
    // As finely as the Engine counts.
    of: (service) => service.cpus && Math.round(service.cpus * 1e9) / 1e9,
    live: ({ HostConfig }) => (HostConfig.NanoCpus ?? 0) / 1e9,
    unset: 0,
    set: ({ HostConfig }, cpus) => {
      HostConfig.NanoCpus = Math.round(cpus * 1e9);
    },
    update: (cpus) => ({ NanoCpus: Math.round(Number(cpus) * 1e9) }),
  }),
  count('cpu_shares', 'CpuShares'),
  count('cpu_period', 'CpuPeriod'),
  count('cpu_quota', 'CpuQuota'),
  count('cpu_rt_period', 'CpuRealtimePeriod'),
  count('cpu_rt_runtime', 'CpuRealtimeRuntime'),
  plain({
    name: 'cpuset',
    of: (service) => service.cpuset,
    live: ({ HostConfig }) => HostConfig.CpusetCpus ?? '',
    unset: '',
    set: ({ HostConfig }, cpus) => {
      HostConfig.CpusetCpus = cpus;
    },
    update: (cpus) => ({ CpusetCpus: String(cpus) }),
  }),
  plain({
    name: 'blkio_config.weight',
    of: ({ blkio_config }) => blkio_config?.weight,
    live: ({ HostConfig }) => HostConfig.BlkioWeight ?? 0,
    unset: 0,
    set: ({ HostConfig }, weight) => {
      HostConfig.BlkioWeight = weight;
    },
    update: (weight) => ({ BlkioWeight: Number(weight) }),
  }),
  keyed({
    name: 'blkio_config.weight_device',
    of: ({ blkio_config }) => blkio_config?.weight_device,
    entries: (devices) => Object.fromEntries(devices.map(({ path, weight }) => [path, weight])),
    live: ({ BlkioWeightDevice }) =>
      Object.fromEntries((BlkioWeightDevice ?? []).map(({ Path, Weight }) => [Path, Weight])),
    set: (host, devices) => {
      host.BlkioWeightDevice = devices.map(({ path, weight }) => ({ Path: path, Weight: weight }));
    },
  }),
  rates('device_read_bps', 'BlkioDeviceReadBps'),
  rates('device_read_iops', 'BlkioDeviceReadIOps'),
  rates('device_write_bps', 'BlkioDeviceWriteBps'),
  rates('device_write_iops', 'BlkioDeviceWriteIOps'),
];

type CountKey = 'CpuShares' | 'CpuPeriod' | 'CpuQuota' | 'CpuRealtimePeriod' | 'CpuRealtimeRuntime';

function count(name: keyof Service & `cpu_${string}`, key: CountKey): Attribute {
  return plain({
    name,
    of: (service) => service[name],
    live: ({ HostConfig }) => HostConfig[key] ?? 0,
    unset: 0,
    set: ({ HostConfig }, value) => {
      HostConfig[key] = value;
    },
    update: (value) => ({ [key]: Number(value) }),
  });
}

type RateName = keyof BlkioConfig & `device_${string}`;
type RateKey = keyof ContainerCreate['HostConfig'] & `BlkioDevice${string}`;

function rates(name: RateName, key: RateKey): Attribute {
  const byPath = (list: readonly EngineRate[] | null | undefined) =>
    Object.fromEntries((list ?? []).map(({ Path, Rate }) => [Path, Rate]));
  const engine = (list: readonly DeviceRate[]) => list.map(({ path, rate }) => ({ Path: path, Rate: rate }));
  return keyed({
    name: `blkio_config.${name}`,
    of: ({ blkio_config }) => blkio_config?.[name],
    entries: (list) => byPath(engine(list)),
    live: (host) => byPath(host[key]),
    set: (host, list) => {
      host[key] = engine(list);
    },
  });
}
