// The frame around every page: header, what is wrong with the line, the page itself. Owns the window's title and
// where the focus goes when the page changes.
import { useEffect, useRef } from 'preact/hooks';
import { useSession } from '../data/use-session.ts';
import { DevicePage } from '../pages/device/device-page.tsx';
import { DriftPage } from '../pages/drift/drift-page.tsx';
import { EventsPage } from '../pages/events/events-page.tsx';
import { FleetPage } from '../pages/fleet/fleet-page.tsx';
import { NowherePage } from '../pages/nowhere-page.tsx';
import { SignInPage } from '../pages/sign-in/sign-in-page.tsx';
import { hrefOf, type Route } from '../route/route.ts';
import { Banner } from './banner.tsx';
import { Header } from './header.tsx';

export function Shell() {
  const session = useSession();
  const route = session.route.value;
  const out = session.access.state.value.kind === 'out';
  const main = useRef<HTMLElement>(null);
  const place = route.page === 'device' ? hrefOf(route) : route.page;
  const first = useRef(place);
  useEffect(() => {
    document.title = titleOf(session.route.peek());
    if (first.current === place) return;
    first.current = '';
    window.scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [place, session]);

  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to content
      </button>
      <Header />
      {!out && <Banner />}
      <main ref={main} tabIndex={-1} class="page">
        {out ? <SignInPage /> : <Page route={route} />}
      </main>
      <div class="unseen" role="log" aria-live="polite">
        {session.announcement}
      </div>
    </>
  );
}

function Page({ route }: { route: Route }) {
  switch (route.page) {
    case 'fleet':
      return <FleetPage query={route.query} />;
    case 'device':
      return <DevicePage key={hrefOf(route)} fleet={route.fleet} id={route.id} />;
    case 'events':
      return <EventsPage severity={route.severity} />;
    case 'drift':
      return <DriftPage key={route.by ?? 'each'} by={route.by} q={route.q} />;
    case 'nowhere':
      return <NowherePage />;
  }
}

function titleOf(route: Route): string {
  const names = { fleet: 'Fleet', events: 'Events', drift: 'Drift', nowhere: 'Not found' } as const;
  return `${route.page === 'device' ? route.id : names[route.page]} · Holdfast`;
}
