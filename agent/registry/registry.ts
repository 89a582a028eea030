// A registry as far as trust in images needs it: what a tag points to, manifests, small blobs. Everything with a digest is
// checked against it. Source: OCI distribution specification 1.1, Docker's token authentication.
import { z } from 'zod';
import type { ImageReference } from '../../fleet/image-reference.ts';
import { retryAfterMs } from '../git/transport/retry-after.ts';
import { parseChallenge } from './challenge.ts';
import { digestOf, isDigest, jsonOf } from './digest.ts';
import { readCas, readLogin } from './docker-files.ts';
import { type Answered, type Asked, away, createWire, isLoopback, type Wire } from './request.ts';

export interface Registry {
  /** The digest that a tag points to; null: there is no such tag. */
  resolve(tag: string, signal: AbortSignal): Promise<string | null>;
  /** By tag or digest; null: there is none. */
  manifest(reference: string, signal: AbortSignal): Promise<Buffer | null>;
  blob(digest: string, maxBytes: number, signal: AbortSignal): Promise<Buffer | null>;
  /** The index of what refers to a manifest; null: the registry keeps no such list. */
  referrers(digest: string, signal: AbortSignal): Promise<Buffer | null>;
  close(): void;
}

export interface RegistryOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `/etc/docker/certs.d` */
  readonly certificates: string;
  /** Docker's config.json; absent: nobody logs in. */
  readonly dockerConfig?: string | undefined;
}

/** One request, redirects and login included. */
const REQUEST_MS = 20_000;
const MANIFEST_BYTES = 4 * 1024 * 1024;
const TOKEN_BYTES = 64 * 1024;

const MANIFEST_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** One repository of a registry. Opens nothing until it is asked. Its methods throw `ImagePullFailed`. */
export async function openRegistry(
  { host, path }: Pick<ImageReference, 'host' | 'path'>,
  { env, certificates, dockerConfig }: RegistryOptions,
): Promise<Registry> {
  const cas = await readCas(certificates, host);
  const base = baseOf(host, cas.length > 0);
  const wire = createWire(cas, env);
  const login = dockerConfig === undefined ? null : await readLogin(dockerConfig, host);
  let authorization: string | null = null;

  return {
    async resolve(tag, signal) {
      const { status, header } = await ask({ method: 'HEAD', ...manifestAt(tag), signal });
      const digest = header('docker-content-digest');
      if (status === 200 && isDigest(digest)) return digest;
      const body = isAbsent(status) ? null : await manifestOf(tag, signal);
      return body === null ? null : digestOf(body);
    },
    manifest: manifestOf,
    blob: (digest, maxBytes, signal) => fetched(`blobs/${digest}`, digest, { maxBytes, signal }),
    referrers: (digest, signal) => fetched(`referrers/${digest}`, null, { maxBytes: MANIFEST_BYTES, signal }),
    close: wire.close,
  };

  async function manifestOf(reference: string, signal: AbortSignal): Promise<Buffer | null> {
    const digest = isDigest(reference) ? reference : null;
    const { url: _url, ...given } = manifestAt(reference);
    return fetched(`manifests/${reference}`, digest, { ...given, signal });
  }

  async function fetched(
    what: string,
    digest: string | null,
    given: Pick<Asked, 'maxBytes' | 'headers' | 'signal'>,
  ): Promise<Buffer | null> {
    const url = at(what);
    const { status, header, body } = await ask({ url, ...given });
    if (isAbsent(status)) return null;
    if (status !== 200) throw away(url, refusalOf(status, login !== null), quietOf(status, header));
    if (digest !== null && digestOf(body) !== digest) throw away(url, 'it sent something else than what was asked for');
    return body;
  }

  function at(what: string): URL {
    return new URL(`/v2/${path}/${what}`, base);
  }

  function manifestAt(reference: string): Pick<Asked, 'url' | 'headers' | 'maxBytes'> {
    return { url: at(`manifests/${reference}`), headers: { Accept: MANIFEST_TYPES }, maxBytes: MANIFEST_BYTES };
  }

  /** Logs in when that is asked for, once. */
  async function ask(asked: Asked): Promise<Answered> {
    const late = AbortSignal.timeout(REQUEST_MS);
    const signal = AbortSignal.any([asked.signal, late]);
    try {
      const first = await wire.send(withLogin({ ...asked, signal }, authorization));
      if (first.status !== 401) return first;
      authorization = await authorize(first, { wire, base, path, login, signal });
      return authorization === null ? first : await wire.send(withLogin({ ...asked, signal }, authorization));
    } catch (error) {
      asked.signal.throwIfAborted();
      if (late.aborted) throw away(asked.url, `it did not answer within ${REQUEST_MS / 1000} s`);
      throw error;
    }
  }
}

/** Old registries answer what they do not know in several ways. */
function isAbsent(status: number): boolean {
  return status === 404 || status === 400 || status === 405;
}

function withLogin(asked: Asked, authorization: string | null): Asked {
  return authorization === null ? asked : { ...asked, headers: { ...asked.headers, Authorization: authorization } };
}

interface Login {
  readonly wire: Wire;
  readonly base: URL;
  readonly path: string;
  readonly login: string | null;
  readonly signal: AbortSignal;
}

const tokenSchema = z.object({ token: z.string().optional(), access_token: z.string().optional() });

/** null: there is nothing to log in with. A login goes to the registry that it is for, or to whom that registry names. */
async function authorize(refused: Answered, { wire, base, path, login, signal }: Login): Promise<string | null> {
  const challenge = parseChallenge(refused.header('www-authenticate'));
  if (challenge === null) return null;
  if (challenge.scheme === 'basic') return login;
  const realm = challenge.parameters.get('realm') ?? '';
  if (!URL.canParse(realm)) return null;
  const url = new URL(realm);
  if (url.protocol === 'http:' && !isLoopback(base))
    throw away(url, 'a login over plain http would show it to everybody');
  const service = challenge.parameters.get('service');
  if (service !== undefined) url.searchParams.set('service', service);
  // What this agent reads, whatever the registry would hand out.
  url.searchParams.set('scope', `repository:${path}:pull`);
  const { status, header, body } = await wire.send(withLogin({ url, maxBytes: TOKEN_BYTES, signal }, login));
  if (status !== 200) throw away(url, refusalOf(status, login !== null), quietOf(status, header));
  const { token, access_token = token } = tokenSchema.safeParse(jsonOf(body)).data ?? {};
  if (access_token === undefined || !/^[\x21-\x7e]+$/.test(access_token)) throw away(url, 'it hands out no token');
  return `Bearer ${access_token}`;
}

/** The Hub answers elsewhere than it is called. Loopback is plain, as for the Engine, unless it has a certificate of its own. */
function baseOf(host: string, hasCertificate: boolean): URL {
  if (host === 'docker.io') return new URL('https://registry-1.docker.io');
  const secure = new URL(`https://${host}`);
  return isLoopback(secure) && !hasCertificate ? new URL(`http://${host}`) : secure;
}

/** How long the registry asks to be left alone; null: it does not. */
function quietOf(status: number, header: Answered['header']): number | null {
  if (status !== 429 && status !== 503) return null;
  return retryAfterMs({ 'retry-after': header('retry-after'), date: header('date') }, Date.now());
}

function refusalOf(status: number, loggedIn: boolean): string {
  if (status === 401 || status === 403) {
    return loggedIn
      ? `it refuses the login of policy.images.docker_config (HTTP ${status})`
      : `it wants a login (HTTP ${status}); name Docker's config.json in policy.images.docker_config`;
  }
  return status === 429 ? 'it was asked too often (HTTP 429)' : `it answered HTTP ${status}`;
}
