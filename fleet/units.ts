// Durations and sizes in the grammars that Compose uses: Go's time.ParseDuration and go-units' RAMInBytes.
// Parsers answer null for what is not in the grammar or not representable; they never round silently past a safe integer.

const NS: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, μs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

/** What a duration looks like, for editors. */
export const DURATION_PATTERN = '^\\+?((\\d+\\.?\\d*|\\.\\d+)(ns|us|µs|μs|ms|s|m|h))+$';
/** What a size looks like, for editors. */
export const SIZE_PATTERN = '^(\\d+\\.?\\d*|\\.\\d+) ?([kmgtpKMGTP][iI]?)?[bB]?$';

/** A Go duration ends here (int64 nanoseconds, about 292 years); so does ours, well inside. */
const MAX_NS = 100 * 365 * 24 * 3600e9;

/** Nanoseconds, or null when it is not a Go duration. `1h30m`, `1.5s`, `-2ms`, `0`. */
export function parseDuration(text: string): number | null {
  if (text.length > 64) return null;
  const match = /^([+-]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+|0)$/.exec(text);
  if (match === null) return null;
  let total = 0;
  for (const [, amount = '0', unit = 'ns'] of (match[2] ?? '').matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    total += Number(amount) * (NS[unit] ?? 1);
  }
  if (total > MAX_NS) return null;
  return match[1] === '-' ? 0 - Math.round(total) : Math.round(total);
}

/** A duration as Go prints it, so that it reads back as the same: `1m30s`, `1.5s`, `250ms`, `0s`. */
export function formatDuration(ns: number): string {
  if (ns === 0) return '0s';
  const sign = ns < 0 ? '-' : '';
  const size = Math.abs(ns);
  if (size < 1e3) return `${sign}${size}ns`;
  if (size < 1e6) return `${sign}${decimal(size, 1e3)}µs`;
  if (size < 1e9) return `${sign}${decimal(size, 1e6)}ms`;
  const hours = Math.floor(size / 3600e9);
  const minutes = Math.floor((size % 3600e9) / 60e9);
  const rest = size % 60e9;
  const tail = hours + minutes > 0 && rest === 0 ? '' : `${decimal(rest, 1e9)}s`;
  return `${sign}${hours > 0 ? `${hours}h` : ''}${minutes > 0 ? `${minutes}m` : ''}${tail}`;
}

/** `amount / unit` without floating-point noise. */
function decimal(amount: number, unit: number): string {
  const whole = Math.floor(amount / unit);
  const digits = String(unit).length - 1;
  const fraction = String(amount % unit)
    .padStart(digits, '0')
    .replace(/0+$/, '');
  return fraction === '' ? String(whole) : `${whole}.${fraction}`;
}

const POWER: Record<string, number> = { '': 0, k: 1, m: 2, g: 3, t: 4, p: 5 };

/** Bytes, or null when it is not a size. Units are 1024-based: `64m`, `1.5GiB`, `512`. */
export function parseSize(text: string): number | null {
  const match = text.length > 64 ? null : /^(\d+\.?\d*|\.\d+) ?(?:([kmgtp])i?)?b?$/i.exec(text);
  if (match === null) return null;
  const bytes = Math.floor(Number(match[1]) * 1024 ** (POWER[(match[2] ?? '').toLowerCase()] ?? 0));
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** Bytes for people, in the units that disks and links are sold in: `45.6 MB`, `812 B`. */
export function formatBytes(bytes: number): string {
  const power = bytes < 1000 ? 0 : Math.min(4, Math.floor(Math.log10(bytes) / 3));
  const amount = bytes / 1000 ** power;
  return `${power === 0 ? amount : amount.toFixed(1)} ${['B', 'kB', 'MB', 'GB', 'TB'][power]}`;
}
