// Builds this device's messages: who says it, in which order, within the schema's limits. Pure but for the counter
// that orders the messages of one boot.
import type { EventMessage, PresenceMessage, Status } from '../../fleet/wire/messages.ts';
import { boundStatus, clip } from './bound-status.ts';
import type { NewEvent, NewStatus } from './reporter.ts';

const TEXT = 2048;
const SHORT = 256;

export interface Messages {
  presence(online: boolean): string;
  status(status: NewStatus): string;
  event(event: NewEvent): string;
}

/** `nextOrder` gives a greater number each time; it starts anew with each boot. */
export function createMessages(given: {
  device: string;
  identity: { readonly instance: string; readonly boot: number };
  nextOrder: () => number;
  now: () => Date;
}): Messages {
  const origin = () => ({
    schema: 1 as const,
    device: given.device,
    instance: given.identity.instance,
    boot: given.identity.boot,
    ts: given.now().toISOString(),
  });
  return {
    presence(online) {
      const message: PresenceMessage = { ...origin(), online };
      return JSON.stringify(message);
    },
    status(status) {
      const message: Status = { ...origin(), seq: given.nextOrder(), ...status };
      return JSON.stringify(boundStatus(message));
    },
    event(event) {
      const message: EventMessage = {
        ...origin(),
        seq: given.nextOrder(),
        severity: event.severity,
        reason: event.reason,
        message: clip(event.message, TEXT),
        revision: event.revision === null ? null : clip(event.revision, SHORT),
        resource: event.resource === null ? null : clip(event.resource, SHORT),
      };
      return JSON.stringify(message);
    },
  };
}
