// The hub's API as the command line uses it: one bounded request each, answers checked by the API's own schemas.
import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { messageOf } from '../../fleet/error.ts';
import { errorSchema } from '../api/schemas.ts';
import { CliError, type Io } from './io.ts';

export const DEFAULT_HUB = 'http://127.0.0.1:8080';
const DEADLINE_MS = 15_000;

export interface Api {
  readonly base: string;
  /** @throws CliError: 1 when the hub says no, 2 when the question was wrong or there is no answer */
  get<S extends z.ZodType>(path: string, schema: S): Promise<z.infer<S>>;
  post<S extends z.ZodType>(path: string, schema: S, body?: object): Promise<z.infer<S>>;
  /** The event stream; null when the hub cannot be reached. */
  stream(path: string): Promise<ReadableStream<Uint8Array> | null>;
}

/**
 * @param given `--hub`, else HOLDFAST_HUB, else this machine
 * @param tokenFile `--token-file`, else HOLDFAST_HUB_TOKEN_FILE, else HOLDFAST_HUB_TOKEN, else nobody is said to ask
 */
export function createApi(io: Io, given: string | undefined, tokenFile?: string): Api {
  const base = (given ?? io.env.HOLDFAST_HUB ?? DEFAULT_HUB).replace(/\/+$/, '');
  if (!URL.canParse(base) || !/^https?:\/\//.test(base)) {
    throw new CliError(`"${base}" is not a hub's address; write it as ${DEFAULT_HUB}`);
  }
  const authorization = async (): Promise<Record<string, string>> => {
    const token = await readToken(io, tokenFile);
    return token === null ? {} : { authorization: `Bearer ${token}` };
  };
  async function ask<S extends z.ZodType>(
    method: 'GET' | 'POST',
    path: string,
    schema: S,
    content?: object,
  ): Promise<z.infer<S>> {
    const signal = AbortSignal.any([io.signal, AbortSignal.timeout(DEADLINE_MS)]);
    const type = method === 'POST' ? { 'content-type': 'application/json' } : {};
    const init = {
      headers: { ...type, ...(await authorization()) },
      ...(content === undefined ? {} : { body: JSON.stringify(content) }),
    };
    let status: number;
    let body: unknown;
    try {
      const response = await fetch(`${base}${path}`, { ...init, method, signal, redirect: 'error' });
      status = response.status;
      body = await response.json();
    } catch (error) {
      if (io.signal.aborted) throw new CliError('interrupted');
      throw unreachable(base, error);
    }
    const refused = errorSchema.safeParse(body);
    if (refused.success) throw new CliError(refused.data.error.message, status === 400 || status >= 500 ? 2 : 1);
    const answer = schema.safeParse(body);
    if (!answer.success) throw new CliError(`${base} answered something that is not a Holdfast hub's; check --hub`);
    return answer.data;
  }
  return {
    base,
    get: (path, schema) => ask('GET', path, schema),
    post: (path, schema, body) => ask('POST', path, schema, body),
    async stream(path) {
      try {
        const headers = await authorization();
        const response = await fetch(`${base}${path}`, { signal: io.signal, headers, redirect: 'error' });
        return response.ok ? response.body : null;
      } catch {
        // Not there right now: the caller says so and tries again.
        return null;
      }
    },
  };
}

async function readToken(io: Io, given: string | undefined): Promise<string | null> {
  const file = given ?? io.env.HOLDFAST_HUB_TOKEN_FILE;
  if (file === undefined) return io.env.HOLDFAST_HUB_TOKEN?.trim() ?? null;
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw new CliError(`cannot read the token in ${file}: ${messageOf(error, file)}; check --token-file`);
  }
}

const KNOWN: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no such host',
  ETIMEDOUT: 'no answer',
  UND_ERR_CONNECT_TIMEOUT: 'no answer',
};

function unreachable(base: string, error: unknown): CliError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  const known = KNOWN[code];
  const why = known ?? (code === '' ? messageOf(cause) : code);
  return new CliError(
    `cannot reach the hub at ${base}: ${why}\nStart one with "holdfast hub", or name another with --hub URL or HOLDFAST_HUB.`,
  );
}
