// What a device remembers of versions of its apps: which one proved good, and which did not. Plain JSON, so that it can be stored.
import type { Ask } from './ask.ts';
import type { Reason } from './conditions.ts';
import type { DesiredApp } from './desired.ts';

/** A version of an app, with what it needs to run again. */
export interface AppVersion {
  readonly app: DesiredApp;
  /** The newest revision that declares this very version. */
  readonly revision: string;
  /** Values that came out of secret files of that revision. */
  readonly secretValues: readonly string[];
  /** What the app asks of the host in this version. */
  readonly asks: readonly Ask[];
}

/** A version of an app that failed its health gate: not tried again until Git moves the app or a person asks. */
export interface Quarantined {
  readonly app: string;
  /** Of the version, by `appSpec`. */
  readonly spec: string;
  readonly revision: string;
  readonly reason: Reason;
  /** What failed. */
  readonly message: string;
  /** ISO 8601 */
  readonly since: string;
}

export interface Rollout {
  /** One for each app at most. */
  readonly goods: readonly AppVersion[];
  /** Of each app, the version that began to be applied last, good or not: it stays while maintenance windows are closed. */
  readonly begun: readonly AppVersion[];
  /** The newest revision in which every app was good; null: there was none yet. */
  readonly lastGood: string | null;
  /** One for each app and spec. */
  readonly quarantine: readonly Quarantined[];
}

export const NO_ROLLOUT: Rollout = { goods: [], begun: [], lastGood: null, quarantine: [] };
