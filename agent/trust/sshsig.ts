// An armored SSH signature (OpenSSH PROTOCOL.sshsig) over a Git object. Pure but for node:crypto. Who may sign is not decided here.
import { createHash } from 'node:crypto';
import { Refusal } from './refusal.ts';
import { parseSshKey, type SshKey } from './ssh-key.ts';
import { fromBase64, WireBroken, WireReader, wireString } from './ssh-wire.ts';

export interface SshSignature {
  readonly key: SshKey;
  /** Of the whole blob: is it `key`'s, over `payload`, for Git? */
  verify(payload: Buffer): boolean;
}

const MAGIC = 'SSHSIG';
const VERSION = 1;
const NAMESPACE = 'git';
const HASHES = ['sha256', 'sha512'];
/** Some programs end the header with an empty line. */
const ARMOR = /^-----BEGIN SSH SIGNATURE-----\n((?:[A-Za-z0-9+/=]+\n)+)-----END SSH SIGNATURE-----\n*$/;

/** Throws `Refusal`. */
export function parseSshSignature(armored: string): SshSignature {
  const blob = fromBase64((ARMOR.exec(armored)?.[1] ?? '').replaceAll('\n', ''));
  if (blob === null) throw new Refusal('has an SSH signature whose armor is damaged');
  return orRefusal(() => parseBlob(blob));
}

function parseBlob(blob: Buffer): SshSignature {
  const reader = new WireReader(blob);
  if (reader.take(MAGIC.length).toString('latin1') !== MAGIC) throw new WireBroken(`it does not begin with ${MAGIC}`);
  if (reader.uint32() !== VERSION) throw new WireBroken(`its version is not ${VERSION}`);
  const keyBlob = reader.string();
  const namespace = reader.name();
  if (namespace !== NAMESPACE)
    throw new Refusal(`has a signature made for "${namespace.slice(0, 40)}", not for ${NAMESPACE}`);
  // OpenSSH ignores it and does not sign it: bytes that nobody vouches for.
  if (reader.string().length > 0) throw new WireBroken('its reserved field is not empty');
  const hash = reader.name();
  if (!HASHES.includes(hash)) throw new Refusal(`is signed over ${hash.slice(0, 40)}; sha256 and sha512 are accepted`);
  const signature = reader.string();
  reader.end();
  const key = parseSshKey(keyBlob);
  if (key === null) throw unknownKind(new WireReader(keyBlob).name());
  return {
    key,
    verify: (payload) => orRefusal(() => key.verify(signedBytes(hash, payload), signature)),
  };
}

function signedBytes(hash: string, payload: Buffer): Buffer {
  const digest = createHash(hash).update(payload).digest();
  return Buffer.concat([Buffer.from(MAGIC), ...[NAMESPACE, '', hash, digest].map(wireString)]);
}

function unknownKind(type: string): Refusal {
  const shown = type.slice(0, 60);
  if (type.includes('-cert-v0'))
    return new Refusal(`is signed with a certificate (${shown}); sign with the plain key instead`);
  return new Refusal(`is signed with a ${shown} key; Ed25519, ECDSA, RSA and security keys are accepted`);
}

function orRefusal<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (error instanceof WireBroken) throw new Refusal(`has an SSH signature that is malformed: ${error.message}`);
    throw error;
  }
}
