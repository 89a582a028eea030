// The thread that owns one SQLite file: it waits for the disk, so that nobody else does. It decides nothing; it runs what
// it is sent, one request after the other, and answers each in that order.
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

/** One statement, run once for each row of values. */
export interface Request {
  readonly sql: string;
  readonly rows: readonly (readonly SQLInputValue[])[];
}

export type Answer =
  | {
      readonly ok: true;
      readonly columns: readonly string[];
      readonly rows: readonly (readonly unknown[])[];
      readonly changes: number | bigint;
    }
  | { readonly ok: false; readonly message: string; readonly errcode: number };

/** Statements that are kept prepared; all of the hub's own are fewer. */
const STATEMENTS_MAX = 256;

interface Prepared {
  readonly statement: StatementSync;
  readonly columns: readonly string[];
}

const database = new DatabaseSync(String(workerData));
// A commit is on the disk when it returns: what was acknowledged survives a power cut.
database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 2000;');
// A device's rows change again and again: the later they are moved out of the log, the fewer are moved.
database.exec('pragma wal_autocheckpoint = 8000; pragma cache_size = -16384;');
const prepared = new Map<string, Prepared>();

parentPort?.on('message', (request: Request | null) => {
  if (request !== null) {
    parentPort?.postMessage(answer(request));
    return;
  }
  database.close();
  parentPort?.close();
});
parentPort?.postMessage('open');

function answer({ sql, rows }: Request): Answer {
  try {
    const { statement, columns } = prepare(sql);
    let changes: number | bigint = 0;
    const found: (readonly unknown[])[] = [];
    for (const row of rows) {
      // `setReturnArrays` makes rows of arrays, which the types do not know.
      if (columns.length > 0) found.push(...(statement.all(...row) as unknown as unknown[][]));
      else changes = statement.run(...row).changes;
    }
    return { ok: true, columns, rows: found, changes };
  } catch (error) {
    const errcode = error instanceof Error && 'errcode' in error ? Number(error.errcode) : 0;
    return { ok: false, message: error instanceof Error ? error.message : String(error), errcode };
  }
}

function prepare(sql: string): Prepared {
  const known = prepared.get(sql);
  if (known !== undefined) return known;
  const statement = database.prepare(sql);
  statement.setReturnArrays(true);
  const one = { statement, columns: statement.columns().map(({ name }) => name) };
  if (prepared.size >= STATEMENTS_MAX) prepared.clear();
  prepared.set(sql, one);
  return one;
}
