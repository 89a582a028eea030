// One encrypted value: `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`, AES-256-GCM with the value's path as additional data,
// so that a value which was moved to another key does not open.
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { Closed, RESTORE } from './fault.ts';
import { formatFloat, isTime } from './text.ts';
import type { Leaf, LeafType } from './tree.ts';

export const KEY_BYTES = 32;
/** As SOPS writes it; other lengths are read. */
export const IV_BYTES = 32;
const TAG_BYTES = 16;
const MAX_IV_BYTES = 64;

const ENC = /^ENC\[AES256_GCM,data:([^,\]]*),iv:([^,\]]+),tag:([^,\]]+),type:([a-z0-9]+)\]$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export function isEncrypted(text: string): boolean {
  return text.startsWith('ENC[AES256_GCM,') && text.endsWith(']');
}

/** The type of an encrypted value, without opening it; null: it is none. */
export function typeOf(text: string): string | null {
  return ENC.exec(text)?.[4] ?? null;
}

/** `path:to:value:` */
export function additionalData(path: readonly string[]): string {
  return `${path.join(':')}:`;
}

export interface Plain {
  readonly type: string;
  readonly bytes: Uint8Array;
  readonly iv: Uint8Array;
}

/** Throws `Closed`; `name` is for the message. */
export function decrypt(text: string, key: Uint8Array, aad: string, name: string): Plain {
  const [, data, iv, tag, type] = ENC.exec(text) ?? [];
  if (data === undefined || iv === undefined || tag === undefined || type === undefined) {
    throw new Closed(`the value of ${name} is cut short or not SOPS's`, RESTORE);
  }
  const parts = [data, iv, tag].map((part) => (BASE64.test(part) ? Buffer.from(part, 'base64') : null));
  const [sealed, nonce, mark] = parts;
  if (!sealed || !nonce || !mark || mark.length !== TAG_BYTES || nonce.length === 0 || nonce.length > MAX_IV_BYTES) {
    throw new Closed(`the value of ${name} is cut short or not SOPS's`, RESTORE);
  }
  try {
    const cipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(aad)).setAuthTag(mark);
    return { type, iv: nonce, bytes: Buffer.concat([cipher.update(sealed), cipher.final()]) };
  } catch {
    throw new Closed(`the value of ${name} was changed or moved after it was encrypted`, RESTORE);
  }
}

export function encrypt(bytes: Uint8Array, type: string, key: Uint8Array, aad: string, iv: Uint8Array): string {
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(aad));
  const sealed = Buffer.concat([cipher.update(bytes), cipher.final()]).toString('base64');
  const [nonce, tag] = [Buffer.from(iv), cipher.getAuthTag()].map((part) => part.toString('base64'));
  return `ENC[AES256_GCM,data:${sealed},iv:${nonce},tag:${tag},type:${type}]`;
}

/** A decrypted value as SOPS has it in memory: numbers and booleans in their one spelling. Throws `Closed`. */
export function plainLeaf({ type, bytes }: Plain, name: string): Leaf {
  const text = (): string => new TextDecoder().decode(bytes);
  const made = (kind: LeafType, spelled: string): Leaf => ({
    kind: 'leaf',
    type: kind,
    bytes: new TextEncoder().encode(spelled),
  });
  switch (type) {
    case 'str':
    case 'bytes':
      return { kind: 'leaf', type, bytes };
    case 'int':
    case 'int64':
      if (/^[+-]?\d{1,19}$/.test(text())) return made('int', String(BigInt(text().replace(/^\+/, ''))));
      break;
    case 'float':
      if (text() !== '' && !Number.isNaN(Number(text()))) return made('float', formatFloat(Number(text())));
      break;
    case 'bool':
      if (/^(1|t|true)$/i.test(text())) return made('bool', 'True');
      if (/^(0|f|false)$/i.test(text())) return made('bool', 'False');
      break;
    case 'time':
      if (isTime(text())) return made('time', text());
      break;
    default:
      throw new Closed(`the value of ${name} is of an unknown type`, 'encrypt it with a current sops');
  }
  throw new Closed(`the value of ${name} is not what its type says`, RESTORE);
}
