// `alerts:` of hub.yaml as a schema, and the rules and routes that follow from it. Reads no file: secrets are in `secrets.ts`.
import { z } from 'zod';
import { duration, durationFrom } from '../../fleet/config/words.ts';
import type { Window } from '../../fleet/model/window.ts';
import { windowFault } from '../../fleet/window/window.ts';
import { CONDITIONS, type Labels, type Rule, SEVERITIES } from './model.ts';
import { receiverSchema } from './receivers.ts';
import type { Maintenance } from './silences.ts';

const RULES_MAX = 100;
const RECEIVERS_MAX = 32;
const ROUTES_MAX = 100;

const NAME = /^[a-z0-9][a-z0-9_-]{0,62}$/;
const labels = z.record(z.string(), z.string().max(256)).default({});

/** `5%` as 0.05. */
const share = z
  .string({ error: 'has to be a part of the fleet like 5%' })
  .meta({ pattern: '^\\d{1,2}(\\.\\d+)?%$', examples: ['5%', '0.5%'] })
  .transform((text, context) => {
    const part = /^\d{1,2}(\.\d+)?%$/.test(text) ? Number.parseFloat(text) / 100 : 0;
    if (part <= 0) {
      const message = `"${text}" is no part of the fleet; write one like 5%, or leave share out: one device is enough then`;
      context.addIssue({ code: 'custom', message });
    }
    return part;
  });

const ruleSchema = z.strictObject({
  enabled: z.boolean().default(true),
  when: z.enum(CONDITIONS).optional(),
  for: duration.optional(),
  /** More than this part of the devices; absent: one device is enough. */
  share: share.optional(),
  severity: z.enum(SEVERITIES).optional(),
  match: labels,
  by: z.array(z.string().min(1).max(256)).max(4).default([]),
  labels,
});

/** What holds without a word in hub.yaml; a rule of the same name changes what it names. */
const DEFAULT_RULES = {
  offline: { when: 'offline', forMs: 15 * 60_000, share: null, severity: 'warning' },
  drift: { when: 'drift', forMs: 60 * 60_000, share: null, severity: 'warning' },
  stuck: { when: 'stuck', forMs: 60 * 60_000, share: null, severity: 'warning' },
  degraded: { when: 'degraded', forMs: 10 * 60_000, share: 0.05, severity: 'critical' },
} as const satisfies Readonly<Record<string, Pick<Rule, 'when' | 'forMs' | 'share' | 'severity'>>>;

const DEFAULT_FOR_MS = 15 * 60_000;

const routeSchema = z.strictObject({
  /** Of the alert: rule, when, severity, fleet, labels of the rule and those that it goes by. */
  match: labels,
  receivers: z.array(z.string()).min(1).max(RECEIVERS_MAX),
  /** Look at the routes below as well. */
  continue: z.boolean().default(false),
  /** What joins within this time is in the first message. */
  group_wait: durationFrom('0s', '1h').prefault('30s'),
  /** Devices that join later are told at most this often. */
  group_interval: durationFrom('1s', '24h').prefault('5m'),
  repeat_interval: durationFrom('1m', '720h').prefault('4h'),
});

const maintenanceSchema = z
  .strictObject({
    cron: z.string(),
    duration: durationFrom('1m', '168h'),
    time_zone: z.string().default('UTC'),
    /** Labels of devices or alerts; absent: everything. */
    match: labels,
  })
  .superRefine(({ cron, time_zone: timeZone }, context) => {
    const fault = windowFault({ cron, timeZone });
    if (fault !== null)
      context.addIssue({
        code: 'custom',
        path: [fault === 'time-zone' ? 'time_zone' : 'cron'],
        message: WINDOW_FAULTS[fault],
      });
  });

const WINDOW_FAULTS = {
  cron: 'is no schedule; write minute, hour, day of the month, month and day of the week: "0 2 * * MON-FRI"',
  never: 'never comes; name a day that there is',
  'time-zone': 'is no time zone; write a name as Europe/Berlin or UTC',
};

/** A map of names of one's own. */
function named<T extends z.ZodType>(entry: T, most: number) {
  return z.record(z.string(), entry).superRefine((given, context) => {
    const names = Object.keys(given);
    if (names.length > most) context.addIssue({ code: 'custom', message: `more than ${most} entries` });
    for (const name of names) {
      const message = 'is no name; use lower-case letters, digits, - and _, 63 at most';
      if (!NAME.test(name)) context.addIssue({ code: 'custom', path: [name], message });
    }
  });
}

export const alertsSchema = z
  .strictObject({
    /** How often the rules are held against the fleet. */
    interval: durationFrom('200ms', '10m').prefault('15s'),
    /** An alert is over when its rule has not held for so long. */
    recover_after: durationFrom('0s', '24h').prefault('1m'),
    /** Where people reach this hub's dashboard; for links in messages. */
    url: z
      .string()
      .regex(/^https?:\/\//, 'write it as https://hub.example.com')
      .optional(),
    rules: named(ruleSchema, RULES_MAX).default({}),
    receivers: named(receiverSchema, RECEIVERS_MAX).default({}),
    /** The first that fits, from the top; absent: every receiver gets everything. */
    routes: z.array(routeSchema).max(ROUTES_MAX).optional(),
    maintenance: named(maintenanceSchema, RULES_MAX).default({}),
  })
  .superRefine(({ rules, receivers, routes }, context) => {
    const issue = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message });
    const kinds = CONDITIONS.join(', ').replace(/, (\w+)$/, ' or $1');
    for (const [name, rule] of Object.entries(rules))
      if (rule.when === undefined && !Object.hasOwn(DEFAULT_RULES, name))
        issue(['rules', name], `say what it watches: add when: ${kinds}`);
    const known = Object.keys(receivers);
    const there = known.length === 0 ? 'there are none: add receivers' : `there are ${known.join(', ')}`;
    for (const [index, route] of (routes ?? []).entries())
      for (const [place, name] of route.receivers.entries())
        if (!known.includes(name))
          issue(['routes', index, 'receivers', place], `there is no receiver "${name}"; ${there}`);
  });

export type AlertsConfig = z.infer<typeof alertsSchema>;

export function rulesOf({ rules }: Pick<AlertsConfig, 'rules'>): readonly Rule[] {
  const names = new Set([...Object.keys(DEFAULT_RULES), ...Object.keys(rules)]);
  return [...names].flatMap((name) => {
    const given = Object.hasOwn(rules, name) ? rules[name] : undefined;
    const usual = Object.entries(DEFAULT_RULES).find(([key]) => key === name)?.[1];
    const when = given?.when ?? usual?.when;
    if (given?.enabled === false || when === undefined) return [];
    return [
      {
        name,
        when,
        forMs: given?.for ?? usual?.forMs ?? DEFAULT_FOR_MS,
        share: given?.share ?? usual?.share ?? null,
        severity: given?.severity ?? usual?.severity ?? 'warning',
        match: given?.match ?? {},
        by: given?.by ?? [],
        labels: given?.labels ?? {},
      },
    ];
  });
}

export interface Route {
  readonly match: Labels;
  readonly receivers: readonly string[];
  readonly continue: boolean;
  readonly waitMs: number;
  readonly intervalMs: number;
  readonly repeatMs: number;
}

export function routesOf({ routes, receivers }: Pick<AlertsConfig, 'routes' | 'receivers'>): readonly Route[] {
  const given = routes ?? [routeSchema.parse({ receivers: ['*'] })];
  return given.map((route) => ({
    match: route.match,
    receivers: routes === undefined ? Object.keys(receivers) : route.receivers,
    continue: route.continue,
    waitMs: route.group_wait,
    intervalMs: route.group_interval,
    repeatMs: route.repeat_interval,
  }));
}

export function maintenanceOf({ maintenance }: Pick<AlertsConfig, 'maintenance'>): readonly Maintenance[] {
  return Object.entries(maintenance).map(([name, given]) => {
    const window: Window = { cron: given.cron, durationMs: given.duration, timeZone: given.time_zone };
    return { name, window, match: given.match };
  });
}
