// What only one of several hubs may do at a time, for a while. A holder that lives renews; one that died is succeeded
// when its time is over. By the store's clock, so that hubs whose clocks differ agree.
import { type Kysely, sql } from 'kysely';
import type { Engine } from './database.ts';
import { sharedNow } from './dialect.ts';
import type { Tables } from './tables.ts';

export interface LeaseRequest {
  readonly name: string;
  readonly holder: string;
  readonly durationMs: number;
  /** This hub's clock; counts only where the store has no other. */
  readonly now: number;
}

/** true: `holder` has it, for `durationMs` from now. */
export async function takeLease(db: Kysely<Tables>, engine: Engine, request: LeaseRequest): Promise<boolean> {
  const { name, holder, durationMs } = request;
  const now = sharedNow(engine, request.now);
  const { rows } = await sql`insert into leases (name, holder, until)
    values (${name}, ${holder}, ${now} + cast(${durationMs} as bigint))
    on conflict (name) do update set holder = excluded.holder, until = excluded.until
      where leases.holder = excluded.holder or leases.until < ${now}
    returning name`.execute(db);
  return rows.length > 0;
}

export async function dropLease(db: Kysely<Tables>, { name, holder }: Pick<LeaseRequest, 'name' | 'holder'>) {
  await db.deleteFrom('leases').where('name', '=', name).where('holder', '=', holder).execute();
}
