// The Authorization header for the Git server, read from files at each use. Its value never reaches a message.
import type { AgentConfig } from '../../fleet/config/agent.ts';
import { HoldfastError, messageOf } from '../../fleet/error.ts';
import { readSecret } from '../host/secret.ts';

export type GitAuth = AgentConfig['source']['auth'];

/** null: no credentials configured. A token with a user name goes as Basic (what forges expect of git), alone as Bearer. */
export async function authorization(url: URL, auth: GitAuth): Promise<string | null> {
  if (auth?.token_file !== undefined) {
    const token = await readable(readSecret('source.auth.token_file', auth.token_file));
    return auth.username === undefined ? `Bearer ${token}` : basic(auth.username, token);
  }
  if (auth?.password_file !== undefined) {
    return basic(auth.username ?? 'git', await readable(readSecret('source.auth.password_file', auth.password_file)));
  }
  if (url.username === '' && url.password === '') return null;
  return basic(decode(url.username), decode(url.password));
}

/** A file of the configuration that cannot be used now is a matter of credentials, not of the commit. Throws `GitAuthentication`. */
export async function readable(reading: Promise<string>): Promise<string> {
  try {
    return await reading;
  } catch (error) {
    throw new HoldfastError('GitAuthentication', messageOf(error), { cause: error });
  }
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new HoldfastError('ConfigInvalid', 'source.url: its user or password is not percent-encoded correctly.');
  }
}
