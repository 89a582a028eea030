// `holdfast audit`: who did what at the hub, oldest first as one reads a log.
import { parseDuration } from '../../fleet/units.ts';
import { type AuditItem, auditPageSchema } from '../api/access.ts';
import { type Ask, query } from './ask.ts';
import { CliError, type ExitCode } from './io.ts';
import { print } from './output.ts';
import type { Paint } from './paint.ts';
import { table } from './table.ts';
import { ago } from './text.ts';

export interface AuditOptions {
  readonly actor?: string;
  readonly action?: string;
  readonly subject?: string;
  readonly since?: string;
  readonly limit: number;
}

export async function audit({ io, api, format, paint }: Ask, options: AuditOptions): Promise<ExitCode> {
  const { since, ...filter } = options;
  const ns = since === undefined ? undefined : parseDuration(since);
  if (ns === null) throw new CliError(`"${since}" is not a duration; write one like 2h`);
  const from = ns === undefined ? undefined : new Date(io.now() - ns / 1e6).toISOString();
  const page = await api.get(`/api/v1/audit${query({ ...filter, since: from })}`, auditPageSchema);
  print(io, format, page, () => {
    if (page.items.length === 0) return 'Nobody did anything.\n';
    return auditTable(page.items.toReversed(), io.now(), paint, io.columns);
  });
  return 0;
}

function auditTable(items: readonly AuditItem[], now: number, paint: Paint, columns: number | null): string {
  const colour = { begun: paint.warn, done: paint.good, refused: paint.bad, failed: paint.bad };
  const rows = items.map(({ at, actor, role, action, subject, outcome, source }) => [
    { text: ago(at, now), paint: paint.dim },
    { text: actor, paint: paint.bold },
    role ?? '-',
    action,
    subject,
    { text: outcome, paint: colour[outcome] },
    source,
  ]);
  return table(['WHEN', 'WHO', 'ROLE', 'ACTION', 'SUBJECT', 'OUTCOME', 'FROM'], rows, columns);
}
