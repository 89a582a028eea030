// What a hub's API says of a simulated fleet: its whole roster, page by page, and whether it equals the ledger yet.
import { setTimeout as sleep } from 'node:timers/promises';
import type { DevicePage, EventPage } from '../../hub/api/schemas.ts';
import { compareRoster, type RosterItem } from './compare.ts';
import type { Ledger } from './ledger.ts';

const PAGE = 500;
const ANSWER_MS = 20_000;
const LOOK_MS = 200;

/** A token, where the hub wants one. */
export type Headers = Readonly<Record<string, string>>;

export async function readRoster(hub: string, fleet: string, headers: Headers = {}): Promise<RosterItem[]> {
  const items: RosterItem[] = [];
  let cursor = '';
  for (;;) {
    const path = `/api/v1/devices?fleet=${fleet}&sort=id&limit=${PAGE}${cursor}`;
    const page = (await getJson(`${hub}${path}`, headers)) as DevicePage;
    items.push(...page.items);
    if (page.next === null) return items;
    cursor = `&cursor=${encodeURIComponent(page.next)}`;
  }
}

/** The messages of all events that the hub keeps. */
export async function readEvents(hub: string, fleet: string, headers: Headers = {}): Promise<Set<string>> {
  const messages = new Set<string>();
  let cursor = '';
  for (;;) {
    const page = (await getJson(`${hub}/api/v1/events?fleet=${fleet}&limit=${PAGE}${cursor}`, headers)) as EventPage;
    for (const { message } of page.items) messages.add(message);
    if (page.next === null) return messages;
    cursor = `&cursor=${encodeURIComponent(page.next)}`;
  }
}

/** Looks until the roster equals the ledger. `differences`: what is still otherwise at the end; empty: nothing. */
export async function untilEqual(given: {
  readonly hub: string;
  readonly fleet: string;
  readonly ledger: Ledger;
  readonly timeoutMs: number;
  readonly headers?: Headers;
}): Promise<{ readonly ms: number; readonly differences: readonly string[] }> {
  const startedMs = performance.now();
  for (;;) {
    const differences = await readRoster(given.hub, given.fleet, given.headers).then(
      (items) => compareRoster(given.ledger, items),
      (error: unknown) => [`the hub does not answer: ${String(error)}`],
    );
    const ms = performance.now() - startedMs;
    if (differences.length === 0 || ms > given.timeoutMs) return { ms, differences };
    await sleep(LOOK_MS);
  }
}

async function getJson(url: string, headers: Headers): Promise<unknown> {
  const answer = await fetch(url, { headers, signal: AbortSignal.timeout(ANSWER_MS) });
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return await answer.json();
}
