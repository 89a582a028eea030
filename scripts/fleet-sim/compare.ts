// Does a hub know what was acknowledged? Compares its roster, as its API shows it, with the ledger. Pure.
import { type Account, type Ledger, possible } from './ledger.ts';
import type { StatusMeaning } from './step.ts';

/** What is read of a device in the hub's list. */
export interface RosterItem {
  readonly id: string;
  readonly presence: string;
  readonly sync: string;
  readonly health: string;
  readonly drift: number;
  readonly message: string;
  readonly revision: { readonly applied: string | null };
}

/** One sentence for each device that the hub has otherwise; empty: it knows all, and nothing else. */
export function compareRoster(ledger: Ledger, items: Iterable<RosterItem>): readonly string[] {
  const differences: string[] = [];
  const left = new Map(ledger.accounts);
  for (const item of items) {
    const account = left.get(item.id);
    left.delete(item.id);
    if (account === undefined) differences.push(`${item.id}: never sent anything, or is listed twice`);
    else differences.push(...compareDevice(account, item));
  }
  for (const [id, { presence, status }] of left) {
    if (presence.acknowledged !== null || status.acknowledged !== null) differences.push(`${id}: is missing`);
  }
  return differences;
}

function compareDevice({ device, presence, status }: Account, item: RosterItem): readonly string[] {
  const found: string[] = [];
  const presences = possible(presence).map((online) => (online ? 'online' : 'offline'));
  if (presences.length > 0 && !presences.includes(item.presence as 'online'))
    found.push(`${device.id}: is ${item.presence}, was last ${presences.join(' or ')}`);
  const statuses = possible(status);
  if (statuses.length > 0 && !statuses.some((one) => shows(item, one)))
    found.push(`${device.id}: shows ${shown(item)}, reported ${statuses.map(said).join(' or ')}`);
  return found;
}

function shows(item: RosterItem, status: StatusMeaning): boolean {
  return shown(item) === said(status);
}

function shown({ sync, health, drift, message, revision }: RosterItem): string {
  return [sync, health, `${drift} drift`, revision.applied, JSON.stringify(message)].join(' ');
}

function said({ sync, health, drift, message, applied }: StatusMeaning): string {
  return [sync, health, `${drift} drift`, applied, JSON.stringify(message)].join(' ');
}

/** Acknowledged events that are not among these messages. */
export function missingEvents(ledger: Ledger, messages: ReadonlySet<string>): readonly string[] {
  return [...ledger.accounts.values()].flatMap(({ device, events }) =>
    events.filter((message) => !messages.has(message)).map((message) => `${device.id}: ${message}`),
  );
}
