// The `sops` part of a file: who can open it, the MAC, and which values are encrypted. Read from plain data, whatever the
// format; written as plain data in SOPS's own order.
import { Closed, ENCRYPT, ENCRYPT_AGAIN, RESTORE } from './fault.ts';
import { wholeSeconds } from './text.ts';
import { type Branch, textOf, type Value } from './tree.ts';

/** Most recipients of one file: a shared file is for every device that uses it. */
export const MAX_RECIPIENTS = 1000;
const MAX_TEXT = 16 * 1024;
/** Longest regex that is looked at. */
const MAX_REGEX = 256;

export interface Wrapped {
  readonly recipient: string;
  /** The data key, encrypted for the recipient: an armored age file. */
  readonly enc: string;
}

export interface Metadata {
  readonly age: readonly Wrapped[];
  /** What else opens it, for messages: `pgp`, `kms`. */
  readonly others: readonly string[];
  /** RFC 3339, whole seconds. */
  readonly lastmodified: string;
  readonly mac: string;
  readonly macOnlyEncrypted: boolean;
  readonly rule: Rule;
  readonly version: string;
}

export const RULES = [
  'unencrypted_suffix',
  'encrypted_suffix',
  'unencrypted_regex',
  'encrypted_regex',
  'unencrypted_comment_regex',
  'encrypted_comment_regex',
] as const;

export interface Rule {
  readonly kind: (typeof RULES)[number];
  readonly text: string;
}

/** SOPS's own, when a file names none. */
export const DEFAULT_RULE: Rule = { kind: 'unencrypted_suffix', text: '_unencrypted' };

const OTHERS = ['pgp', 'kms', 'gcp_kms', 'azure_kv', 'hc_vault', 'hckms'];

/** Throws `Closed`. */
export function readMetadata(node: Value | undefined): Metadata {
  if (node?.kind !== 'map') throw new Closed('it is not encrypted with SOPS: it has no "sops" part', ENCRYPT);
  const groups = listOf(get(node, 'key_groups'));
  if (groups.length > 1) {
    throw new Closed(
      'it needs keys of several groups at once (shamir_threshold), which no single device holds',
      'encrypt it with one key group',
    );
  }
  const [group] = groups;
  const from = group?.kind === 'map' && listOf(get(node, 'age')).length === 0 ? group : node;
  const age = listOf(get(from, 'age'));
  if (age.length > MAX_RECIPIENTS) throw new Closed(`it has more than ${MAX_RECIPIENTS} recipients`, 'split it');
  const lastmodified = wholeSeconds(text(node, 'lastmodified'));
  if (lastmodified === null) throw new Closed('its "lastmodified" is missing or no time', RESTORE);
  const mac = text(node, 'mac');
  if (mac === '') throw new Closed('it has no MAC, so nobody can tell whether it was changed', ENCRYPT_AGAIN);
  return {
    age: age.map((entry) => wrapped(entry)),
    others: OTHERS.filter((kind) => listOf(get(from, kind)).length > 0),
    lastmodified,
    mac,
    macOnlyEncrypted: text(node, 'mac_only_encrypted').toLowerCase() === 'true',
    rule: ruleOf(node),
    version: text(node, 'version'),
  };
}

function wrapped(entry: Value): Wrapped {
  const [recipient, enc] = entry.kind === 'map' ? [text(entry, 'recipient'), text(entry, 'enc')] : ['', ''];
  if (recipient === '' || enc === '') throw new Closed('one of its age recipients is cut short', RESTORE);
  return { recipient, enc };
}

function ruleOf(node: Branch): Rule {
  const rules = RULES.flatMap((kind) => {
    const found = text(node, kind);
    return found === '' ? [] : [{ kind, text: found }];
  });
  const [rule = DEFAULT_RULE, other] = rules;
  if (other !== undefined) throw new Closed(`it has both ${rule.kind} and ${other.kind}`, 'keep one of them');
  if (rule.kind.endsWith('_regex') && rule.text.length > MAX_REGEX) {
    throw new Closed(`its ${rule.kind} is longer than ${MAX_REGEX} characters`, 'write a shorter one');
  }
  return rule;
}

function get(branch: Branch, key: string): Value | undefined {
  for (const item of branch.items) if (item.kind === 'pair' && item.key === key) return item.value;
  return undefined;
}

function text(branch: Branch, key: string): string {
  const value = get(branch, key);
  if (value?.kind !== 'leaf' || value.type === 'null') return '';
  if (value.bytes.length > MAX_TEXT) throw new Closed(`its "${key}" is too long`, RESTORE);
  return textOf(value);
}

function listOf(value: Value | undefined): Value[] {
  return value?.kind === 'list' ? value.items.filter((item) => item.kind !== 'comment') : [];
}
