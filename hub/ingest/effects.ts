// What a reduction asks the store to write, in the same transaction as the device itself. Data only.

import type { DriftEntry, Status } from '../../fleet/wire/messages.ts';
import type { EventItem } from '../api/schemas.ts';
import type { Trouble } from '../roster/entry.ts';

export type NewEvent = Omit<EventItem, 'id'>;

export type Effect =
  | { readonly kind: 'status'; readonly status: Status }
  | { readonly kind: 'drift-open'; readonly key: string; readonly drift: DriftEntry; readonly revision: string | null }
  | {
      readonly kind: 'drift-change';
      readonly key: string;
      readonly drift: DriftEntry;
      readonly revision: string | null;
    }
  | { readonly kind: 'drift-close'; readonly key: string }
  | { readonly kind: 'trouble-over'; readonly trouble: Trouble }
  /** The device was asked to run another revision. */
  | { readonly kind: 'desired'; readonly revision: string }
  /** The device runs another revision. */
  | { readonly kind: 'applied'; readonly revision: string }
  | {
      readonly kind: 'event';
      readonly event: NewEvent;
      /** `<instance>/<boot>/<seq>`: written once, however often it arrives. null: the hub's own. */
      readonly origin: string | null;
    };
