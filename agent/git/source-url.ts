// Which repository URLs this agent reads from. Decides nothing about the network, only about the text.
import { isIP } from 'node:net';
import { HoldfastError } from '../../fleet/error.ts';
import { redactUrl } from '../host/network-error.ts';

/** The URL as given (credentials included) and as used on the wire. Throws `ConfigInvalid`. */
export function parseSourceUrl(text: string, allowHttp: boolean): { given: URL; clean: string } {
  if (!URL.canParse(text))
    throw new HoldfastError('ConfigInvalid', 'source.url is not a URL. Write https://host/path/to/fleet.git.');
  const given = new URL(text);
  const shown = redactUrl(text);
  if (given.protocol !== 'https:' && given.protocol !== 'http:')
    throw new HoldfastError('ConfigInvalid', `source.url: ${shown}: only https and http are read. Use the https URL.`);
  if (given.protocol === 'http:' && !allowHttp && !isLoopback(given.hostname))
    throw new HoldfastError(
      'ConfigInvalid',
      `source.url: ${shown}: plain http would show credentials and content to everyone on the way. Use https, or set source.allow_http: true.`,
    );
  return { given, clean: shown.replace(/\/+$/, '') };
}

/** A ref that is safe on the wire and in a message. Throws `ConfigInvalid`. */
export function parseRef(text: string): { ref: string; commit: string | null } {
  // git-check-ref-format, without its finer points: what the server does not have it will not find.
  if (!/^[^\s~^:?*[\\\p{Cc}-][^\s~^:?*[\\\p{Cc}]{0,254}$/u.test(text))
    throw new HoldfastError('ConfigInvalid', `source.ref: ${JSON.stringify(text)} is not a branch, tag or commit id.`);
  return { ref: text, commit: /^[0-9a-f]{40}$/.test(text) ? text : null };
}

function isLoopback(hostname: string): boolean {
  if (hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]') return true;
  return isIP(hostname) === 4 && hostname.startsWith('127.');
}
