// Whether a host is the one it should be: its key against source.auth.known_hosts_file, strictly. Never learns a key,
// never asks anyone. Which algorithms may be asked for follows from what is known.
import type { ServerHostKeyAlgorithm } from 'ssh2';
import { HoldfastError } from '../../../fleet/error.ts';
import { fingerprint, judgeHostKey, type KnownHost, keyType, knownFor } from './known-hosts.ts';

export interface Host {
  readonly host: string;
  readonly port: number;
  /** For messages. */
  readonly shown: string;
  readonly knownHostsFile: string;
}

/** In the order of preference. SHA-1 signatures and DSA are not among them. */
const ALGORITHMS: readonly { readonly type: string; readonly names: readonly ServerHostKeyAlgorithm[] }[] = [
  { type: 'ssh-ed25519', names: ['ssh-ed25519'] },
  { type: 'ecdsa-sha2-nistp256', names: ['ecdsa-sha2-nistp256'] },
  { type: 'ecdsa-sha2-nistp384', names: ['ecdsa-sha2-nistp384'] },
  { type: 'ecdsa-sha2-nistp521', names: ['ecdsa-sha2-nistp521'] },
  { type: 'ssh-rsa', names: ['rsa-sha2-512', 'rsa-sha2-256'] },
];

/**
 * Those of known keys come first, so that a server shows a known one if it has it. The others follow only so that a
 * server without a known key can be told by what it shows; none of these is accepted.
 */
export function hostKeyAlgorithms(
  known: readonly KnownHost[],
  host: string,
  port: number,
): readonly ServerHostKeyAlgorithm[] {
  const types = new Set(knownFor(known, host, port).flatMap(({ marker, type }) => (marker === 'none' ? [type] : [])));
  const first = ALGORITHMS.filter(({ type }) => types.has(type));
  const others = ALGORITHMS.filter(({ type }) => !types.has(type));
  return [...first, ...others].flatMap(({ names }) => names);
}

/** null: this is the host's key. */
export function refuseHostKey(known: readonly KnownHost[], to: Host, key: Buffer): HoldfastError | null {
  const { host, port, shown, knownHostsFile: file } = to;
  const verdict = judgeHostKey(known, host, port, key);
  const shows = `${keyType(key).replace(/[^\x20-\x7e]/g, '?')} ${fingerprint(key)}`;
  switch (verdict.kind) {
    case 'known':
      return null;
    case 'revoked':
      return refused(
        `${shown} shows the host key ${shows}, which ${file} (line ${verdict.line}) marks as @revoked. Nothing was sent to it. Give the server a new key.`,
      );
    case 'changed': {
      const expected = verdict.known.map(({ type, key: each, line }) => `${type} ${fingerprint(each)} (line ${line})`);
      return refused(
        `${shown}: the host key has CHANGED: it shows ${shows}, but ${file} has ${expected.join(', ')}. Somebody may be in between; nothing was sent. If the server really has a new key, check its fingerprint with those who run it, and replace the line.`,
      );
    }
    case 'unknown': {
      const authority = verdict.authorityOnly
        ? ' (only @cert-authority lines are about it, and host certificates are not supported)'
        : '';
      return refused(
        `${shown}: the host key of ${host} is not in ${file}${authority}. Get it on a trusted way, for example "ssh-keyscan${port === 22 ? '' : ` -p ${port}`} ${host}", and compare its fingerprint with what those who run the server say: it shows ${shows}.`,
      );
    }
  }
}

function refused(message: string): HoldfastError {
  return new HoldfastError('GitAuthentication', message);
}
