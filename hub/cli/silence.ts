// `holdfast silence add|list|expire`: keeps alerts quiet for a while.
import { parseDuration } from '../../fleet/units.ts';
import { expiredSchema, type NewSilence, silenceListSchema, silenceSchema } from '../api/alerts.ts';
import type { Ask } from './ask.ts';
import { CliError, type ExitCode } from './io.ts';
import { print } from './output.ts';
import { table } from './table.ts';

export interface SilenceOptions {
  readonly for?: string;
  readonly from?: string;
  readonly until?: string;
  readonly reason: string;
}

export async function addSilence(
  { api, io, format }: Ask,
  matchers: readonly string[],
  options: SilenceOptions,
): Promise<ExitCode> {
  const made = await api.post('/api/v1/silences', silenceSchema, asked(matchers, options, io.now()));
  print(io, format, made, () => `Silence ${made.id} holds until ${short(made.ends)} UTC.\n`);
  return 0;
}

function asked(matchers: readonly string[], options: SilenceOptions, now: number): NewSilence {
  const starts = options.from === undefined ? undefined : timeOf('--from', options.from);
  const ends = options.until === undefined ? endOf(options.for, starts ?? now) : timeOf('--until', options.until);
  const from = starts === undefined ? {} : { starts: new Date(starts).toISOString() };
  return { matchers: [...matchers], ...from, ends: new Date(ends).toISOString(), reason: options.reason };
}

function endOf(text: string | undefined, starts: number): number {
  if (text === undefined) throw new CliError('say how long: --for 2h, or --until 2026-12-01T06:00:00Z');
  const ns = parseDuration(text);
  if (ns === null || ns <= 0) throw new CliError(`"${text}" is not a duration; write one like 2h`);
  return starts + ns / 1e6;
}

function timeOf(option: string, text: string): number {
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) throw new CliError(`${option}: "${text}" is not a time; write one like 2026-12-01T06:00:00Z`);
  return at;
}

export async function listSilences({ api, io, format, paint }: Ask): Promise<ExitCode> {
  const page = await api.get('/api/v1/silences', silenceListSchema);
  print(io, format, page, () => {
    if (page.items.length === 0) return 'No silences.\n';
    const rows = page.items.map(({ id, matchers, starts, ends, by, reason }) => [
      { text: id, paint: paint.bold },
      Date.parse(starts) <= io.now() ? { text: 'holds', paint: paint.warn } : { text: 'will hold', paint: paint.dim },
      matchers.join(' '),
      short(starts),
      short(ends),
      by,
      reason,
    ]);
    return table(['ID', 'STATE', 'MATCHERS', 'FROM (UTC)', 'UNTIL', 'BY', 'WHY'], rows, io.columns);
  });
  return 0;
}

export async function expireSilence({ api, io, format }: Ask, id: string): Promise<ExitCode> {
  const answer = await api.post(`/api/v1/silences/${encodeURIComponent(id)}/expire`, expiredSchema);
  print(io, format, answer, () => `Silence ${id} has ended.\n`);
  return 0;
}

function short(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ');
}
