// The Engine's answers are unknown until they pass here: the fields that are always read are checked, and a wrong shape is a
// HoldfastError that names the call. Fields that the vocabulary marks optional are left to their readers' defaults.
import type { ContainerInspect, ImageInspect, NetworkInspect, VolumeInspect } from '../../fleet/engine/inspect.ts';
import { HoldfastError } from '../../fleet/error.ts';

export type JsonRecord = Readonly<Record<string, unknown>>;

export function asContainer(value: unknown, call: string): ContainerInspect {
  const record = asRecord(value, call);
  for (const key of ['Id', 'Name', 'Image']) textField(record, key, call);
  for (const key of ['Config', 'HostConfig', 'NetworkSettings']) asRecord(record[key], `${call} ${key}`);
  textField(asRecord(record.State, `${call} State`), 'Status', call);
  checkLabels(asRecord(record.Config, call).Labels, call);
  if (record.Mounts !== undefined && record.Mounts !== null) asList(record.Mounts, `${call} Mounts`);
  return record as unknown as ContainerInspect;
}

export function asImage(
  value: unknown,
  call: string,
): ImageInspect & { readonly Os?: string; readonly Architecture?: string } {
  const record = asRecord(value, call);
  textField(record, 'Id', call);
  if (record.Config !== undefined && record.Config !== null) asRecord(record.Config, `${call} Config`);
  return record as unknown as ImageInspect;
}

export function asNetwork(value: unknown, call: string): NetworkInspect {
  const record = asRecord(value, call);
  for (const key of ['Id', 'Name']) textField(record, key, call);
  checkLabels(record.Labels, call);
  return record as unknown as NetworkInspect;
}

export function asVolume(value: unknown, call: string): VolumeInspect {
  const record = asRecord(value, call);
  textField(record, 'Name', call);
  checkLabels(record.Labels, call);
  return record as unknown as VolumeInspect;
}

export function asRecord(value: unknown, call: string): JsonRecord {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonRecord;
  throw malformed(call, 'an object', value);
}

export function asList(value: unknown, call: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw malformed(call, 'a list', value);
}

export function textField(record: JsonRecord, key: string, call: string): string {
  const value = record[key];
  if (typeof value === 'string') return value;
  throw malformed(call, `text in ${key}`, value);
}

/** Labels as plain text pairs; null and absent are none. */
export function labelsOf(value: unknown, call: string): Readonly<Record<string, string>> {
  checkLabels(value, call);
  return (value ?? {}) as Readonly<Record<string, string>>;
}

function checkLabels(value: unknown, call: string): void {
  if (value === undefined || value === null) return;
  for (const label of Object.values(asRecord(value, `${call} Labels`))) {
    if (typeof label !== 'string') throw malformed(call, 'text in every label', label);
  }
}

function malformed(call: string, expected: string, value: unknown): HoldfastError {
  const got = value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value;
  return new HoldfastError('DockerUnavailable', `The Engine's answer to ${call} lacks ${expected} (got ${got}).`);
}
