// Keeps the board as new as the store, and tells of each change once: what this hub wrote at once, what others wrote a
// moment later.
import { messageOf } from '../fleet/error.ts';
import type { DeviceItem, EventItem } from './api/schemas.ts';
import type { Log } from './log.ts';
import type { Board } from './roster/board.ts';
import { allDevices, changesSince, position } from './store/feed.ts';
import type { Committed, Store } from './store/store.ts';

const LOOK_MS = 200;
/** Events that are remembered as told; far more than a look finds twice. */
const TOLD_MAX = 50_000;

export interface Change {
  readonly devices: readonly DeviceItem[];
  readonly events: readonly EventItem[];
}

export interface Follower {
  /** What this hub committed. */
  take(committed: Committed): void;
  stop(): Promise<void>;
}

/** Settles when the board holds the whole fleet. */
export async function follow(input: {
  readonly store: Pick<Store, 'database'>;
  readonly board: Board;
  readonly log: Log;
  readonly onChange: (change: Change) => void;
}): Promise<Follower> {
  const { board, log } = input;
  const { database } = input.store;
  const isNew = createMemory();
  function take({ devices, events }: Committed): void {
    const change = {
      devices: devices.flatMap((row) => board.put(row) ?? []),
      events: events.filter(({ id }) => isNew(id)),
    };
    if (change.devices.length + change.events.length > 0) input.onChange(change);
  }
  let since = await position(database);
  for await (const rows of allDevices(database)) for (const row of rows) board.put(row);
  if (database.engine === 'sqlite') return { take, stop: async () => undefined };

  let stopped = false;
  let wake: () => void = () => undefined;
  const looking = (async () => {
    while (!stopped) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, LOOK_MS);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      try {
        if (!stopped) since = await changesSince(database, since, take);
      } catch (error) {
        // The next look begins where this one did.
        log.warn({ error: messageOf(error) }, 'cannot see what other hubs wrote');
      }
    }
  })();
  return {
    take,
    async stop() {
      stopped = true;
      wake();
      await looking;
    },
  };
}

function createMemory(): (id: number) => boolean {
  const told = new Set<number>();
  return (id) => {
    if (told.has(id)) return false;
    told.add(id);
    const [oldest] = told.size > TOLD_MAX ? told : [];
    if (oldest !== undefined) told.delete(oldest);
    return true;
  };
}
