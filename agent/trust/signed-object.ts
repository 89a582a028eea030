// Raw commit and tag objects, parsed strictly: every header that decides anything is there exactly once and in Git's order, so that
// no other reader can see another tree than the one that was signed. Pure; checks no signature.
// Source: Git's own readers (`commit.c`, `tag.c`, `gpg-interface.c` of 2.39), which are laxer.
import { Refusal } from './refusal.ts';

export interface SignedObject {
  /** What the signature is about, byte for byte. */
  readonly payload: Buffer;
  /** Armored, as latin1. */
  readonly signature: string;
  /** The committer's or tagger's time in seconds since 1970. */
  readonly signedAtS: number;
}

export interface SignedTag extends SignedObject {
  readonly commit: string;
  /** As latin1. */
  readonly name: string;
}

/** Real signatures have below 3 KiB. */
const SIGNATURE_BYTES = 64 * 1024;
/** The last second of the year 9998: later years have no common notation. */
const LATEST_TIME_S = 253_370_764_799;

const IDENTITY = /^(?:author|committer|tagger) (?:[^<>]* )?<[^<>]*> (0|[1-9]\d{0,11}) [+-]\d{4}$/;
const HEADER_NAME = /^[!-~]+(?= |$)/;
/** Everything that Git takes for the start of a signature at the start of a line. */
const SIGNATURE_START = /(?<![^\n])-----BEGIN (?:PGP SIGNATURE|PGP MESSAGE|SIGNED MESSAGE|SSH SIGNATURE)-----/g;
/** Headers with a fixed place; once more, or elsewhere, they would mean something else to another reader. */
const PLACED = new Set(['tree', 'parent', 'author', 'committer']);

/** Throws `Refusal`. */
export function parseCommit(raw: Uint8Array): SignedObject {
  const { lines, rest } = split(raw);
  let at = 0;
  const take = (prefix: string, form: RegExp): string | null => {
    const line = lines[at];
    if (!line?.startsWith(`${prefix} `)) return null;
    if (!form.test(line) || !isPlain(line)) throw malformed(`its ${prefix} line cannot be read`);
    at += 1;
    return line;
  };
  if (take('tree', /^tree [0-9a-f]{40}$/) === null) throw malformed('it does not begin with its tree');
  while (take('parent', /^parent [0-9a-f]{40}$/) !== null);
  if (take('author', IDENTITY) === null) throw malformed('it has no author where the author belongs');
  const committer = take('committer', IDENTITY);
  if (committer === null) throw malformed('it has no committer where the committer belongs');
  const { kept, signature } = withoutSignature(lines.slice(at));
  const head = [...lines.slice(0, at), ...kept].map((line) => `${line}\n`).join('');
  return {
    payload: Buffer.concat([Buffer.from(head, 'latin1'), rest]),
    signature,
    signedAtS: timeOf(committer),
  };
}

/** The headers after the committer, less `gpgsig`. */
function withoutSignature(lines: readonly string[]): { kept: readonly string[]; signature: string } {
  const seen = new Set<string>();
  const kept: string[] = [];
  const signature: string[] = [];
  let name = '';
  for (const line of lines) {
    const continues = line.startsWith(' ');
    if (!continues) name = nextHeader(line, seen);
    if (continues && name === '') throw malformed('a line continues a header that has one line only');
    if (name !== 'gpgsig') kept.push(line);
    else signature.push(continues ? line.slice(1) : line.slice('gpgsig '.length));
  }
  if (signature.length === 0) throw notSigned();
  return { kept, signature: bounded(signature.map((line) => `${line}\n`).join('')) };
}

function nextHeader(line: string, seen: Set<string>): string {
  const name = HEADER_NAME.exec(line)?.[0];
  if (name === undefined) throw malformed('a header line has no name');
  if (PLACED.has(name)) throw malformed(`it has another "${name}" line after its committer`);
  // Git leaves every header that begins so out of what was signed.
  if (name.startsWith('gpgsig') && name !== 'gpgsig')
    throw malformed(`it has a "${name.slice(0, 40)}" header, which only repositories with SHA-256 ids have`);
  if (seen.has(name) && name !== 'mergetag') throw malformed(`it has two "${name.slice(0, 40)}" headers`);
  seen.add(name);
  return name;
}

/** Throws `Refusal`. */
export function parseTag(raw: Uint8Array): SignedTag {
  const { lines, rest } = split(raw);
  const [object = '', type = '', name = '', tagger = '', ...others] = lines;
  const commit = /^object ([0-9a-f]{40})$/.exec(object)?.[1];
  if (commit === undefined) throw malformed('it does not begin with the id of its object');
  if (!type.startsWith('type ') || !name.startsWith('tag ') || !IDENTITY.test(tagger) || !tagger.startsWith('tagger '))
    throw malformed('its headers are not object, type, tag and tagger');
  if (others.length > 0) throw malformed('it has more headers than object, type, tag and tagger');
  if (type !== 'type commit')
    throw new Refusal(
      `points to a ${type.slice('type '.length, 20)}; tag the commit itself, with git tag -s NAME COMMIT`,
    );
  const text = rest.toString('latin1');
  const starts = [...text.matchAll(SIGNATURE_START)].map(({ index }) => index);
  const [start] = starts;
  if (start === undefined) throw notSigned();
  // Git takes the last one and calls the rest message; nobody signs twice on purpose.
  if (starts.length > 1) throw malformed('it has more than one signature');
  return {
    payload: Buffer.from(raw.subarray(0, raw.length - rest.length + start)),
    signature: bounded(text.slice(start)),
    signedAtS: timeOf(tagger),
    commit,
    name: name.slice('tag '.length),
  };
}

/** Header lines as latin1 without their newlines, and the rest from the blank line on. */
function split(raw: Uint8Array): { lines: readonly string[]; rest: Buffer } {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  // Not even in the message: a reader that stops at NUL would see less than what was signed.
  if (bytes.includes(0)) throw malformed('it has a NUL byte');
  const end = bytes.indexOf('\n\n');
  if (end < 0) throw malformed('its headers do not end');
  return { lines: bytes.toString('latin1', 0, end).split('\n'), rest: bytes.subarray(end + 1) };
}

function timeOf(identity: string): number {
  const seconds = Number(IDENTITY.exec(identity)?.[1] ?? Number.NaN);
  if (!(seconds <= LATEST_TIME_S) || !isPlain(identity)) throw malformed('its date cannot be read');
  return seconds;
}

/** No control characters; bytes above them are UTF-8 or an older encoding. */
function isPlain(line: string): boolean {
  return [...line].every((character) => character >= ' ' && character !== '\u007f');
}

function bounded(signature: string): string {
  if (signature.length > SIGNATURE_BYTES) throw malformed(`its signature has over ${SIGNATURE_BYTES} bytes`);
  return signature;
}

function malformed(why: string): Refusal {
  return new Refusal(`is malformed and refused: ${why}`);
}

function notSigned(): Refusal {
  return new Refusal('is not signed; verify is on in agent.yaml, so only signed commits and tags are taken');
}
