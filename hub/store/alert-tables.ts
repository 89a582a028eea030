// The tables of alerts as types; `migrations/0020-alerts.ts` makes them. Times are milliseconds of the hub's clock.
import type { Generated } from 'kysely';

export interface AlertTables {
  alerts: {
    id: Generated<number>;
    key: string;
    rule: string;
    severity: string;
    fleet: string;
    since: number;
    /** null: it fires. */
    resolved: number | null;
    /** When it last changed. */
    changed: number;
    /** JSON: the alert whole. */
    alert: string;
  };
  /** What each receiver was last told of each alert. */
  alert_told: { alert: number; receiver: string; state: string; at: number; joined: number };
  alert_receivers: {
    receiver: string;
    failures: number;
    retry_at: number;
    error: string | null;
    ok_at: number | null;
  };
  silences: {
    id: Generated<number>;
    /** JSON */
    matchers: string;
    starts: number;
    ends: number;
    by: string;
    reason: string;
  };
}
