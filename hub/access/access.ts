// What the hub remembers of who may do what, and of who did what. All of it is in the store, so every hub on it says the same.
// No secret is among it: tokens, sessions and passwords are there as hashes.
import type { DeviceCredential } from '../broker/rules.ts';
import type { PasswordHash } from './credentials.ts';
import type { Role } from './roles.ts';

/** Times are milliseconds of the hub's clock. */
export interface TokenRecord {
  readonly name: string;
  readonly role: Role;
  readonly created: number;
  /** Who made it. */
  readonly by: string;
  /** null: it never expires. */
  readonly expires: number | null;
  /** To the minute; null: never. */
  readonly used: number | null;
}

export interface DeviceRecord extends DeviceCredential {
  readonly fleet: string;
  readonly device: string;
  readonly changed: number;
}

/** `begun` that stays so: the hub ended in the middle of it. */
export const OUTCOMES = ['begun', 'done', 'refused', 'failed'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface AuditEntry {
  readonly at: number;
  /** Name of the token; `local` without one, `-` when nobody was known. */
  readonly actor: string;
  readonly role: Role | null;
  /** As `device.reconcile`, `token.create`. */
  readonly action: string;
  /** What it was done to; empty: nothing in particular. */
  readonly subject: string;
  readonly outcome: Outcome;
  /** Address that the request came from; empty: not over the network. */
  readonly source: string;
}

export interface AuditRecord extends AuditEntry {
  readonly id: number;
}

export interface AuditQuery {
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly subject?: string | undefined;
  readonly since?: number | undefined;
  /** Only entries older than this id. */
  readonly before?: number | undefined;
  readonly limit: number;
}

export interface Access {
  /** Is there a token? Then everybody needs one; also when all of them have expired, or the hub would open by itself. */
  guarded(): Promise<boolean>;
  tokens(): Promise<readonly TokenRecord[]>;
  /** false: there is one of this name already. */
  addToken(token: TokenRecord & { readonly hash: string }): Promise<boolean>;
  /** Takes its sessions with it. false: there is none of this name. */
  removeToken(name: string): Promise<boolean>;
  findToken(hash: string, now: number): Promise<TokenRecord | null>;
  addSession(session: { readonly hash: string; readonly token: string; readonly expires: number }): Promise<void>;
  /** The token that a session stands for, while both hold. */
  findSession(hash: string, now: number): Promise<TokenRecord | null>;
  removeSession(hash: string): Promise<void>;
  credential(fleet: string, device: string): Promise<DeviceCredential | null>;
  /** By fleet and device. */
  devices(): Promise<readonly DeviceRecord[]>;
  enroll(fleet: string, device: string, password: PasswordHash, now: number): Promise<void>;
  /** Also a device that was never enrolled. */
  revoke(fleet: string, device: string, now: number): Promise<void>;
  /** @returns the entry's id */
  audit(entry: AuditEntry): Promise<number>;
  concluded(id: number, outcome: Outcome, subject: string): Promise<void>;
  /** Newest first. */
  trail(query: AuditQuery): Promise<readonly AuditRecord[]>;
  /** Drops audit entries from before then, and what has expired. */
  prune(before: number, now: number): Promise<void>;
}
