// Encrypts a tree with a data key, as SOPS would: the same values under the same key give the same text again. Time and
// randomness come in as arguments.
import { createHash } from 'node:crypto';
import { additionalData, encrypt, isEncrypted } from './cipher.ts';
import { attempt, Closed, type Opened } from './fault.ts';
import { type Format, formatSealed } from './format.ts';
import type { Metadata, Rule, Wrapped } from './metadata.ts';
import { ENCRYPTED_ONLY, stashKey } from './open.ts';
import { decider } from './rules.ts';
import { type Branch, type Comment, type Leaf, leaf, mapTree, type Pair, type Value } from './tree.ts';

/** What SOPS of this version writes, and newer ones read. */
const VERSION = '3.9.0';

export interface Sealing {
  readonly key: Uint8Array;
  /** The data key for each recipient. */
  readonly age: readonly Wrapped[];
  readonly rule: Rule;
  readonly macOnlyEncrypted: boolean;
  /** RFC 3339, whole seconds. */
  readonly lastmodified: string;
  /** `IV_BYTES` random bytes, new at each call. */
  readonly newIv: () => Uint8Array;
  /** Of the file before, while the data key is the same. */
  readonly ivs?: ReadonlyMap<string, Uint8Array>;
  /** Decides where the rule cannot: what was encrypted before. */
  readonly encrypted?: ReadonlySet<Leaf | Comment>;
}

/** The encrypted file's text. Never throws. */
export function sealTree(format: Format, branch: Branch, sealing: Sealing): Opened<string> {
  return attempt(() => {
    const decide = decider(sealing.rule);
    const hash = createHash('sha512');
    if (sealing.macOnlyEncrypted) hash.update(ENCRYPTED_ONLY);
    const sealBytes = (plain: Leaf, type: string, path: readonly string[]): string => {
      const aad = additionalData(path);
      const iv = sealing.ivs?.get(stashKey(plain, aad)) ?? sealing.newIv();
      return encrypt(plain.bytes, type, sealing.key, aad, iv);
    };
    const sealed = mapTree(branch, {
      comment: (comment, path) => {
        // It did not open, and stays as it is.
        if (isEncrypted(comment.text)) return comment;
        if (comment.text === '' || (decide([]) === null && !sealing.encrypted?.has(comment))) return comment;
        const bytes = new TextEncoder().encode(comment.text);
        const aad = additionalData(path);
        const iv = sealing.ivs?.get(stashKey(leaf('str', `#${comment.text}`), aad)) ?? sealing.newIv();
        return { kind: 'comment', text: encrypt(bytes, 'comment', sealing.key, aad, iv) };
      },
      leaf: (plain, path) => {
        if (plain.type === 'null') return plain;
        const wanted = decide(path) ?? sealing.encrypted?.has(plain);
        if (wanted === undefined) {
          throw new Closed(`${sealing.rule.kind} of this file is not one that can be followed here`, 'use sops for it');
        }
        if (wanted || !sealing.macOnlyEncrypted) hash.update(plain.bytes);
        if (!wanted || plain.bytes.length === 0) return plain;
        return leaf('str', sealBytes(plain, plain.type, path));
      },
    });
    const mac = new TextEncoder().encode(hash.digest('hex').toUpperCase());
    const metadata: Metadata = {
      age: sealing.age,
      others: [],
      lastmodified: sealing.lastmodified,
      mac: encrypt(mac, 'str', sealing.key, sealing.lastmodified, sealing.newIv()),
      macOnlyEncrypted: sealing.macOnlyEncrypted,
      rule: sealing.rule,
      version: VERSION,
    };
    return formatSealed(format, sealed, metadataBranch(metadata));
  });
}

function metadataBranch({ age, lastmodified, mac, rule, macOnlyEncrypted, version }: Metadata): Branch {
  const recipients = age.map(({ recipient, enc }) => map({ recipient: leaf('str', recipient), enc: leaf('str', enc) }));
  return map({
    age: { kind: 'list', items: recipients },
    lastmodified: leaf('str', lastmodified),
    mac: leaf('str', mac),
    [rule.kind]: leaf('str', rule.text),
    ...(macOnlyEncrypted ? { mac_only_encrypted: leaf('bool', 'True') } : {}),
    version: leaf('str', version),
  });
}

function map(values: Readonly<Record<string, Value>>): Branch {
  return { kind: 'map', items: Object.entries(values).map(([key, value]): Pair => ({ kind: 'pair', key, value })) };
}
