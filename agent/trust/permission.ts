// Whom an `allowed_signers` file lets sign commits with a key, in exactly Git's two steps: the first line in force that has the key
// gives the principals, and one of these must be let in by a line. Pure.

import { isLike } from '../host/openssh-pattern.ts';
import type { AllowedLine } from './allowed-signers.ts';
import { printable, Refusal } from './refusal.ts';
import type { SshKey } from './ssh-key.ts';
import { isAfter, isUpTo } from './validity.ts';

const NAMESPACE = 'git';

/** The principal, as its line writes it. Throws `Refusal`. `file` is for the message. */
export function principalOf(lines: readonly AllowedLine[], key: SshKey, timeMs: number, file: string): string {
  const having = lines.filter((line) => line.key.equals(key.blob));
  const valid = having.filter((line) => whyNotAt(line, timeMs) === null);
  const principals = valid[0]?.principals.split(',') ?? [];
  for (const principal of principals) {
    const line = valid.find((each) => matchesList(principal, each.principals) && allowsGit(each));
    if (line !== undefined) return printable(principal);
  }
  throw new Refusal(`is signed by ${key.fingerprint} (${key.label}), ${whyNot(having, timeMs, file)}`);
}

function whyNot(having: readonly AllowedLine[], timeMs: number, file: string): string {
  const git = having.filter(allowsGit);
  const late = git.map((line) => whyNotAt(line, timeMs)).find((why) => why !== null);
  if (git.length === 0 || late === undefined) return `which no line of ${file} allows for namespace ${NAMESPACE}`;
  return `which ${file} allowed only ${late}; the commit or tag is of ${new Date(timeMs).toISOString()}`;
}

/** Null: in force at that time. */
function whyNotAt({ after, before }: AllowedLine, timeMs: number): string | null {
  if (after !== null && !isAfter(timeMs, after)) return `from ${after.text}`;
  if (before !== null && !isUpTo(timeMs, before)) return `until ${before.text}`;
  return null;
}

function allowsGit({ namespaces }: AllowedLine): boolean {
  return namespaces === null || matchesList(NAMESPACE, namespaces);
}

/** OpenSSH's pattern list: at least one pattern matches, and none of the negated ones. */
export function matchesList(text: string, list: string): boolean {
  const patterns = list.split(',').filter((pattern) => pattern !== '');
  const negated = patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1));
  const plain = patterns.filter((pattern) => !pattern.startsWith('!'));
  return plain.some((pattern) => isLike(pattern, text)) && !negated.some((pattern) => isLike(pattern, text));
}
