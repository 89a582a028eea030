// How the record of good and failed versions changes. Each change gives the same object back when it changes nothing.
import type { Desired } from '../model/desired.ts';
import type { AppVersion, Quarantined, Rollout } from '../model/rollout.ts';
import type { Effective } from './effective.ts';
import { appSpec } from './spec.ts';

/** As many as a device can have apps. */
export const QUARANTINE_CAP = 256;

/** These versions have proved good. */
export function withGoods(rollout: Rollout, versions: readonly AppVersion[]): Rollout {
  const fresh = versions.filter(({ app, revision }) => !rollout.goods.some((good) => isAt(good, app.name, revision)));
  if (fresh.length === 0) return rollout;
  const kept = rollout.goods.filter(({ app }) => !fresh.some((version) => version.app.name === app.name));
  return { ...rollout, goods: [...kept, ...fresh] };
}

function isAt(good: AppVersion, name: string, revision: string): boolean {
  return good.app.name === name && good.revision === revision;
}

export function withLastGood(rollout: Rollout, revision: string): Rollout {
  return rollout.lastGood === revision ? rollout : { ...rollout, lastGood: revision };
}

export function withQuarantined(rollout: Rollout, failed: Quarantined): Rollout {
  const isSame = (other: Quarantined) => other.app === failed.app && other.spec === failed.spec;
  if (rollout.quarantine.some(isSame)) return rollout;
  return { ...rollout, quarantine: [failed, ...rollout.quarantine].slice(0, QUARANTINE_CAP) };
}

/** A version that had passed failed all the same: the one before it is the last known good again. */
export function goneBack(
  rollout: Rollout,
  back: { readonly good: AppVersion; readonly lastGood: string | null } | null,
): Rollout {
  if (back === null || rollout.goods.includes(back.good)) return rollout;
  const kept = rollout.goods.filter(({ app }) => app.name !== back.good.app.name);
  return { ...rollout, goods: [...kept, back.good], lastGood: back.lastGood };
}

/** A person asks to try again: one app, or all (null). */
export function withoutQuarantined(rollout: Rollout, app: string | null): Rollout {
  const kept = rollout.quarantine.filter((entry) => app !== null && entry.app !== app);
  return kept.length === rollout.quarantine.length ? rollout : { ...rollout, quarantine: kept };
}

/** Steps for it are about to be carried out: what is in force from now on, however its windows close. */
export function withBegun(rollout: Rollout, { apps, waiting }: Effective): Rollout {
  const known = new Map(rollout.begun.map((version) => [version.app.name, version]));
  const begun = [...apps.values()].flatMap(({ app, version, quarantined, waits }): AppVersion[] => {
    const before = known.get(app.name);
    const stays = waits || app.suspend || quarantined !== null;
    if (stays) return before === undefined ? [] : [before];
    return [before !== undefined && isSameVersion(before, version) ? before : version];
  });
  const leaving = waiting.flatMap(({ app, after }) => (after === null ? (known.get(app.name) ?? []) : []));
  const next = [...new Set([...begun, ...leaving])];
  const same = next.length === rollout.begun.length && next.every((version) => rollout.begun.includes(version));
  return same ? rollout : { ...rollout, begun: next };
}

/** Of one revision an app is the same, but for an agent that has learned to read more. */
function isSameVersion(a: AppVersion, b: AppVersion): boolean {
  return a.revision === b.revision && appSpec(a.app) === appSpec(b.app);
}

/**
 * Git has moved. A version that is neither declared nor begun leaves quarantine, so that Git going back to it tries it again; of
 * an app of which there is neither nothing is kept.
 */
export function forAccepted(rollout: Rollout, accepted: Desired): Rollout {
  const known = [...accepted.apps, ...rollout.begun.map(({ app }) => app)];
  const specs = new Set(known.map((app) => `${app.name} ${appSpec(app)}`));
  const names = new Set(known.map(({ name }) => name));
  const quarantine = rollout.quarantine.filter(({ app, spec }) => specs.has(`${app} ${spec}`));
  const goods = rollout.goods.filter(({ app }) => names.has(app.name));
  const same = quarantine.length === rollout.quarantine.length && goods.length === rollout.goods.length;
  return same ? rollout : { ...rollout, goods, quarantine };
}
