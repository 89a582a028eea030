// The store's outbox as delivery sees it: a store that fails (a full disk) is said once and never ends the connection.
import { messageOf } from '../../fleet/error.ts';
import type { OutboxMessage, Store } from '../store/store.ts';
import type { ReporterLog } from './create-reporter.ts';

export interface Outbox {
  /** null: the store cannot be read. */
  peek(limit: number): readonly OutboxMessage[] | null;
  /** The broker has it already; only the store could not let go of it. */
  isDelivered(id: number): boolean;
  /** Takes out what the broker acknowledged. False: the store fails; it is taken out later, and not published again. */
  takeOut(id: number): boolean;
}

export function createOutbox(store: Pick<Store, 'peekOutbox' | 'ackOutbox'>, log: ReporterLog): Outbox {
  /** As many as are in flight at most: no others are sent meanwhile. */
  const delivered = new Set<number>();
  let fails = false;
  const attempt = <T>(work: () => T): { readonly value: T } | null => {
    try {
      return { value: work() };
    } catch (error) {
      if (!fails) log('warn', 'the store of events fails; they wait', { error: messageOf(error) });
      fails = true;
      return null;
    }
  };
  return {
    peek: (limit) => attempt(() => store.peekOutbox(limit))?.value ?? null,
    isDelivered: (id) => delivered.has(id),
    takeOut(id) {
      if (attempt(() => store.ackOutbox(id)) === null) {
        delivered.add(id);
        return false;
      }
      delivered.delete(id);
      fails = false;
      return true;
    },
  };
}
