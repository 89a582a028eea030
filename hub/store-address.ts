// Where the configuration says that the store is.
import { readFile } from 'node:fs/promises';
import { HoldfastError, messageOf } from '../fleet/error.ts';
import type { HubConfig } from './config.ts';
import type { StoreAddress } from './store/database.ts';

/** @throws HoldfastError ConfigInvalid when the password cannot be read */
export async function storeAddress({ store }: Pick<HubConfig, 'store'>): Promise<StoreAddress> {
  if (store.url === undefined) return { url: store.path };
  if (store.password_file === undefined) return { url: store.url };
  try {
    return { url: store.url, password: (await readFile(store.password_file, 'utf8')).trim() };
  } catch (error) {
    const why = `store.password_file: cannot read ${store.password_file}: ${messageOf(error)}; give a file that this user may read`;
    throw new HoldfastError('ConfigInvalid', why, { cause: error });
  }
}
