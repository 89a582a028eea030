// How the parts of trust say no. A `Refusal` is a predicate: `create-verifier.ts` puts the commit or tag that it is about before it.
// Also makes text of strangers fit for a message.

/** Why an object is not accepted, worded to follow its name: "commit 1a2b3c4d " + `is not signed`. */
export class Refusal extends Error {}

/** A key file that cannot be used at all. Its message stands alone and names the file. */
export class KeyFileBroken extends Error {}

const SHOWN_CHARACTERS = 200;

/** UTF-8 bytes, held as latin1, as one printable line of bounded length. */
export function printable(latin1: string): string {
  return printableText(Buffer.from(latin1.slice(0, SHOWN_CHARACTERS * 4), 'latin1').toString('utf8'));
}

/** Without control and direction characters, which could forge the look of a log line. */
export function printableText(text: string): string {
  const characters = [...text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, '?')];
  return characters.slice(0, SHOWN_CHARACTERS).join('');
}
