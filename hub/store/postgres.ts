// Kysely's PostgreSQL dialect on pg. Owns the pool, its deadlines, and how values come back.
import { PostgresDialect } from 'kysely';
import pg from 'pg';

/** Connections of one hub: one writes, one follows changes, the rest answer. */
const CONNECTIONS_MAX = 6;
const CONNECT_TIMEOUT_MS = 5_000;
/** The server ends a statement that takes longer; the client gives up a little later. */
const STATEMENT_TIMEOUT_MS = 15_000;
const QUERY_TIMEOUT_MS = 20_000;
/** A transaction whose hub went silent (half-open connection, stopped process) lets go of its rows. */
const IDLE_IN_TRANSACTION_MS = 10_000;

const INT8 = pg.types.builtins.INT8;
const NUMERIC = pg.types.builtins.NUMERIC;

export function postgresDialect(url: string, password: string | undefined): PostgresDialect {
  const pool = new pg.Pool({
    connectionString: url,
    ...(password === undefined ? {} : { password }),
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    keepAlive: true,
    application_name: 'holdfast-hub',
    types: {
      // Milliseconds, counts and ids: all below 2^53, so numbers as SQLite gives them.
      getTypeParser: (oid, format) => (oid === INT8 || oid === NUMERIC ? Number : pg.types.getTypeParser(oid, format)),
    },
  });
  // An idle connection that breaks is no error of anyone's: the pool opens another.
  pool.on('error', () => undefined);
  // One that breaks between two statements of a transaction fails the next one; unheard, it would end the program.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return new PostgresDialect({ pool });
}
