// Says in words what went wrong on the way to a server: name, connection, TLS. Knows no protocol above that.

const WORDS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name does not resolve',
  EAI_AGAIN: 'the name server does not answer',
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
  ETIMEDOUT: 'it does not answer',
  CERT_HAS_EXPIRED: 'its TLS certificate has expired',
  CERT_NOT_YET_VALID: "its TLS certificate is not valid yet (is this host's clock right?)",
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its TLS certificate is signed by itself; name its CA in ca_file',
  SELF_SIGNED_CERT_IN_CHAIN: 'its TLS certificate comes from an unknown CA; name that CA in ca_file',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its TLS certificate comes from an unknown CA; name that CA in ca_file',
  UNABLE_TO_GET_ISSUER_CERT: 'its TLS certificate comes from an unknown CA; name that CA in ca_file',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its TLS certificate comes from an unknown CA; name that CA in ca_file',
  CERT_SIGNATURE_FAILURE: 'its TLS certificate comes from another CA than ca_file names',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its TLS certificate is for another host name',
  EPROTO: 'it does not speak TLS there, or refuses this version of it',
};

/** One clause for people: `its TLS certificate has expired (CERT_HAS_EXPIRED)`. */
export function networkProblem(error: unknown): string {
  const seen = error instanceof AggregateError ? error.errors[0] : error;
  const code = codeOf(seen);
  const words = WORDS[code];
  if (words !== undefined) return `${words} (${code})`;
  if (seen instanceof Error && seen.message !== '') return seen.message;
  return code === '' ? 'the connection failed' : code;
}

/** `host:port` and path of a URL for messages: never a user, a password or a query. */
export function redactUrl(url: string): string {
  if (!URL.canParse(url)) return '(not a URL)';
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}
