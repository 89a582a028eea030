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
      <Who />
      <LinkState />
    </header>
  );
}

/** A device belongs to the fleet. */
function current(page: Route['page'], place: Route['page']): 'page' | 'true' | undefined {
  if (page === place) return 'page';
  return page === 'device' && place === 'fleet' ? 'true' : undefined;
}

/** Who is signed in, and the way out; nothing where nobody has to sign in. */
function Who() {
  const { access } = useSession();
  const who = access.state.value;
  if (who.kind !== 'in' || !who.guarded) return null;
  return (
    <p class="who">
      <span class="faint" title={`Role: ${who.role}`}>
        {who.name}
      </span>{' '}
      <button type="button" onClick={() => void access.signOut(new AbortController().signal).catch(access.refused)}>
        Sign out
      </button>
    </p>
  );
}

const LINK_WORDS = { connecting: 'Connecting', live: 'Live', lost: 'Not live' } as const;

function LinkState() {
  const session = useSession();
  const { state } = session.link.value;
  if (session.access.state.value.kind === 'out') return null;
  return (
    <p class={`link-state link-${state}`} role="status">
      <span class="link-mark" aria-hidden="true" />
      {LINK_WORDS[state]}
    </p>
  );
}
