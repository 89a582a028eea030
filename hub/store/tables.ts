// The hub's tables as types; `migrations/` makes them. Times are milliseconds of the hub's clock unless they say otherwise.
import type { Generated } from 'kysely';
import type { AccessTables } from './access-tables.ts';
import type { AlertTables } from './alert-tables.ts';

/** What a list filters and sorts by, and what ordering, takeover and clash detection need. */
export interface DevicesTable {
  fleet: string;
  device: string;
  /** Grows by one with every write: tells which of two copies is newer. */
  rev: number;
  /** PostgreSQL: the transaction that wrote last, for hubs that follow. SQLite: 0. */
  tx: number;
  presence: string;
  /** When the device was last heard, as lists show it. */
  last_seen: number;
  /** From when silence counts. */
  seen_at: number;
  sync: string;
  health: string;
  reason: string;
  message: string;
  drift: number;
  changes: number;
  /** 1: being led to the desired state right now. */
  reconciling: number;
  desired: string | null;
  applied: string | null;
  last_good: string | null;
  signed_by: string | null;
  agent_version: string;
  /** JSON */
  labels: string;
  /** JSON */
  apps: string;
  instance: string;
  /** JSON */
  former: string;
  boot: number;
  seq: number;
  /** ISO 8601, the device's clock. */
  ts: string;
  birth_last: number;
  birth_before: number;
  offline_ts: number;
  clash_at: number | null;
  /** What keeps the device from being well, since when, and at which revision; null: nothing. */
  trouble: string | null;
  trouble_revision: string | null;
  trouble_since: number | null;
  /** Digests of what is in `services`; empty: it, `apps` and `labels` were not written. */
  parts: string;
}

export interface Tables extends AccessTables, AlertTables {
  devices: DevicesTable;
  /** The last status of a device, as it was sent. */
  statuses: { fleet: string; device: string; status: string };
  apps: {
    fleet: string;
    device: string;
    app: string;
    sync: string;
    health: string;
    revision: string | null;
    /** 1: a last known good version runs in place of the declared one. */
    quarantined: number;
  };
  services: {
    fleet: string;
    device: string;
    app: string;
    service: string;
    health: string;
    image: string;
    digest: string | null;
    restarts: number;
  };
  labels: { fleet: string; device: string; key: string; value: string };
  drift: {
    id: Generated<number>;
    fleet: string;
    device: string;
    key: string;
    resource: string;
    kind: string;
    field: string | null;
    app: string;
    service: string | null;
    /** JSON */
    desired: string;
    /** JSON */
    observed: string;
    revision: string | null;
    /** ISO 8601, the device's clock. */
    since: string;
    opened: number;
    closed: number | null;
    /** What did it, as the device tells. */
    by: string | null;
  };
  events: {
    id: Generated<number>;
    fleet: string;
    device: string;
    origin: string | null;
    ts: string;
    received: number;
    severity: string;
    reason: string;
    message: string;
    revision: string | null;
    resource: string | null;
    tx: number;
  };
  /** Times that are over in which a device was not well; one that lasts is in `devices`. */
  troubles: {
    id: Generated<number>;
    fleet: string;
    device: string;
    revision: string | null;
    reason: string;
    opened: number;
    closed: number;
  };
  /** Every revision that a device of the fleet was asked to run. */
  revisions: { fleet: string; revision: string; first_seen: number; committed: number | null };
  /** When a device first wanted a revision and when it first ran it. */
  rollouts: { fleet: string; revision: string; device: string; desired_at: number; applied_at: number | null };
  /** The fleet once a minute. */
  history: {
    fleet: string;
    at: number;
    devices: number;
    online: number;
    synced: number;
    degraded: number;
    drift_devices: number;
    drift_open: number;
  };
  /** Messages that were not taken, by who sent them and why. */
  rejects: { fleet: string; device: string; cause: string; n: number; first_at: number; last_at: number };
  /** What only one of several hubs may do at a time. */
  leases: { name: string; holder: string; until: number };
}
