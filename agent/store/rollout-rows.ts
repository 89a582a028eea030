// The record of good and failed versions as rows: one for each good version, one for those that began, for the quarantine, for
// the revision. What does not parse counts as absent. An older agent kept the last known good of the device as a whole.
import { z } from 'zod';
import type { Ask } from '../../fleet/model/ask.ts';
import { REASONS } from '../../fleet/model/conditions.ts';
import type { Desired } from '../../fleet/model/desired.ts';
import type { AppVersion, Rollout } from '../../fleet/model/rollout.ts';
import { isAsk } from '../../fleet/policy/rules.ts';
import { appFromOlder, type OlderApp } from './older.ts';
import { isApp, parseJson } from './parse.ts';

const GOOD = 'good.';
const BEGUN = 'begun';
const LAST_GOOD = 'last-good';
const QUARANTINE = 'quarantine';
/** As older agents wrote it. */
export const LAST_GOOD_SNAPSHOT = 'snapshot.last_good';

/** `/` comes after `.`. */
export const ROLLOUT_KEYS = `(key > '${GOOD}' AND key < 'good/') OR key IN ('${BEGUN}', '${LAST_GOOD}', '${QUARANTINE}', '${LAST_GOOD_SNAPSHOT}')`;

const quarantineSchema = z.array(
  z.object({
    app: z.string(),
    spec: z.string(),
    revision: z.string(),
    reason: z.enum(REASONS),
    message: z.string(),
    since: z.string(),
  }),
);

export function rolloutRows({ goods, begun, lastGood, quarantine }: Rollout): ReadonlyMap<string, string> {
  return new Map([
    ...goods.map((good): [string, string] => [`${GOOD}${good.app.name}`, JSON.stringify(good)]),
    ...(begun.length === 0 ? [] : [[BEGUN, JSON.stringify(begun)] as const]),
    ...(lastGood === null ? [] : [[LAST_GOOD, lastGood] as const]),
    ...(quarantine.length === 0 ? [] : [[QUARANTINE, JSON.stringify(quarantine)] as const]),
  ]);
}

/** `older`: the last known good of an older agent, with what it asks; it counts until this one has written the first. */
export function parseRollout(
  rows: ReadonlyMap<string, string>,
  older: Desired | null,
  asksOf: (revision: string) => readonly Ask[],
): Rollout {
  const goods = [...rows].flatMap(([key, value]) => (key.startsWith(GOOD) ? parseVersion(parseJson(value)) : []));
  const listed = parseJson(rows.get(BEGUN) ?? '[]');
  const begun = Array.isArray(listed) ? listed.flatMap(parseVersion) : [];
  const quarantine = quarantineSchema.safeParse(parseJson(rows.get(QUARANTINE) ?? '[]')).data ?? [];
  if (older !== null)
    return { goods: goodsOf(older, asksOf(older.revision)), begun, lastGood: older.revision, quarantine };
  return { goods, begun, lastGood: rows.get(LAST_GOOD) ?? null, quarantine };
}

function goodsOf({ apps, revision, secretValues }: Desired, asks: readonly Ask[]): AppVersion[] {
  return apps.map((app) => ({ app, revision, secretValues, asks: asks.filter((ask) => ask.app === app.name) }));
}

/** Only the outline: the rest was made by this program and is covered by the file's own checks. */
function parseVersion(value: unknown): AppVersion[] {
  if (typeof value !== 'object' || value === null) return [];
  const { app, revision, secretValues, asks } = value as Partial<Record<keyof AppVersion, unknown>>;
  if (!isApp(app) || typeof revision !== 'string' || !Array.isArray(secretValues) || !Array.isArray(asks)) return [];
  return [
    {
      app: appFromOlder(app as OlderApp),
      revision,
      secretValues: secretValues.filter((one) => typeof one === 'string'),
      asks: asks.filter(isAsk),
    },
  ];
}
