// One difference between its effect and its row. Pure.
import type { Effect } from '../ingest/effects.ts';
import type { DeviceKey } from '../roster/entry.ts';
import type { Columns } from './dialect.ts';

export interface DriftRow extends DeviceKey {
  readonly key: string;
  readonly resource: string;
  readonly kind: string;
  readonly field: string | null;
  readonly app: string;
  readonly service: string | null;
  readonly desired: string;
  readonly observed: string;
  readonly revision: string | null;
  readonly since: string;
  readonly by: string | null;
}

export const DRIFT_COLUMNS: Columns<DriftRow> = {
  fleet: 'text',
  device: 'text',
  key: 'text',
  resource: 'text',
  kind: 'text',
  field: 'text',
  app: 'text',
  service: 'text',
  desired: 'text',
  observed: 'text',
  revision: 'text',
  since: 'text',
  by: 'text',
};

export function driftRow(
  { fleet, device }: DeviceKey,
  effect: Extract<Effect, { kind: 'drift-open' | 'drift-change' }>,
): DriftRow {
  const { drift, key, revision } = effect;
  const { resource, kind, field, since } = drift;
  const [, type = '', app = '', name = ''] = /^([a-z]+):([^/]*)\/(.*)$/s.exec(resource) ?? [];
  return {
    ...{ fleet, device, key, resource, kind, field, since, revision, app },
    by: drift.by ?? null,
    service: type === 'service' ? name : null,
    desired: JSON.stringify(drift.desired),
    observed: JSON.stringify(drift.observed),
  };
}
