// SOPS files as the pure core sees them once somebody with an identity has opened them.

/** By repository path. A path that is not there has not been opened yet: resolving then asks for it. */
export type GivenSecrets = ReadonlyMap<string, SecretFile>;

export type SecretFile =
  | {
      readonly kind: 'open';
      /** Top-level names to text. A nested value is `outer.inner`; a list item `list.0`. */
      readonly values: ReadonlyMap<string, SecretValue>;
      /** The file as it was before it was encrypted, in base64. */
      readonly whole: string;
    }
  /** It could not be opened, or must not be believed. */
  | { readonly kind: 'closed'; readonly what: string; readonly hint: string };

export interface SecretValue {
  readonly text: string;
  /** false: the file holds it in the clear (`unencrypted_suffix` and the like). */
  readonly encrypted: boolean;
}
