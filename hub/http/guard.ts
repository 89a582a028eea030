// Who may ask: keeps other web sites from using a visitor's browser to reach the hub. Pure.
// A Host name that does not belong here is DNS rebinding; a POST that another site sends is request forgery.

export interface Request {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly fetchSite: string | undefined;
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

export function isLoopback(listenHost: string): boolean {
  return LOOPBACK.test(listenHost) || listenHost === '::1';
}

/** Is that the `Host` of a request to this machine by its own name? */
export function isLoopbackName(host: string | undefined): boolean {
  return LOOPBACK.test((host ?? '').toLowerCase().replace(/:\d+$/, ''));
}

/** While the hub listens on loopback, only loopback names (and those of the configuration) lead to it. */
export function hostAllowed(host: string | undefined, listenHost: string, allowed: readonly string[]): boolean {
  if (!isLoopback(listenHost)) return true;
  return isLoopbackName(host) || allowed.includes((host ?? '').toLowerCase().replace(/:\d+$/, ''));
}

/** Browsers say where a request comes from; programs that are no browsers say nothing and cannot be misused this way. */
export function sameSite(request: Request): boolean {
  if (request.fetchSite !== undefined) return request.fetchSite === 'same-origin' || request.fetchSite === 'none';
  if (request.origin === undefined) return true;
  return URL.canParse(request.origin) && new URL(request.origin).host === request.host;
}
