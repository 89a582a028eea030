// The table of store tests on a real PostgreSQL.
import { afterAll, beforeAll } from 'vitest';
import { accessTests } from '../hub/store/access-tests.ts';
import { alertTests } from '../hub/store/alert-tests.ts';
import { storeTests } from '../hub/store/store-tests.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';

let postgres: Postgres;
beforeAll(async () => {
  postgres = await startPostgres({ durable: false });
});
afterAll(() => postgres[Symbol.asyncDispose]());

storeTests(() => postgres.database());
accessTests(() => postgres.database());
alertTests(() => postgres.database());
