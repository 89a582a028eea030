// Shares of a whole as one thin bar. Drawn with SVG attributes: the page's policy forbids inline styles.
import type { Tone } from './badge.tsx';

export interface Share {
  readonly tone: Tone | 'accent';
  readonly part: number;
}

export function Bar({ shares, whole }: { shares: readonly Share[]; whole: number }) {
  let from = 0;
  const parts = shares.map(({ tone, part }) => {
    const width = whole <= 0 ? 0 : (part / whole) * 100;
    const x = from;
    from += width;
    return { tone, x, width };
  });
  return (
    <svg class="bar" width="100%" height="6" aria-hidden="true" preserveAspectRatio="none">
      <rect class="bar-rest" width="100%" height="6" />
      {parts.map(
        ({ tone, x, width }) =>
          width > 0 && <rect key={tone + x} class={`fill-${tone}`} x={`${x}%`} width={`${width}%`} height="6" />,
      )}
    </svg>
  );
}
