// Which revisions the fleet was asked to run, and when each device wanted and ran them.
import { sql } from 'kysely';
import { insertRows, rowsOf } from './dialect.ts';
import type { RolloutRow } from './gather.ts';
import type { Writing } from './write.ts';

const REVISION = { fleet: 'text', revision: 'text', first_seen: 'bigint' } as const;
const ROLLOUT = { fleet: 'text', revision: 'text', device: 'text' } as const;

export async function writeRollouts(
  on: Writing,
  { desired, applied }: { readonly desired: readonly RolloutRow[]; readonly applied: readonly RolloutRow[] },
  now: number,
): Promise<void> {
  // In one order everywhere: two hubs that hear of the same revisions at once must not wait for each other in a circle.
  const revisions = [...new Map(desired.map((row) => [`${row.fleet}/${row.revision}`, row]))].sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  const seen = revisions.map(([, { fleet, revision }]) => ({ fleet, revision, first_seen: now }));
  await insertRows(on, 'revisions', REVISION, seen);
  const wanted = desired.map((row) => ({ ...row, desired_at: now }));
  await insertRows(on, 'rollouts', { ...ROLLOUT, desired_at: 'bigint' } as const, wanted);
  if (applied.length > 0) {
    await sql`update rollouts set applied_at = cast(${now} as bigint) from ${rowsOf(on.engine, ROLLOUT, applied)} as given
      where rollouts.fleet = given.fleet and rollouts.revision = given.revision and rollouts.device = given.device
        and rollouts.applied_at is null`.execute(on.db);
  }
}
