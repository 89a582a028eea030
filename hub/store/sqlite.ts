// Kysely's SQLite dialect on Node's own SQLite, which works in a thread of its own: while it waits for the disk, the hub
// answers and listens. Owns that one transaction ends before the next one begins.
import { once } from 'node:events';
import type { SQLInputValue } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { HoldfastError, messageOf } from '../../fleet/error.ts';
import type { Answer, Request } from './sqlite-thread.ts';

/** Rows are garbage as soon as they are passed on: more room for it would only be kept. */
const YOUNG_MIB = 8;

/** A query that is run once for each row of values, in place of once with `parameters`. */
export interface RowsQuery<R> extends CompiledQuery<R> {
  readonly rows: readonly (readonly SQLInputValue[])[];
}

export function sqliteDialect(path: string): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new ThreadDriver(path),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

/** There is one connection; whoever has it, a query or a whole transaction, has it alone. */
class ThreadDriver implements Driver {
  readonly #path: string;
  #thread: Thread | null = null;
  #last: Promise<void> = Promise.resolve();
  readonly #releases: (() => void)[] = [];
  constructor(path: string) {
    this.#path = path;
  }

  /** @throws HoldfastError StateUnavailable when the file cannot be opened */
  async init(): Promise<void> {
    this.#thread = await openThread(this.#path);
  }
  async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    await before;
    this.#releases.push(resolve);
    if (this.#thread === null) throw new Error('the store is not open');
    return connectionOn(this.#thread);
  }
  async releaseConnection(): Promise<void> {
    this.#releases.shift()?.();
  }
  /** To write, so that it waits for another program that writes now rather than fails in the middle. */
  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }
  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }
  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('rollback'));
  }
  async destroy(): Promise<void> {
    await this.#thread?.close();
  }
}

function connectionOn(thread: Thread): DatabaseConnection {
  return {
    async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
      const rows = 'rows' in query ? (query as RowsQuery<R>).rows : [query.parameters as readonly SQLInputValue[]];
      const answer = await thread.ask({ sql: query.sql, rows });
      if (!answer.ok) throw Object.assign(new Error(answer.message), { errcode: answer.errcode });
      return { rows: named(answer.columns, answer.rows) as R[], numAffectedRows: BigInt(answer.changes) };
    },
    // Nothing here asks for more than it can hold.
    streamQuery: () => {
      throw new Error('no streams from SQLite');
    },
  };
}

/** Assigned one after the other, so that all rows have one shape. */
function named(columns: readonly string[], rows: readonly (readonly unknown[])[]): Record<string, unknown>[] {
  return rows.map((row) => {
    const one: Record<string, unknown> = {};
    for (const [at, name] of columns.entries()) one[name] = row[at];
    return one;
  });
}

interface Thread {
  ask(request: Request): Promise<Answer>;
  close(): Promise<void>;
}

async function openThread(path: string): Promise<Thread> {
  const worker = new Worker(new URL('./sqlite-thread.ts', import.meta.url), {
    workerData: path,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
  });
  const waiting: ((answer: Answer) => void)[] = [];
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  await once(worker, 'message').catch((error: unknown) => {
    throw new HoldfastError(
      'StateUnavailable',
      `cannot open the store ${path}: ${messageOf(error)}; set store.path (or --db) to a file in a folder that this user may write`,
      { cause: error },
    );
  });
  worker.on('message', (answer: Answer) => waiting.shift()?.(answer));
  // A thread that fails takes the hub along: what it did not answer was not acknowledged, and comes again.
  worker.on('error', (error) => {
    throw error;
  });
  return {
    ask: (request) =>
      new Promise((resolve) => {
        waiting.push(resolve);
        worker.postMessage(request);
      }),
    async close() {
      worker.postMessage(null);
      await ended;
    },
  };
}
