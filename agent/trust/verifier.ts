// What trust asks of a signed Git object: is it exactly what someone allowed has signed? Reads key files, asks no network.

/** Who signed, for people: a principal or user id, and the key's fingerprint (`SHA256:…` or hex). */
export interface Signer {
  readonly name: string;
  readonly key: string;
}

export interface Verifier {
  /** `raw`: the whole commit object. Throws `VerificationError`, saying what is wrong with which commit. */
  commit(oid: string, raw: Uint8Array): Promise<Signer>;
  /** `raw`: the whole annotated tag object, which has to be named `name` and to point to `commit`. Throws `VerificationError`. */
  tag(raw: Uint8Array, name: string, commit: string): Promise<Signer>;
}
