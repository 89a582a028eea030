// What the loop needs to survive a restart or a power cut: one SQLite file in the state directory.
import type { Ask } from '../../fleet/model/ask.ts';
import type { Desired } from '../../fleet/model/desired.ts';
import type { InventoryItem } from '../../fleet/model/inventory.ts';
import type { Rollout } from '../../fleet/model/rollout.ts';

export interface DriftSince {
  /** `<resource>|<field>` */
  readonly key: string;
  /** ISO 8601 */
  readonly since: string;
}

export interface AcceptedSigner {
  readonly revision: string;
  /** null: nobody looked, since signatures are not verified. */
  readonly signedBy: string | null;
}

/** An image whose signature was checked. */
export interface VerifiedImage {
  /** `docker.io/library/nginx` */
  readonly repository: string;
  /** `sha256:…` */
  readonly digest: string;
  /** Id of the key that signed. */
  readonly key: string;
}

/** An image that this agent pulled. */
export interface BroughtImage {
  /** `sha256:…` */
  readonly id: string;
  /** As it was pulled. */
  readonly reference: string;
  /** How long it was seen unused since it was last used. */
  readonly unusedS: number;
}

export interface OutboxMessage {
  readonly id: number;
  readonly topic: string;
  readonly payload: string;
}

export interface Store {
  /** `instance` is random and made with the state; `boot` counts opens. */
  readonly identity: { readonly instance: string; readonly boot: number };
  /** Random, made with the state, and never told: keys hashes over secrets. Empty: none was made yet. */
  readonly salt: string;
  inventory(): readonly InventoryItem[];
  putInventory(item: InventoryItem): void;
  removeInventory(kind: InventoryItem['kind'], name: string): void;
  /** The newest desired state that was accepted for applying. */
  accepted(): Desired | null;
  /** The accepted state with what it asks and who signed it: all of it, or nothing. */
  putAccepted(desired: Desired, asks: readonly Ask[], signedBy: string | null): void;
  /** Good and failed versions of the apps. */
  rollout(): Rollout;
  /** Replaces the whole record in one transaction; writes only what is not the same. */
  putRollout(rollout: Rollout): void;
  /** Revision that was last applied without a failed step. */
  applied(): string | null;
  putApplied(revision: string): void;
  /** Who signed the revision that was accepted last. */
  signer(): AcceptedSigner | null;
  /** What the revision that was accepted last asks of the host; empty: nothing, or that is not known. */
  asks(revision: string): readonly Ask[];
  /** Oldest first. */
  verifiedImages(): readonly VerifiedImage[];
  putVerifiedImages(images: readonly VerifiedImage[]): void;
  /** Images that this agent pulled, oldest first. */
  broughtImages(): readonly BroughtImage[];
  putBroughtImages(images: readonly BroughtImage[]): void;
  driftSince(): readonly DriftSince[];
  /** Replaces the whole set in one transaction; writes nothing when it is the same. */
  replaceDriftSince(entries: readonly DriftSince[]): void;
  /** The last status snapshot as JSON, for `status` and for conditions' `since`. */
  status(): string | null;
  putStatus(json: string): void;
  /** Events that the broker has not acknowledged; at most `OUTBOX_CAP`, the oldest are dropped and counted. */
  pushOutbox(topic: string, payload: string): void;
  peekOutbox(limit: number): readonly OutboxMessage[];
  ackOutbox(id: number): void;
  droppedFromOutbox(): number;
  close(): void;
}

export const OUTBOX_CAP = 1000;
