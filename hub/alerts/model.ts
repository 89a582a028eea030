// The words of alerts as types. Data only. Times are milliseconds of the hub's clock.

export const SEVERITIES = ['info', 'warning', 'critical'] as const;
export type AlertSeverity = (typeof SEVERITIES)[number];

/** What can be wrong with a device. */
export const CONDITIONS = ['offline', 'drift', 'stuck', 'degraded'] as const;
export type ConditionKind = (typeof CONDITIONS)[number];

export type Labels = Readonly<Record<string, string>>;

export interface Rule {
  readonly name: string;
  readonly when: ConditionKind;
  readonly forMs: number;
  /** Fires when more than this part of the devices has the condition; null: when one has. 0 < share < 1. */
  readonly share: number | null;
  readonly severity: AlertSeverity;
  /** Only devices with all of these labels. */
  readonly match: Labels;
  /** Labels of devices: an alert of its own for each of their values. */
  readonly by: readonly string[];
  /** Go with the alert, for routes and receivers. */
  readonly labels: Labels;
}

/** One device has one condition. */
export interface Fact {
  readonly when: ConditionKind;
  readonly fleet: string;
  readonly device: string;
  readonly labels: Labels;
  readonly since: number;
  /** Until when it is known to have lasted: now, or when the device was last heard. */
  readonly until: number;
  /** Part of the alert's identity: one cause, one alert. */
  readonly cause: Labels;
  /** Why, in the device's words. */
  readonly reason: string;
  readonly message: string;
}

/** A fact as an alert shows it. */
export interface AlertSample {
  readonly device: string;
  readonly since: number;
  readonly reason: string;
  readonly message: string;
}

/** What fires, as the store keeps it. */
export interface Alert {
  /** 0: not in the store yet. */
  readonly id: number;
  /** Of rule, fleet, labels and cause: there is one unresolved alert of a key. */
  readonly key: string;
  readonly rule: string;
  readonly when: ConditionKind;
  readonly severity: AlertSeverity;
  readonly fleet: string;
  readonly labels: Labels;
  readonly since: number;
  /** Devices that have it now, those under a silence included; of an alert that is over: that had it last. */
  readonly devices: number;
  /** The most that had it at a time. */
  readonly most: number;
  /** Devices of the fleet that the rule looks at. */
  readonly of: number;
  readonly silenced: number;
  readonly silencedBy: readonly string[];
  /** What is not silenced is enough for the alert: it is to be told. */
  readonly loud: boolean;
  /** When the last of the devices that are not silenced joined. */
  readonly joined: number;
  readonly samples: readonly AlertSample[];
  /** Most common first. */
  readonly reasons: readonly { readonly reason: string; readonly devices: number }[];
  /** Since when the rule no longer holds; null: it holds. */
  readonly quiet: number | null;
  readonly resolved: number | null;
}

export interface Matcher {
  readonly name: string;
  readonly op: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

export interface Silence {
  readonly id: string;
  readonly matchers: readonly Matcher[];
  readonly starts: number;
  readonly ends: number;
  readonly by: string;
  readonly reason: string;
}

/** What a receiver was last told of an alert. */
export interface Told {
  readonly alert: number;
  readonly receiver: string;
  readonly state: 'firing' | 'resolved';
  readonly at: number;
  /** The alert's `joined` at that time. */
  readonly joined: number;
}

/** How sending to a receiver goes. */
export interface ReceiverState {
  readonly receiver: string;
  /** Failures in a row. */
  readonly failures: number;
  readonly retryAt: number;
  readonly error: string | null;
  /** When it last took something. */
  readonly okAt: number | null;
}
