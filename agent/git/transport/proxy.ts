// The proxy of the environment: which one is meant for a URL, and the tunnel through it. Node's own `proxyEnv` is not
// used, since it leaves the connection to a proxy that never answers open when the request is given up.
// The proxy's user and password reach no message.
import { request as httpRequest } from 'node:http';
import { BlockList, isIP, type Socket } from 'node:net';
import { HoldfastError } from '../../../fleet/error.ts';

export interface HttpProxy {
  readonly host: string;
  readonly port: number;
  /** For messages: `http://proxy.example.com:3128 (HTTPS_PROXY)`. */
  readonly shown: string;
  /** The value of `Proxy-Authorization`; null: none. */
  readonly authorization: string | null;
}

type Env = Readonly<Record<string, string | undefined>>;

const HTTP_PORT = 80;

/** null: straight to the server. The lower-case name comes first, as in curl and Node. Throws `ConfigInvalid`. */
export function proxyFor(url: URL, env: Env): HttpProxy | null {
  const names = url.protocol === 'https:' ? ['https_proxy', 'HTTPS_PROXY'] : ['http_proxy', 'HTTP_PROXY'];
  const name = names.find((each) => (env[each] ?? '').trim() !== '');
  if (name === undefined || isExempt(url, env.no_proxy || env.NO_PROXY || '')) return null;
  const text = (env[name] ?? '').trim();
  const given = text.includes('://') ? text : `http://${text}`;
  const proxy = URL.canParse(given) ? new URL(given) : null;
  if (proxy === null || proxy.hostname === '') throw invalid(name, 'it is not a URL');
  if (proxy.protocol !== 'http:') throw invalid(name, `${proxy.protocol}// proxies are not supported`);
  const port = proxy.port === '' ? HTTP_PORT : Number(proxy.port);
  return {
    host: bareHost(proxy),
    port,
    shown: `http://${proxy.hostname}:${port} (${name})`,
    authorization: proxy.username === '' && proxy.password === '' ? null : basic(name, proxy),
  };
}

/** `[::1]` as the network functions want it: `::1`. */
export function bareHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

/** Makes a connection to the proxy one to `target` (`host:port`). The caller destroys the socket to give up. Throws `GitUnreachable`. */
export async function tunnel(proxy: HttpProxy, socket: Socket, target: string): Promise<void> {
  const request = httpRequest({
    method: 'CONNECT',
    path: target,
    headers: {
      Host: target,
      ...(proxy.authorization === null ? {} : { 'Proxy-Authorization': proxy.authorization }),
    },
    createConnection: () => socket,
  });
  request.removeHeader('Connection');
  const status = await new Promise<number>((resolve, reject) => {
    // Any answer to CONNECT comes as this event.
    request.on('connect', (answer) => resolve(answer.statusCode ?? 0));
    request.on('error', reject);
    request.end();
  });
  if (status < 200 || status > 299) throw proxyRefusal(proxy, target, status);
}

export function proxyRefusal(proxy: HttpProxy, target: string, status: number): HoldfastError {
  const why =
    status === 407
      ? 'it wants a user and a password, or others than those in its URL (http://user:password@host:port)'
      : 'ask whoever runs it to allow this host, or exempt the Git server with NO_PROXY';
  return new HoldfastError(
    'GitUnreachable',
    `The proxy ${proxy.shown} does not let through to ${target}: it answered ${status}; ${why}.`,
  );
}

/** Node's rules: `*`, `host`, `host:port`, `.suffix`, `*.suffix`, addresses and their ranges; and CIDR blocks. */
function isExempt(url: URL, list: string): boolean {
  const host = bareHost(url).toLowerCase();
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return list
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => matches(entry.toLowerCase(), host, port));
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*' || entry === host || entry === `[${host}]`) return true;
  if (entry === `${host}:${port}` || entry === `[${host}]:${port}`) return true;
  if (entry.startsWith('.')) return host === entry.slice(1) || host.endsWith(entry);
  if (entry.startsWith('*.')) return host.endsWith(entry.slice(1));
  return isIP(host) !== 0 && inBlock(entry, host);
}

function inBlock(entry: string, address: string): boolean {
  const [, from = '', mark, to = ''] = /^([^/-]+)([/-])([^/-]+)$/.exec(entry) ?? [];
  const family = isIP(from) === 6 ? 'ipv6' : 'ipv4';
  if (isIP(from) === 0 || isIP(from) !== isIP(address)) return false;
  const block = new BlockList();
  try {
    if (mark === '-') block.addRange(from, to, family);
    else block.addSubnet(from, Number(to), family);
  } catch {
    // Not a range or a block after all: such an entry exempts nothing.
    return false;
  }
  return block.check(address, family);
}

function basic(name: string, proxy: URL): string {
  try {
    const pair = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
    return `Basic ${Buffer.from(pair).toString('base64')}`;
  } catch {
    throw invalid(name, 'its user or password is not percent-encoded correctly');
  }
}

function invalid(name: string, why: string): HoldfastError {
  return new HoldfastError(
    'ConfigInvalid',
    `${name}: ${why}. Write http://host:port or http://user:password@host:port.`,
  );
}
