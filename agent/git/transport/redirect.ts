// Where a redirect may lead: within the origin, to the same service of a repository. Pure. Whoever follows it sends
// credentials there, so anything else is refused with its reason.
import { HoldfastError } from '../../../fleet/error.ts';
import { redactUrl } from '../../host/network-error.ts';

export const INFO_REFS = '/info/refs';
export const UPLOAD_PACK = '/git-upload-pack';
export type Service = typeof INFO_REFS | typeof UPLOAD_PACK;

export const MAX_REDIRECTS = 3;

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export function isRedirect(status: number): boolean {
  return REDIRECTS.has(status);
}

export interface Followed {
  readonly url: URL;
  /** The repository's URL from now on, without a trailing slash. */
  readonly base: string;
}

/** `before` counts the redirects that led to `from`. Throws `GitUnreachable`. */
export function followRedirect(from: URL, location: string | undefined, service: Service, before: number): Followed {
  const where = `${shownUrl(from)} redirects`;
  if (location === undefined || !URL.canParse(location, from.href))
    throw refused(`${where} to something that is not a URL.`);
  const url = new URL(location, from);
  if (url.protocol === 'http:' && from.protocol === 'https:')
    throw refused(
      `${where} from https to plain http (${shownUrl(url)}), where everyone could read and change what is said. It is not followed.`,
    );
  if (url.origin !== from.origin)
    throw refused(
      `${where} to ${url.protocol}//${url.host}, another origin, which is not followed. If that is right, set source.url to it.`,
    );
  if (before >= MAX_REDIRECTS)
    throw refused(`${where} more than ${MAX_REDIRECTS} times. Set source.url to where it ends.`);
  if (!url.pathname.endsWith(service))
    throw refused(
      `${where} to ${shownUrl(url)}, which is no Git address but perhaps a login page or a captive portal. Check source.url and source.auth.`,
    );
  url.username = '';
  url.password = '';
  url.hash = '';
  return { url, base: `${url.origin}${url.pathname.slice(0, -service.length)}` };
}

function refused(message: string): HoldfastError {
  return new HoldfastError('GitUnreachable', message);
}

/** As the configuration names the repository: without what Git adds, and without credentials. */
export function shownUrl(url: URL): string {
  return redactUrl(url.href).replace(/\/(?:git-upload-pack|info\/refs)$/, '');
}
