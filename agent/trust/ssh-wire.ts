// Reads SSH's binary encoding (RFC 4251, section 5), strictly: every value in its one canonical form, nothing left over. Pure.

/** The bytes are not what they should be. */
export class WireBroken extends Error {}

export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new WireBroken('it is cut');
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  byte(): number {
    return this.take(1).readUInt8();
  }

  uint32(): number {
    return this.take(4).readUInt32BE();
  }

  string(): Buffer {
    return this.take(this.uint32());
  }

  /** Printable ASCII only. */
  name(): string {
    const name = this.string().toString('latin1');
    if (!/^[!-~]*$/.test(name)) throw new WireBroken('a name in it is not text');
    return name;
  }

  /** A positive number without leading zeros. */
  number(): Buffer {
    const bytes = this.string();
    const [first, second = 0] = bytes;
    if (first === undefined || first >= 0x80) throw new WireBroken('a number in it is not positive');
    if (first === 0 && second < 0x80) throw new WireBroken('a number in it has a form of its own');
    return first === 0 ? bytes.subarray(1) : bytes;
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw new WireBroken('it has more than belongs into it');
  }
}

export function wireString(bytes: Buffer | string): Buffer {
  const body = Buffer.from(bytes);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

/** Canonical base64, or null. */
export function fromBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length > 0 && bytes.toString('base64') === text ? bytes : null;
}
