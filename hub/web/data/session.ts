// What every page shares: the client, the route, the clock, the live line and the summary. One per page load, made in
// main.tsx. Owns when the hub is asked; what a page shows is the page's own.
import { type ReadonlySignal, type Signal, signal, batch as together } from '@preact/signals';
import type { Summary } from '../../api/schemas.ts';
import { hrefOf, parseRoute, type Route } from '../route/route.ts';
import { type Access, createAccess } from './access.ts';
import { type Client, createClient } from './client.ts';
import { type Batch, createInbox } from './inbox.ts';
import { openStream } from './stream.ts';

const REPAINT_MS = 250;
const TICK_MS = 5000;
/** A line that is silently dead is found out by asking now and then. */
const PROBE_MS = 30_000;

export interface Link {
  readonly state: 'connecting' | 'live' | 'lost';
  /** Browser time of the hub's last word, in ms; null: it never said any. */
  readonly heard: number | null;
}

export interface Listener {
  /** Something changed. */
  batch(batch: Batch): void;
  /** The line was down: what is on the screen may be old. */
  refresh(): void;
}

export interface Session {
  readonly client: Client;
  readonly access: Access;
  readonly route: ReadonlySignal<Route>;
  /** The hub's time in ms, so that a wrong clock in the browser shows no nonsense. */
  readonly now: ReadonlySignal<number>;
  readonly link: ReadonlySignal<Link>;
  readonly summary: ReadonlySignal<Summary | null>;
  /** The newest warning or error, for people who hear the page. */
  readonly announcement: ReadonlySignal<string>;
  go(route: Route, how?: { replace: boolean }): void;
  listen(listener: Listener): () => void;
  retry(): void;
}

export function createSession(): Session {
  const route = signal(parseRoute(location.hash));
  const now = signal(Date.now());
  const link = signal<Link>({ state: 'connecting', heard: null });
  const summary = signal<Summary | null>(null);
  const announcement = signal('');
  const listeners = new Set<Listener>();
  const inbox = createInbox();
  const forever = new AbortController().signal;
  let heard: number | null = null;
  let skew = 0;
  let opened = false;

  const access = createAccess({
    client: () => client,
    // The stream tells when it is there, and what is on the screen is then asked for.
    entered: () => stream.reconnect(),
    left: () => stream.close(),
  });
  const spoke = () => {
    heard = Date.now();
  };
  const client: Client = createClient('api/v1', spoke, access.refused);
  function setSummary(value: Summary): void {
    skew = Date.parse(value.now) - Date.now() || 0;
    now.value = Date.now() + skew;
    summary.value = value;
  }
  function repaint(): void {
    const batch = inbox.take();
    if (batch.devices.length + batch.events.length === 0 && batch.summary === null) return;
    together(() => {
      if (batch.summary !== null) setSummary(batch.summary);
      announcement.value = announce(batch) ?? announcement.value;
      for (const listener of listeners) listener.batch(batch);
    });
  }
  const stream = openStream('api/v1/stream', {
    said(message) {
      spoke();
      inbox.add(message);
    },
    opened() {
      heard = Date.now();
      link.value = { state: 'live', heard };
      if (opened) void probe();
      if (opened) for (const listener of listeners) listener.refresh();
      opened = true;
    },
    lost() {
      link.value = { state: 'lost', heard };
      // A stream does not say why it ended: perhaps for want of a token.
      void access.ask(forever);
    },
  });
  async function probe(): Promise<void> {
    if (access.state.peek().kind === 'out') return;
    try {
      setSummary(await client.summary(forever));
    } catch {
      // Nobody there: the banner says so, and the stream tries again after a pause.
      if (link.value.state !== 'lost' && access.state.peek().kind !== 'out') stream.fail();
    }
  }
  void probe();
  void access.ask(forever);
  const tick = () => {
    now.value = Date.now() + skew;
  };
  goOn({ repaint, probe: () => void probe(), tick }, route);

  return {
    client,
    access,
    route,
    now,
    link,
    summary,
    announcement,
    go(next, how = { replace: false }) {
      const href = hrefOf(next);
      if (how.replace) history.replaceState(null, '', href);
      else history.pushState(null, '', href);
      route.value = next;
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    retry: () => stream.reconnect(),
  };
}

/** What happens by itself for as long as the page lives. */
function goOn(does: { repaint(): void; probe(): void; tick(): void }, route: Signal<Route>): void {
  window.setInterval(does.repaint, REPAINT_MS);
  window.setInterval(does.probe, PROBE_MS);
  window.setInterval(does.tick, TICK_MS);
  window.addEventListener('hashchange', () => {
    route.value = parseRoute(location.hash);
  });
}

/** One sentence for what is worth hearing; null: nothing is. */
function announce(batch: Batch): string | null {
  const loud = batch.events.filter((event) => event.severity !== 'info');
  const last = loud.at(-1);
  if (last === undefined) return null;
  const more = loud.length > 1 ? ` And ${loud.length - 1} more.` : '';
  return `${last.device}: ${last.reason}.${more}`;
}
