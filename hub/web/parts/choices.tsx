// A row of links of which one is where we are.
import { hrefOf, type Route } from '../route/route.ts';

export interface Choice {
  readonly name: string;
  readonly route: Route;
  readonly current: boolean;
}

export function Choices({ label, choices }: { label: string; choices: readonly Choice[] }) {
  return (
    <nav class="choices" aria-label={label}>
      <ul>
        {choices.map(({ name, route, current }) => (
          <li key={name}>
            <a href={hrefOf(route)} aria-current={current ? 'true' : undefined}>
              {name}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
