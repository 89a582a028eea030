// One POST to a receiver. Follows no redirect: the address is a secret, and is given to nobody else.
import { SendError } from './contract.ts';

const ANSWER_CHARS = 200;

export interface Post {
  readonly url: URL;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Never to be seen in an error. */
  readonly secrets?: readonly (string | null)[];
}

export async function post({ url, body, headers = {}, secrets = [] }: Post, signal: AbortSignal): Promise<void> {
  let response: Response;
  // A user and a password in the address are a header; fetch refuses them where they stand.
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  const login =
    url.username === ''
      ? {}
      : { authorization: basic(decodeURIComponent(url.username), decodeURIComponent(url.password)) };
  try {
    response = await fetch(bare, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', 'user-agent': 'holdfast', ...login, ...headers },
      redirect: 'manual',
      signal,
    });
  } catch (error) {
    if (signal.aborted) throw new SendError('no answer in time');
    throw new SendError(reasonOf(error));
  }
  const text = await response.text().catch(() => '');
  if (response.ok) return;
  const hidden = [url.href, url.pathname.length > 1 ? url.pathname : null, url.password, ...secrets];
  throw new SendError(`answered ${response.status}${said(text, hidden)}`, retryAfter(response));
}

export function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function said(text: string, hidden: readonly (string | null)[]): string {
  const line = hidden.reduce<string>(
    (shown, one) => (one === null || one === '' ? shown : shown.replaceAll(one, '…')),
    text,
  );
  const clean = line.replace(/\s+/g, ' ').trim().slice(0, ANSWER_CHARS);
  return clean === '' || clean.startsWith('<') ? '' : `: ${clean}`;
}

/** Seconds, or a date. */
function retryAfter(response: Response): number | null {
  const given = response.headers.get('retry-after');
  if (given === null) return null;
  if (/^\d+(\.\d+)?$/.test(given)) return Math.ceil(Number(given) * 1000);
  const at = Date.parse(given);
  const now = Date.parse(response.headers.get('date') ?? '');
  return Number.isNaN(at) || Number.isNaN(now) ? null : Math.max(0, at - now);
}

/** A code where there is one: messages of the network name addresses. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string')
    return `cannot be reached: ${cause.code}`;
  return 'cannot be reached';
}
