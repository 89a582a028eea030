// Opens a file with its data key: every value, then the MAC over all of them in the file's order (SHA-512, itself encrypted
// with `lastmodified` as additional data). A file of which anything is wrong gives nothing.
import { createHash, timingSafeEqual } from 'node:crypto';
import { additionalData, decrypt, isEncrypted, KEY_BYTES, plainLeaf } from './cipher.ts';
import { attempt, Closed, type Opened, RESTORE } from './fault.ts';
import { decider } from './rules.ts';
import type { Sealed } from './sealed.ts';
import { type Branch, type Comment, type Leaf, leaf, mapTree, textOf } from './tree.ts';

/** SHA-256 of "sops": what the MAC begins with when it covers encrypted values only. */
export const ENCRYPTED_ONLY = createHash('sha256').update('sops').digest();

export interface Plaintext {
  readonly branch: Branch;
  /** By `stashKey`: an unchanged value is encrypted to the same text again. */
  readonly ivs: ReadonlyMap<string, Uint8Array>;
  /** What was encrypted in the file. */
  readonly encrypted: ReadonlySet<Leaf | Comment>;
}

/** Never throws. */
export function openSealed(file: Sealed, key: Uint8Array): Opened<Plaintext> {
  return attempt(() => {
    if (key.length !== KEY_BYTES) throw new Closed('its data key has the wrong length', RESTORE);
    const { metadata } = file;
    const decide = decider(metadata.rule);
    if (metadata.macOnlyEncrypted && decide([]) === null) {
      throw new Closed(
        `mac_only_encrypted and this ${metadata.rule.kind} together are not supported`,
        'drop one of them',
      );
    }
    const hash = createHash('sha512');
    if (metadata.macOnlyEncrypted) hash.update(ENCRYPTED_ONLY);
    const ivs = new Map<string, Uint8Array>();
    const encrypted = new Set<Leaf | Comment>();
    const branch = mapTree(file.branch, {
      comment: (comment, path) => {
        const opened = openComment(comment, path, key, ivs);
        if (opened !== comment) encrypted.add(opened);
        return opened;
      },
      leaf: (sealed, path) => {
        if (sealed.type === 'null') return sealed;
        const name = path.join('.');
        const text = sealed.type === 'str' ? textOf(sealed) : '';
        const ruled = decide(path);
        if (ruled === null && metadata.macOnlyEncrypted) throw new Closed(`the key ${name} is too long`, RESTORE);
        const wanted = ruled ?? isEncrypted(text);
        if (wanted && !isEncrypted(text)) {
          if (sealed.type === 'str' && text === '') return remember(sealed);
          throw new Closed(`the value of ${name} is in the clear although the file says it is encrypted`, RESTORE);
        }
        if (!wanted) {
          if (!metadata.macOnlyEncrypted) hash.update(sealed.bytes);
          return sealed;
        }
        const aad = additionalData(path);
        const plain = decrypt(text, key, aad, name);
        const opened = plainLeaf(plain, name);
        ivs.set(stashKey(opened, aad), plain.iv);
        hash.update(opened.bytes);
        return remember(opened);
      },
    });
    checkMac(file, key, hash.digest('hex').toUpperCase());
    return { branch, ivs, encrypted };

    function remember(opened: Leaf): Leaf {
      encrypted.add(opened);
      return opened;
    }
  });
}

export function stashKey({ type, bytes }: Leaf, aad: string): string {
  return `${type} ${aad} ${Buffer.from(bytes).toString('base64')}`;
}

function checkMac({ metadata }: Sealed, key: Uint8Array, computed: string): void {
  const { bytes } = decrypt(metadata.mac, key, metadata.lastmodified, 'sops.mac');
  const [ours, theirs] = [Buffer.from(computed), Buffer.from(bytes)];
  if (ours.length === theirs.length && timingSafeEqual(ours, theirs)) return;
  throw new Closed('its MAC is wrong: a value was added, removed, moved or changed after it was encrypted', RESTORE);
}

/** Comments are not in the MAC. One that does not open stays as it is. */
function openComment(
  comment: Comment,
  path: readonly string[],
  key: Uint8Array,
  ivs: Map<string, Uint8Array>,
): Comment {
  if (!isEncrypted(comment.text)) return comment;
  for (let depth = path.length; depth >= 0; depth--) {
    const aad = additionalData(path.slice(0, depth));
    const opened = attempt(() => decrypt(comment.text, key, aad, 'a comment'));
    if (opened.kind === 'closed') continue;
    const text = new TextDecoder().decode(opened.value.bytes);
    ivs.set(stashKey(leaf('str', `#${text}`), aad), opened.value.iv);
    return { kind: 'comment', text };
  }
  return comment;
}
