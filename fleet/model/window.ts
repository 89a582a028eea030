// Maintenance windows of the desired state: when changes from Git may be applied.

export interface Window {
  /** Five fields: minute, hour, day of the month, month, day of the week. */
  readonly cron: string;
  readonly durationMs: number;
  /** IANA name, `Europe/Berlin`. */
  readonly timeZone: string;
}
