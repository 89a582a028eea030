// Secrets of receivers: read from their files each time that they are used, so that a new one holds at once. They are in no
// message of an error.
import { readFile } from 'node:fs/promises';
import { HoldfastError, messageOf } from '../../fleet/error.ts';

const SECRET_BYTES = 4096;

/** @param where key path in hub.yaml, as `alerts.receivers.ops.slack` */
export async function readSecret<K extends string>(
  where: string,
  key: K,
  given: { readonly [key in K | `${K}_file`]?: string | undefined },
): Promise<string | null> {
  const file = given[`${key}_file`];
  const own = given[key];
  if (file === undefined) return own ?? null;
  if (own !== undefined) throw new HoldfastError('ConfigInvalid', `${where}: give ${key} or ${key}_file, not both`);
  try {
    const text = (await readFile(file, 'utf8')).trim();
    if (text === '' || text.length > SECRET_BYTES) throw new Error('it is empty or too long');
    return text;
  } catch (error) {
    const why = `${where}.${key}_file: cannot read ${file}: ${messageOf(error, file)}; give a file that this user may read`;
    throw new HoldfastError('ConfigInvalid', why, { cause: error });
  }
}

export async function readUrl(
  where: string,
  given: { readonly url?: string | undefined; readonly url_file?: string | undefined },
): Promise<URL> {
  const text = await readSecret(where, 'url', given);
  if (text === null)
    throw new HoldfastError('ConfigInvalid', `${where}: url_file is missing: the file that holds the address`);
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && (url.protocol === 'https:' || url.protocol === 'http:')) return url;
  const key = given.url_file === undefined ? 'url' : 'url_file';
  throw new HoldfastError('ConfigInvalid', `${where}.${key}: that is no address; it begins with https:// or http://`);
}
