// What Docker's own files say of a registry: the CAs in certs.d, the login in config.json. Read at each use; never written.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { HoldfastError, messageOf } from '../../fleet/error.ts';

const CERTIFICATE_BYTES = 1024 * 1024;
const CONFIG_BYTES = 1024 * 1024;
const MAX_CERTIFICATES = 32;

/** `<certs.d>/<host>/*.crt`, as the Engine trusts them; none: the well-known CAs count. */
export async function readCas(folder: string, host: string): Promise<string[]> {
  // The host of a reference has no slash, but it comes from a file that others wrote.
  if (!/^[\w.:[\]-]+$/.test(host) || /^\.+$/.test(host)) return [];
  const names = await readdir(join(folder, host)).catch(() => []);
  const files = names.filter((name) => name.endsWith('.crt')).slice(0, MAX_CERTIFICATES);
  const texts = await Promise.all(files.map((name) => readFile(join(folder, host, name), 'utf8').catch(() => '')));
  return texts.filter((text) => text.length <= CERTIFICATE_BYTES && text.includes('-----BEGIN CERTIFICATE-----'));
}

const configSchema = z.object({
  auths: z
    .record(
      z.string(),
      z.object({
        auth: z.string().optional(),
        username: z.string().optional(),
        password: z.string().optional(),
        identitytoken: z.string().optional(),
      }),
    )
    .default({}),
});

/** The value of a Basic header for this registry; null: the file has no login for it. Throws `ImagePullFailed` naming the file. */
export async function readLogin(file: string, host: string): Promise<string | null> {
  const { auth, username, password } = (await readEntry(file, host)) ?? {};
  if (auth !== undefined && auth !== '') return /^[A-Za-z0-9+/=]+$/.test(auth) ? `Basic ${auth}` : null;
  if (username === undefined || password === undefined) return null;
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** The same login as the Engine takes it with a pull: the value of `X-Registry-Auth`. */
export async function readEngineLogin(file: string, host: string): Promise<string | null> {
  const entry = await readEntry(file, host);
  if (entry === null) return null;
  const [user = '', ...rest] = Buffer.from(entry.auth ?? '', 'base64')
    .toString('utf8')
    .split(':');
  const { username = user, password = rest.join(':'), identitytoken } = entry;
  if (identitytoken === undefined && (username === '' || password === '')) return null;
  const serveraddress = host === 'docker.io' ? 'https://index.docker.io/v1/' : host;
  const login = identitytoken === undefined ? { username, password } : { username, identitytoken };
  const text = Buffer.from(JSON.stringify({ ...login, serveraddress })).toString('base64');
  return text.replaceAll('+', '-').replaceAll('/', '_');
}

async function readEntry(file: string, host: string) {
  const parsed = configSchema.safeParse(await readJson(file));
  if (!parsed.success) throw unusable(file, 'it is not a config.json of Docker');
  const wanted = host === 'docker.io' ? ['docker.io', 'index.docker.io'] : [host];
  return Object.entries(parsed.data.auths).find(([name]) => wanted.includes(hostOf(name)))?.[1] ?? null;
}

/** `https://index.docker.io/v1/` is how Docker writes the Hub. */
function hostOf(name: string): string {
  return name.replace(/^https?:\/\//, '').split('/')[0] ?? name;
}

async function readJson(file: string): Promise<unknown> {
  try {
    const text = await readFile(file, 'utf8');
    return text.length > CONFIG_BYTES ? null : JSON.parse(text);
  } catch (error) {
    // A message of the parser shows a part of the text, which holds passwords.
    throw unusable(file, error instanceof SyntaxError ? 'it is not JSON' : messageOf(error));
  }
}

function unusable(file: string, why: string): HoldfastError {
  return new HoldfastError('ImagePullFailed', `policy.images.docker_config: ${file} cannot be used: ${why}.`);
}
