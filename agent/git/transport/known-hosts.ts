// Reads known_hosts as OpenSSH does and says what it tells of a host's key. Pure: text in, verdict out.
// Source: sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT". Lines that cannot be read say nothing, as with ssh.
import { createHash, createHmac } from 'node:crypto';
import { isLike } from '../../host/openssh-pattern.ts';

export interface KnownHost {
  /** Counted from 1. */
  readonly line: number;
  readonly marker: 'none' | 'revoked' | 'cert-authority';
  /** As written: patterns, or one hashed name. */
  readonly names: string;
  readonly type: string;
  /** The key as it goes over the wire. */
  readonly key: Buffer;
}

export type HostKeyVerdict =
  | { readonly kind: 'known' }
  | { readonly kind: 'revoked'; readonly line: number }
  /** `known`: the keys that are expected instead. */
  | { readonly kind: 'changed'; readonly known: readonly KnownHost[] }
  /** `authorityOnly`: certificates are expected, which are not supported. */
  | { readonly kind: 'unknown'; readonly authorityOnly: boolean };

const SSH_PORT = 22;

export function parseKnownHosts(text: string): readonly KnownHost[] {
  return text.split('\n').flatMap((line, index) => readLine(line, index + 1) ?? []);
}

/** Of this host at this port: `none`, `revoked` and `cert-authority` lines alike. */
export function knownFor(entries: readonly KnownHost[], host: string, port: number): readonly KnownHost[] {
  const [name, plain] = namesOf(host, port);
  return entries.filter(({ names }) => isNamed(names, name) || (plain !== null && isNamed(names, plain)));
}

export function judgeHostKey(entries: readonly KnownHost[], host: string, port: number, key: Buffer): HostKeyVerdict {
  const found = knownFor(entries, host, port);
  const same = found.filter((each) => each.key.equals(key));
  const revoked = same.find(({ marker }) => marker === 'revoked');
  if (revoked !== undefined) return { kind: 'revoked', line: revoked.line };
  if (same.some(({ marker }) => marker === 'none')) return { kind: 'known' };
  // A key without a port says that the host may show it anywhere, not that it has no other.
  const [name] = namesOf(host, port);
  const known = found.filter(({ marker, names }) => marker === 'none' && isNamed(names, name));
  if (known.length > 0) return { kind: 'changed', known };
  return { kind: 'unknown', authorityOnly: found.some(({ marker }) => marker === 'cert-authority') };
}

/** `SHA256:…`, as ssh-keygen -l prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The algorithm that the key itself names; empty: it is none. */
export function keyType(key: Buffer): string {
  if (key.length < 4) return '';
  const length = key.readUInt32BE(0);
  return length > key.length - 4 ? '' : key.toString('latin1', 4, 4 + length);
}

/** Whether `names` of a line is about `name`: a host, or `[host]:port`. */
export function isNamed(names: string, name: string): boolean {
  const lowered = name.toLowerCase();
  if (names.startsWith('|')) return isHashOf(names, lowered);
  let named = false;
  for (const each of names.toLowerCase().split(',')) {
    const negated = each.startsWith('!');
    if (!isLike(negated ? each.slice(1) : each, lowered)) continue;
    if (negated) return false;
    named = true;
  }
  return named;
}

/** As ssh: at another port, a line for `[host]:port` counts, and a line for the plain host that holds the very key. */
function namesOf(host: string, port: number): readonly [string, string | null] {
  return port === SSH_PORT ? [host, null] : [`[${host}]:${port}`, host];
}

function readLine(line: string, number: number): KnownHost | null {
  const words = line.trim().split(/[ \t]+/);
  const marker = markerOf(words[0] ?? '');
  if (marker === null || words[0] === '' || words[0]?.startsWith('#') === true) return null;
  const [names = '', type = '', encoded = ''] = marker === 'none' ? words : words.slice(1);
  const key = Buffer.from(encoded, 'base64');
  if (names.startsWith('@') || type === '' || keyType(key) !== type) return null;
  return { line: number, marker, names, type, key };
}

function markerOf(word: string): KnownHost['marker'] | null {
  if (!word.startsWith('@')) return 'none';
  if (word === '@revoked') return 'revoked';
  return word === '@cert-authority' ? 'cert-authority' : null;
}

function isHashOf(names: string, name: string): boolean {
  const [, salt, hash] = /^\|1\|([^|]+)\|([^|]+)$/.exec(names) ?? [];
  if (salt === undefined || hash === undefined) return false;
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
}
