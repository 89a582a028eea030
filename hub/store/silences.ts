// Silences in the hub's store.
import type { Kysely, Selectable } from 'kysely';
import { z } from 'zod';
import type { Matcher, Silence } from '../alerts/model.ts';
import { parse } from './device-row.ts';
import type { Tables } from './tables.ts';

const SILENCES_MAX = 1_000;

export interface SilenceStore {
  silences(now: number): Promise<readonly Silence[]>;
  addSilence(silence: Omit<Silence, 'id'>): Promise<Silence>;
  /** false: there is none of this id that is not over. */
  expireSilence(id: string, now: number): Promise<boolean>;
}

export function keepSilences(db: Kysely<Tables>): SilenceStore {
  return {
    async silences(now) {
      const rows = await db
        .selectFrom('silences')
        .selectAll()
        .where('ends', '>', now)
        .orderBy('ends')
        .limit(SILENCES_MAX)
        .execute();
      return rows.map(silenceOf);
    },
    async addSilence({ matchers, ...silence }) {
      const row = { ...silence, matchers: JSON.stringify(matchers) };
      const { id } = await db.insertInto('silences').values(row).returning('id').executeTakeFirstOrThrow();
      return { ...silence, matchers, id: String(id) };
    },
    async expireSilence(id, now) {
      if (!/^\d{1,15}$/.test(id)) return false;
      const ended = db.updateTable('silences').set({ ends: now }).where('id', '=', Number(id)).where('ends', '>', now);
      return (await ended.returning('id').executeTakeFirst()) !== undefined;
    },
  };
}

const matchersSchema: z.ZodType<Matcher[]> = z.array(
  z.object({ name: z.string(), op: z.enum(['=', '!=', '=~', '!~']), value: z.string() }),
);
/** A silence that does not read silences nothing. */
const NOTHING: Matcher[] = [{ name: 'rule', op: '=', value: '' }];

function silenceOf({ id, matchers, ...row }: Selectable<Tables['silences']>): Silence {
  return { ...row, id: String(id), matchers: matchersSchema.safeParse(parse(matchers)).data ?? NOTHING };
}
