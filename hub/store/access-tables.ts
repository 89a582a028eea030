// The tables of access as types; `migrations/0010-access.ts` makes them. Times are milliseconds of the hub's clock.
import type { Generated } from 'kysely';

export interface AccessTables {
  tokens: {
    name: string;
    role: string;
    /** SHA-256, hex. */
    hash: string;
    created: number;
    by: string;
    expires: number | null;
    used: number | null;
  };
  sessions: { hash: string; token: string; expires: number };
  /** One row for each device that was enrolled or revoked. */
  credentials: { fleet: string; device: string; salt: string; hash: string; revoked: number; changed: number };
  audit: {
    id: Generated<number>;
    at: number;
    actor: string;
    role: string | null;
    action: string;
    subject: string;
    outcome: string;
    source: string;
  };
}
