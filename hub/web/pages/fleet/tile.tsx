// One group of counts, each of them a filter, over one bar of shares.
import type { ComponentChildren } from 'preact';
import type { Tone } from '../../parts/badge.tsx';
import { Bar } from '../../parts/bar.tsx';
import { type FleetQuery, hrefOf } from '../../route/route.ts';

export interface TileLine {
  readonly key: string;
  readonly word: ComponentChildren;
  readonly count: number;
  readonly tone: Tone;
  /** The table shows only these. */
  readonly active: boolean;
  /** Where a click leads. */
  readonly query: FleetQuery;
}

export function Tile({ name, whole, lines }: { name: string; whole: number; lines: readonly TileLine[] }) {
  return (
    <div class="tile">
      <h2>{name}</h2>
      <Bar whole={whole} shares={lines.map(({ tone, count }) => ({ tone, part: count }))} />
      <ul>
        {lines
          .filter(({ count, active }, at) => count > 0 || active || at === 0)
          .map(({ key, word, count, active, query }) => (
            <li key={key}>
              <a class="tile-line" href={hrefOf({ page: 'fleet', query })} aria-current={active ? 'true' : undefined}>
                {word}
                <span class="tile-count">{count.toLocaleString('en')}</span>
              </a>
            </li>
          ))}
      </ul>
    </div>
  );
}
