// The hub's store, opened by the command line on the hub's own machine, beside a hub that may be running.
import { createAccess } from '../store/access.ts';
import { openDatabase } from '../store/database.ts';
import { storeAddress } from '../store-address.ts';
import { readHubConfigFile } from './hub.ts';
import { CliError, type ExitCode, type Io } from './io.ts';
import { type Tokens, tokensOfStore } from './token.ts';

export async function withStoreTokens(
  io: Io,
  where: { readonly db: string | undefined; readonly config: string | undefined },
  work: (tokens: Tokens) => Promise<ExitCode>,
): Promise<ExitCode> {
  if (where.db !== undefined && where.config !== undefined) throw new CliError('give --db or --config, not both');
  const config = await readHubConfigFile(io, where.config, where.db);
  const database = await openDatabase(await storeAddress(config));
  try {
    return await work(tokensOfStore(createAccess(database.db), io.now));
  } finally {
    await database.close();
  }
}
