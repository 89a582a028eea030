// The Git server: one ls-refs, one shallow fetch. Every failure leaves here as one of the Git error codes.
import fs from 'node:fs';
import { addRemote, Errors, fetch, type HttpClient, init, listServerRefs } from 'isomorphic-git';
import type { AgentConfig } from '../../fleet/config/agent.ts';
import { HoldfastError, messageOf } from '../../fleet/error.ts';
import { redactUrl } from '../host/network-error.ts';
import { readPem } from '../host/secret.ts';
import { authorization, readable } from './credentials.ts';
import { diskError } from './held.ts';
import { createGitHttp } from './http.ts';
import { ObjectDamaged, ObjectMissing, openObjects } from './objects.ts';
import { parseSourceUrl } from './source-url.ts';

/** An answer to ls-refs: one ref and what shares its prefix. */
const POLL_BYTES = 4 * 1024 * 1024;
const MAX_OBJECTS = 1_000_000;
/** A snapshot unpacks to a few times of what it weighs on the wire. */
const UNPACKED_RATIO = 8;

export interface RemoteOptions {
  readonly url: string;
  readonly auth?: AgentConfig['source']['auth'];
  readonly caFile?: string | undefined;
  readonly allowHttp: boolean;
  /** On the wire for one transfer; also of one unpacked object. */
  readonly maxBytes: number;
}

export interface RemoteRef {
  readonly commit: string;
  /** What to ask for to get it: a tag's own id where the commit was reached through one. */
  readonly want: string;
}

export interface Remote {
  /** null: there is no such branch or tag. A branch comes before a tag of the same name. */
  find(ref: string, signal: AbortSignal): Promise<RemoteRef | null>;
  /** Fills a fresh bare repository with one commit and everything in it, without its history. */
  fetchInto(gitdir: string, ref: RemoteRef, signal: AbortSignal): Promise<void>;
}

/** Throws `ConfigInvalid` at once when the URL cannot be used. */
export function createRemote(options: RemoteOptions): Remote {
  const url = parseSourceUrl(options.url, options.allowHttp);
  return {
    find: (ref, signal) => withHttp(signal, POLL_BYTES, (http) => findRef(http, url.clean, ref)),
    fetchInto: (gitdir, ref, signal) =>
      withHttp(signal, options.maxBytes, async (http) => {
        await init({ fs, bare: true, gitdir, dir: gitdir });
        await addRemote({ fs, gitdir, remote: 'origin', url: url.clean });
        const what = { ref: ref.want, remoteRef: ref.want, depth: 1, singleBranch: true, tags: false };
        await fetch({ fs, http, gitdir, remote: 'origin', ...what });
        await openObjects(gitdir).read(ref.commit, 'commit');
        signal.throwIfAborted();
      }),
  };

  async function withHttp<T>(signal: AbortSignal, maxBytes: number, work: (http: HttpClient) => Promise<T>) {
    const pack = { objectBytes: options.maxBytes, totalBytes: options.maxBytes * UNPACKED_RATIO, objects: MAX_OBJECTS };
    const header = await authorization(url.given, options.auth);
    const ca = options.caFile === undefined ? undefined : await readable(readPem('source.ca_file', options.caFile));
    const http = createGitHttp({ authorization: header, ca, maxBytes, pack, signal });
    try {
      return await work(http.client);
    } catch (error) {
      throw signal.aborted ? signal.reason : gitError(redactUrl(options.url), error);
    } finally {
      http.close();
    }
  }
}

/** The library's errors and ours about objects as a HoldfastError. */
export function gitError(where: string, error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const options = { cause: error };
  if (error instanceof Errors.NotFoundError)
    return new HoldfastError('GitRefNotFound', `${where}: the server does not have it any more.`, options);
  if (error instanceof ObjectDamaged || error instanceof ObjectMissing)
    return new HoldfastError('GitUnreachable', `${where}: ${error.message}. It is fetched again.`, options);
  const disk = diskError(where, error);
  if (disk instanceof HoldfastError) return disk;
  return new HoldfastError('GitUnreachable', `${where}: ${messageOf(error).slice(0, 300)}`, options);
}

async function findRef(http: HttpClient, url: string, ref: string): Promise<RemoteRef | null> {
  const names = ref.startsWith('refs/') ? [ref] : [`refs/heads/${ref}`, `refs/tags/${ref}`];
  for (const prefix of names) {
    const refs = await listServerRefs({ http, url, prefix, peelTags: true, protocolVersion: 2 });
    const found = refs.find((each) => each.ref === prefix);
    if (found !== undefined) return { commit: found.peeled ?? found.oid, want: found.oid };
  }
  return null;
}
