// Small line icons, drawn here so that nothing is fetched. Shape carries the meaning, colour only repeats it.
const PATHS = {
  good: 'M3.5 8.4l3 3 6-6.6',
  bad: 'M4.5 4.5l7 7M11.5 4.5l-7 7',
  warn: 'M8 2.5L14.5 13.5H1.5zM8 6.8v3M8 11.8v.01',
  busy: 'M13.5 8A5.5 5.5 0 1 1 10.5 3.1M13.7 2.3v3h-3',
  pause: 'M5.5 4v8M10.5 4v8',
  missing:
    'M5.5 2.7A5.9 5.9 0 0 1 10.5 2.7M13.3 5.5a5.9 5.9 0 0 1 0 5M10.5 13.3a5.9 5.9 0 0 1-5 0M2.7 10.5a5.9 5.9 0 0 1 0-5',
  unknown: 'M5.8 6.1A2.3 2.3 0 1 1 8 8.4v1.2M8 12v.01',
  differs: 'M3 6h10M3 10h10M10.5 3l-5 10',
  info: 'M8 7.2v4.6M8 4.4v.01',
  copy: 'M6 6h7.5v7.5H6zM10 3.5V2.5H2.5V10h1',
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.7 10.7l3 3',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="14" height="14" fill="none" aria-hidden="true">
      <path d={PATHS[name]} stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}
