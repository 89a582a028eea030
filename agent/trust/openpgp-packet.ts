// An armored OpenPGP signature, as far as its framing goes: one armor block with one version 4 signature packet in its one canonical
// form, so that two readers cannot see two signatures in it. Pure; what is in it is verified in `openpgp.ts`.
// Source: RFC 4880, 4.2 (packet headers), 5.2.3 (version 4), 6 (armor, CRC).
import { Refusal } from './refusal.ts';
import { fromBase64 } from './ssh-wire.ts';

const SIGNATURE_TAG = 2;
const VERSION = 4;
const BINARY_DOCUMENT = 0x00;
/** SHA-256, SHA-384, SHA-512. */
const HASHES = new Set([8, 9, 10]);
/** RSA (two numbers for one thing), ECDSA, EdDSA: how many numbers a signature of each has. GnuPG 2.2 knows no newer ones. */
const NUMBERS: Readonly<Record<number, number>> = { 1: 1, 3: 1, 19: 2, 22: 2 };
/** Creation, expiration, issuer, issuer fingerprint: both readers of this signature, Git's and ours, know what they mean. */
const CRITICAL = new Set([2, 3, 16, 33]);
/** What is not covered by the signature may only help to find the key. */
const UNSIGNED = new Set([16, 33]);

const ARMOR =
  /^-----BEGIN PGP SIGNATURE-----\n(?:[A-Za-z]+: [^\n]*\n)*[ \t]*\n((?:[A-Za-z0-9+/=]+\n)+?)(?:=([A-Za-z0-9+/]{4})\n)?-----END PGP SIGNATURE-----\n*$/;

/** The binary packet. Throws `Refusal`. */
export function readSignaturePacket(armored: string): Buffer {
  const parts = ARMOR.exec(armored);
  const text = (parts?.[1] ?? '').replaceAll('\n', '');
  const packet = fromBase64(text);
  if (packet === null) throw new Refusal('has an OpenPGP signature whose armor is damaged');
  const sum = parts?.[2];
  // The checksum may be absent, but where no padding ends the text either, GnuPG 2.2 finds no end and fails.
  if (sum === undefined && !text.endsWith('='))
    throw new Refusal(
      'has an OpenPGP signature whose armor has no checksum, which GnuPG refuses; sign with another program',
    );
  if (sum !== undefined && crc24(packet) !== Buffer.from(sum, 'base64').readUIntBE(0, 3))
    throw new Refusal('has an OpenPGP signature whose armor is damaged: its checksum is wrong');
  checkBody(bodyOf(packet));
  return packet;
}

function bodyOf(packet: Buffer): Buffer {
  const [head = 0, first = 0] = packet;
  const isNew = (head & 0x40) !== 0;
  const tag = isNew ? head & 0x3f : (head >> 2) & 0x0f;
  if ((head & 0x80) === 0 || tag !== SIGNATURE_TAG) throw malformed('it is not a signature');
  const lengthBytes = isNew ? newLengthBytes(first) : ([1, 2, 4][head & 0x03] ?? 0);
  if (lengthBytes === 0 || packet.length < 1 + lengthBytes) throw malformed('it does not say its length');
  const body = packet.subarray(1 + lengthBytes);
  const length = lengthOf(packet.subarray(1, 1 + lengthBytes), isNew);
  if (length !== body.length) throw malformed('it is cut, or it is more than one signature');
  return body;
}

/** 0: a partial length. */
function newLengthBytes(first: number): number {
  if (first < 192) return 1;
  if (first < 224) return 2;
  return first === 255 ? 5 : 0;
}

function lengthOf(bytes: Buffer, isNew: boolean): number {
  if (!isNew || bytes.length === 1) return bytes.readUIntBE(0, bytes.length);
  return bytes.length === 2 ? bytes.readUInt16BE(0) - 0xc000 + 192 : bytes.readUInt32BE(1);
}

function checkBody(body: Buffer): void {
  const [version, type, algorithm = 0, hash = 0] = body;
  if (version !== VERSION) throw malformed(`its version is not ${VERSION}`);
  if (type !== BINARY_DOCUMENT) throw new Refusal('has an OpenPGP signature that is not one over a binary document');
  const numbers = NUMBERS[algorithm];
  if (numbers === undefined) throw new Refusal('is signed with an OpenPGP algorithm other than RSA, ECDSA and EdDSA');
  if (!HASHES.has(hash)) throw new Refusal('is signed over an OpenPGP hash other than SHA-256, SHA-384 and SHA-512');
  const signed = takeArea(body, 4);
  const unsigned = takeArea(body, signed.end);
  for (const { type: of, critical } of [...signed.subpackets, ...unsigned.subpackets])
    if (critical && !CRITICAL.has(of)) throw malformed(`it has a critical field of type ${of}`);
  if (!unsigned.subpackets.every(({ type: of }) => UNSIGNED.has(of)))
    throw malformed('it has a field that is not signed');
  let at = unsigned.end + 2;
  for (let left = numbers; left > 0; left--) at = afterNumber(body, at);
  if (at !== body.length) throw malformed('it has more numbers than its algorithm asks for');
}

interface Subpacket {
  readonly type: number;
  readonly critical: boolean;
}

function takeArea(body: Buffer, at: number): { subpackets: readonly Subpacket[]; end: number } {
  if (at + 2 > body.length) throw malformed('it is cut');
  const end = at + 2 + body.readUInt16BE(at);
  if (end > body.length) throw malformed('it is cut');
  const area = body.subarray(at + 2, end);
  const subpackets: Subpacket[] = [];
  for (let from = 0; from < area.length; ) {
    const lengthBytes = area[from] === undefined ? 0 : subpacketLengthBytes(area[from] ?? 0);
    if (from + lengthBytes > area.length) throw malformed('it is cut');
    const length = lengthOf(area.subarray(from, from + lengthBytes), true);
    const type = area[from + lengthBytes];
    from += lengthBytes + length;
    if (length === 0 || type === undefined || from > area.length) throw malformed('it is cut');
    subpackets.push({ type: type & 0x7f, critical: (type & 0x80) !== 0 });
  }
  return { subpackets, end };
}

/** There are no partial lengths here: everything from 192 to 254 begins a length of two bytes. */
function subpacketLengthBytes(first: number): number {
  if (first < 192) return 1;
  return first === 255 ? 5 : 2;
}

/** A number says its length in bits; the first bit has to be set. */
function afterNumber(body: Buffer, at: number): number {
  if (at + 2 > body.length) throw malformed('it is cut');
  const bits = body.readUInt16BE(at);
  const end = at + 2 + Math.ceil(bits / 8);
  const first = body[at + 2] ?? 0;
  if (bits === 0 || end > body.length || 32 - Math.clz32(first) !== ((bits - 1) % 8) + 1)
    throw malformed('a number in it has a form of its own');
  return end;
}

const CRC24_START = 0xb704ce;
const CRC24_POLYNOMIAL = 0x1864cfb;

function crc24(bytes: Buffer): number {
  let crc = CRC24_START;
  for (const byte of bytes) {
    crc ^= byte << 16;
    for (let bit = 0; bit < 8; bit++) {
      crc <<= 1;
      if ((crc & 0x1000000) !== 0) crc ^= CRC24_POLYNOMIAL;
    }
  }
  return crc & 0xffffff;
}

function malformed(why: string): Refusal {
  return new Refusal(`has an OpenPGP signature that is refused: ${why}`);
}
