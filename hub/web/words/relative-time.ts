// Points in time as people say them: `12s ago` beside the exact one. Pure: the caller brings the clock.

const STEPS = [
  { unit: 's', ms: 1000, below: 60_000 },
  { unit: 'm', ms: 60_000, below: 3_600_000 },
  { unit: 'h', ms: 3_600_000, below: 86_400_000 },
  { unit: 'd', ms: 86_400_000, below: Number.POSITIVE_INFINITY },
] as const;

/** Below this, a clock difference between hub and browser could show as nonsense. */
const NOW_MS = 5000;

/** `now`, `12s ago`, `3m ago`, `5h ago`, `2d ago`; `in 3m` for the future; `never` for what is not a time. */
export function relativeTime(iso: string, now: number): string {
  const at = Date.parse(iso);
  if (Number.isNaN(at)) return 'never';
  const distance = Math.abs(now - at);
  if (distance < NOW_MS) return 'now';
  const text = duration(distance);
  return at > now ? `in ${text}` : `${text} ago`;
}

/** The largest unit that fits: `12s`, `3m`, `5h`, `2d`. */
export function duration(ms: number): string {
  const step = STEPS.find(({ below }) => ms < below) ?? STEPS[3];
  return `${Math.floor(ms / step.ms)}${step.unit}`;
}

/** `2026-11-20 14:03:12 UTC`: the same words on every screen, whatever its time zone. */
export function exactTime(iso: string): string {
  const at = Date.parse(iso);
  if (Number.isNaN(at)) return 'not known';
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** `14:03:12` in the time zone of the reader. */
export function clockTime(ms: number): string {
  return new Date(ms).toLocaleTimeString(undefined, { hour12: false });
}
