// Which repository URLs this agent reads from. Decides nothing about the network, only about the text.
import { isIP } from 'node:net';
import { fileURLToPath } from 'node:url';
import { HoldfastError } from '../../fleet/error.ts';
import { redactUrl } from '../host/network-error.ts';

/** `shown` is safe in a message: no user, no password. */
export type SourceUrl =
  /** `given` may hold credentials, `clean` is used on the wire. */
  | { readonly kind: 'http'; readonly given: URL; readonly clean: string; readonly shown: string }
  | {
      readonly kind: 'ssh';
      readonly user: string;
      readonly host: string;
      readonly port: number;
      readonly path: string;
      readonly shown: string;
    }
  /** Nothing is asked: what is declared comes as bundles that are handed in on this host. */
  | { readonly kind: 'import'; readonly shown: string }
  /** A repository or a bundle on this host, absolute. */
  | { readonly kind: 'file'; readonly path: string; readonly shown: string };

/** The `source.url` of a device that no network reaches. */
const IMPORT = 'import:';
const SSH_PORT = 22;
/** `git@host:path`, as Git itself reads it. */
const SCP = /^(?:([^@/:\s]+)@)?([^/:\s]+):(?!\/\/)([^\s].*)$/;

/** Throws `ConfigInvalid`. */
export function parseSourceUrl(text: string, allowHttp: boolean): SourceUrl {
  if (text === IMPORT) return { kind: 'import', shown: 'what is handed in with "holdfast-agent import"' };
  if (!URL.canParse(text) || !text.includes('://')) {
    const scp = SCP.exec(text);
    if (scp === null)
      throw invalid(
        'it is not a URL. Write https://host/path/to/fleet.git, ssh://git@host/path or file:///path/to/fleet.git.',
      );
    return ssh({ user: scp[1] ?? 'git', host: scp[2] ?? '', port: SSH_PORT, path: scp[3] ?? '' });
  }
  const given = new URL(text);
  const shown = redactUrl(text);
  switch (given.protocol) {
    case 'https:':
      break;
    case 'http:':
      if (allowHttp || isLoopback(given.hostname)) break;
      throw invalid(
        `${shown}: plain http would show credentials and content to everyone on the way. Use https, or set source.allow_http: true.`,
      );
    case 'ssh:':
      if (given.password !== '')
        throw invalid(`${shown}: SSH takes no password from a URL. Use source.auth.ssh_key_file.`);
      return ssh({
        user: given.username === '' ? 'git' : decodeURIComponent(given.username),
        host: given.hostname.replace(/^\[|\]$/g, ''),
        port: given.port === '' ? SSH_PORT : Number(given.port),
        path: decodeURIComponent(given.pathname).replace(/^\/~/, '~'),
      });
    case 'file:':
      if (given.host !== '') throw invalid(`${shown}: a file URL has three slashes: file:///path/to/fleet.git.`);
      return { kind: 'file', path: fileURLToPath(given), shown };
    default:
      throw invalid(`${shown}: only https, http, ssh and file are read. Use one of these.`);
  }
  return { kind: 'http', given, clean: shown.replace(/\/+$/, ''), shown };
}

function ssh(parts: { user: string; host: string; port: number; path: string }): SourceUrl {
  // What `git-upload-pack '<path>'` may carry through a shell on the other side is for the transport to quote.
  if (parts.host === '' || parts.host.startsWith('-') || parts.path === '' || parts.path.startsWith('-'))
    throw invalid('an SSH URL needs a host and a path: ssh://git@host/path/to/fleet.git.');
  const port = parts.port === SSH_PORT ? '' : `:${parts.port}`;
  const shown = `ssh://${parts.host}${port}/${parts.path.replace(/^\//, '')}`;
  return { kind: 'ssh', ...parts, shown };
}

function invalid(why: string): HoldfastError {
  return new HoldfastError('ConfigInvalid', `source.url: ${why}`);
}

function isLoopback(hostname: string): boolean {
  if (hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]') return true;
  return isIP(hostname) === 4 && hostname.startsWith('127.');
}
