// Name, the three places to go, and whether what is shown is live.
import { useSession } from '../data/use-session.ts';
import { Logo } from '../parts/logo.tsx';
import { FLEET, hrefOf, type Route } from '../route/route.ts';

const PLACES: readonly { readonly name: string; readonly route: Route }[] = [
  { name: 'Fleet', route: FLEET },
  { name: 'Drift', route: { page: 'drift', by: 'field', q: '' } },
  { name: 'Events', route: { page: 'events', severity: null } },
];

export function Header() {
  const session = useSession();
  const page = session.route.value.page;
  const open = session.summary.value?.drift.open ?? 0;
  return (
    <header class="top">
      <a class="brand" href={hrefOf(FLEET)}>
        <Logo />
        <span>Holdfast</span>
      </a>
      <nav aria-label="Pages">
        <ul>
          {PLACES.map(({ name, route }) => (
            <li key={name}>
              <a href={hrefOf(route)} aria-current={current(page, route.page)}>
                {name}
                {name === 'Drift' && open > 0 && <span class="count">{open.toLocaleString('en')}</span>}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <LinkState />
    </header>
  );
}

/** A device belongs to the fleet. */
function current(page: Route['page'], place: Route['page']): 'page' | 'true' | undefined {
  if (page === place) return 'page';
  return page === 'device' && place === 'fleet' ? 'true' : undefined;
}

const LINK_WORDS = { connecting: 'Connecting', live: 'Live', lost: 'Not live' } as const;

function LinkState() {
  const { state } = useSession().link.value;
  return (
    <p class={`link-state link-${state}`} role="status">
      <span class="link-mark" aria-hidden="true" />
      {LINK_WORDS[state]}
    </p>
  );
}
