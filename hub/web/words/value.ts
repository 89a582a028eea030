// Values of desired and observed state as text. Pure; keeps white space, invents nothing.
import type { DriftEntry } from '../../../fleet/wire/messages.ts';

type Value = DriftEntry['desired'];

/** One value as lines of text. null: not there. */
export function valueText(value: Value): string {
  if (value === null) return 'not set';
  if (Array.isArray(value)) return value.length === 0 ? '(empty list)' : value.join('\n');
  if (value === '') return '(empty)';
  return String(value);
}

/** Declared and live side by side, as a person would say it for each kind of drift. */
export function driftSides(drift: Pick<DriftEntry, 'kind' | 'desired' | 'observed'>): {
  readonly declared: string;
  readonly live: string;
} {
  switch (drift.kind) {
    case 'missing':
      return { declared: drift.desired === null ? 'present' : valueText(drift.desired), live: 'not there' };
    case 'unexpected':
      return { declared: 'not declared', live: drift.observed === null ? 'present' : valueText(drift.observed) };
    case 'field':
      return { declared: valueText(drift.desired), live: valueText(drift.observed) };
  }
}

/** `kiosk/web` for `service:kiosk/web`, and `network kiosk/front` for what is not a service. */
export function resourceText(resource: string): string {
  const colon = resource.indexOf(':');
  const kind = resource.slice(0, Math.max(0, colon));
  const name = resource.slice(colon + 1);
  return kind === '' || kind === 'service' ? name : `${kind} ${name}`;
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `3.7 GiB` */
export function sizeText(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  const amount = bytes / 1024 ** power;
  return `${power === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${UNITS[power]}`;
}

/** Twelve digits of `sha256:…`, as the Engine's own command line shows them. */
export function shortDigest(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, 12);
}

/** Whole percent of a whole; 0 when the whole is unknown. Never 100 unless it is all, never 0 unless it is nothing. */
export function percent(part: number, whole: number): number {
  if (whole <= 0 || part <= 0) return 0;
  if (part >= whole) return 100;
  return Math.min(99, Math.max(1, Math.round((part / whole) * 100)));
}

/** Share of a whole, exact enough that all shares add up: `79.5%`, `20.5%`. */
export function shareText(part: number, whole: number): string {
  if (whole <= 0) return '0%';
  const share = (part / whole) * 100;
  return `${Number.isInteger(share) ? share : share.toFixed(1)}%`;
}

/** `1 device`, `2 devices` */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}
