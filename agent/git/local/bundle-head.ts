// The head of a bundle file, versions 2 and 3: what it builds on and which refs it brings. The pack follows after it.
// Source: gitformat-bundle.
import { HoldfastError } from '../../../fleet/error.ts';
import type { RemoteRef } from '../upstream.ts';
import { type OpenFile, openFile } from './files.ts';

export interface BundleHead {
  /** Commits that must be there already. */
  readonly prerequisites: readonly string[];
  /** A bundle does not say what its tags point to: `peeled` is null here, and is looked up by `Upstream.refs`. */
  readonly refs: readonly RemoteRef[];
}

/** Times `limits.source_bytes`, of the file: it brings the whole fleet and its past, of which one device needs little. */
export const BUNDLE_FACTOR = 8;
/** Refs of a repository with 100,000 tags. */
const HEAD_BYTES = 16 * 1024 * 1024;
const PIECE_BYTES = 64 * 1024;
const SIGNATURE = /^# v([23]) git bundle\n/;
const SIGNATURE_BYTES = 16;
const LINE = /^(-?)([0-9a-f]{40}|[0-9a-f]{64})(?: (.*))?$/;

/**
 * Throws `GitRefNotFound` when there is no such file or it is no bundle, `GitContentRefused` for a kind that is not read,
 * `GitUnreachable` when it was cut.
 */
export async function readBundleHead(path: string, signal: AbortSignal): Promise<BundleHead> {
  const file = await openFile(path);
  if (file === null) throw new HoldfastError('GitRefNotFound', `${path} does not exist, or is no file.`);
  try {
    const { prerequisites, refs } = await parseBundleHead(file, path, signal);
    return { prerequisites, refs };
  } finally {
    await file.close();
  }
}

/** `length`: where the pack begins. */
export async function parseBundleHead(
  file: OpenFile,
  shown: string,
  signal: AbortSignal,
): Promise<BundleHead & { readonly length: number }> {
  const signature = SIGNATURE.exec((await file.read(0, SIGNATURE_BYTES * 2)).toString('latin1'));
  if (signature === null)
    throw new HoldfastError(
      'GitRefNotFound',
      `${shown} is no Git bundle of version 2 or 3. Make one with "git bundle create".`,
    );
  const raw = await readHead(file, shown, signal);
  const prerequisites: string[] = [];
  const refs: RemoteRef[] = [];
  for (const line of raw.toString('utf8', signature[0].length).split('\n')) {
    if (line === '') continue;
    if (line.startsWith('@') && signature[1] === '3') {
      judgeCapability(line.slice(1), shown);
      continue;
    }
    const [, minus, oid = '', name = ''] = LINE.exec(line) ?? [];
    if (oid.length === 64) throw sha256(shown);
    if (minus === '-') prerequisites.push(oid);
    else if (oid !== '' && isRefName(name)) refs.push({ name, oid, peeled: null });
    else throw malformed(shown, 'a line of its head is not readable');
  }
  return { prerequisites, refs, length: raw.length + 1 };
}

/** The lines, up to the empty one. */
async function readHead(file: OpenFile, shown: string, signal: AbortSignal): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  let last = 0;
  while (length < HEAD_BYTES) {
    signal.throwIfAborted();
    const piece = await file.read(length, PIECE_BYTES);
    if (piece.length === 0) throw malformed(shown, 'it ends within its head');
    // The two line ends may stand on either side of where two pieces meet.
    const end = last === 0x0a && piece[0] === 0x0a ? 0 : piece.indexOf('\n\n') + 1;
    const found = end > 0 || (last === 0x0a && piece[0] === 0x0a);
    pieces.push(found ? piece.subarray(0, end) : Buffer.from(piece));
    if (found) return Buffer.concat(pieces);
    length += piece.length;
    last = piece[piece.length - 1] ?? 0;
  }
  throw new HoldfastError('GitContentRefused', `${shown}: the head of the bundle is larger than ${HEAD_BYTES} bytes.`);
}

function judgeCapability(text: string, shown: string): void {
  const [name = '', value = ''] = text.split('=', 2);
  if (name === 'object-format' && value === 'sha1') return;
  if (name === 'object-format') throw sha256(shown);
  if (name === 'filter')
    throw new HoldfastError(
      'GitContentRefused',
      `${shown} is a filtered bundle (${printable(value)}): it lacks objects. Make it without --filter.`,
    );
  throw new HoldfastError(
    'GitContentRefused',
    `${shown} needs "${printable(name)}", which this version does not know. Make the bundle with "git bundle create --version=2".`,
  );
}

function isRefName(name: string): boolean {
  return name === 'HEAD' || /^refs\/[^\p{Cc}\s~^:?*[\\]+$/u.test(name);
}

function sha256(shown: string): HoldfastError {
  return new HoldfastError(
    'GitContentRefused',
    `${shown} is a bundle of a SHA-256 repository; this version reads SHA-1 only.`,
  );
}

function malformed(shown: string, why: string): HoldfastError {
  return new HoldfastError('GitUnreachable', `The bundle ${shown} was cut or is malformed: ${why}.`);
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 64);
}
