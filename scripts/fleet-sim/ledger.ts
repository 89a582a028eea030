// The books of a simulated fleet: what was sent, what was acknowledged, and so what a hub has to know. Acknowledged
// means: the broker (or the hub, where it is the broker) has taken it over.
import type { Device } from './device.ts';
import type { Meaning, StatusMeaning } from './step.ts';

/** Newest acknowledged, and what was sent after it and is not acknowledged: a receiver may know any of these. */
interface Known<T> {
  acknowledged: { readonly order: number; readonly value: T } | null;
  readonly pending: Map<number, T>;
}

export interface Account {
  readonly device: Device;
  readonly presence: Known<boolean>;
  readonly status: Known<StatusMeaning>;
  /** Messages of acknowledged events; empty unless they are kept. */
  readonly events: string[];
}

export interface Ledger {
  /** @returns call it with the broker's answer: false, it was refused */
  sent(device: Device, meaning: Meaning): (taken: boolean) => void;
  /** The link broke: the broker says the last will in the device's place. Not certain: it may not have come to that. */
  willSpoken(device: Device, certain: boolean): void;
  readonly accounts: ReadonlyMap<string, Account>;
  /** Messages sent and not acknowledged yet. */
  outstanding(): number;
  /** Of acknowledged mischief: how often a hub has to have dropped something for each cause. */
  readonly causes: ReadonlyMap<string, number>;
}

export function createLedger(options: { readonly keepEvents: boolean }): Ledger {
  const accounts = new Map<string, Account>();
  const causes = new Map<string, number>();
  let order = 0;
  let outstanding = 0;

  const accountOf = (device: Device): Account => {
    const known = accounts.get(device.id);
    if (known !== undefined) return known;
    const made: Account = {
      device,
      presence: { acknowledged: null, pending: new Map() },
      status: { acknowledged: null, pending: new Map() },
      events: [],
    };
    accounts.set(device.id, made);
    return made;
  };

  return {
    accounts,
    causes,
    outstanding: () => outstanding,
    willSpoken(device, certain) {
      const { presence } = accountOf(device);
      if (certain) settle(presence, ++order, false);
      else presence.pending.set(++order, false);
    },
    sent(device, meaning) {
      const account = accountOf(device);
      const mine = ++order;
      outstanding++;
      if (meaning.kind === 'presence') account.presence.pending.set(mine, meaning.online);
      if (meaning.kind === 'status') account.status.pending.set(mine, meaning);
      return (taken) => {
        outstanding--;
        if (!taken) {
          account.presence.pending.delete(mine);
          account.status.pending.delete(mine);
        } else if (meaning.kind === 'presence') settle(account.presence, mine, meaning.online);
        else if (meaning.kind === 'status') settle(account.status, mine, meaning);
        else if (meaning.kind === 'mischief') causes.set(meaning.cause, (causes.get(meaning.cause) ?? 0) + 1);
        else if (options.keepEvents) account.events.push(meaning.message);
      };
    },
  };
}

/** What was sent before it can no longer be the newest. */
function settle<T>(known: Known<T>, order: number, value: T): void {
  for (const earlier of known.pending.keys()) if (earlier <= order) known.pending.delete(earlier);
  if (known.acknowledged === null || known.acknowledged.order < order) known.acknowledged = { order, value };
}

/** What a receiver may know: the newest that was acknowledged, or anything that was sent after it. */
export function possible<T>({ acknowledged, pending }: Known<T>): readonly T[] {
  const later = [...pending].filter(([order]) => acknowledged === null || order > acknowledged.order);
  return [...(acknowledged === null ? [] : [acknowledged.value]), ...later.map(([, value]) => value)];
}
