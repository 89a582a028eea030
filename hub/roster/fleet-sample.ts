// The fleets in numbers at one moment, as history keeps them. Pure.
import type { Listed } from './listed.ts';

export interface FleetSample {
  readonly fleet: string;
  readonly devices: number;
  readonly online: number;
  readonly synced: number;
  readonly degraded: number;
  readonly drift_devices: number;
  readonly drift_open: number;
}

export function sampleFleets(listed: Iterable<Listed>): readonly FleetSample[] {
  const samples = new Map<string, { -readonly [K in keyof FleetSample]: FleetSample[K] }>();
  for (const one of listed) {
    const { fleet } = one;
    const sample = samples.get(fleet) ?? { fleet, ...NONE };
    samples.set(fleet, sample);
    sample.devices++;
    if (one.presence === 'online') sample.online++;
    if (one.sync === 'Synced') sample.synced++;
    if (one.health === 'Degraded') sample.degraded++;
    if (one.drift > 0) sample.drift_devices++;
    sample.drift_open += one.drift;
  }
  return [...samples.values()];
}

const NONE = { devices: 0, online: 0, synced: 0, degraded: 0, drift_devices: 0, drift_open: 0 };
