// The framing of Git's wire protocol, checked before anything is read out of an answer. Pure.
// Source: gitprotocol-common (pkt-line), gitprotocol-v2 (delimiter), gitprotocol-pack (side-band-64k).

/** One line's payload, or one of the marks that have none. */
export type PktLine = Buffer | 'flush' | 'delimiter' | 'end';

/** Framing that is broken or cut, or an answer that is not what was asked for. */
export class ProtocolError extends Error {}

const MARKS: Readonly<Record<number, PktLine>> = { 0: 'flush', 1: 'delimiter', 2: 'end' };
/** The longest line that Git itself sends, its four digits included. */
const LONGEST_LINE = 65_520;

/** A line that carries part of a pack is as long as a pipe's buffer; an answer of shorter ones only costs time. */
const PACK_LINE_BYTES = 512;
/** For all that is said besides the pack. */
const SPARE_LINES = 10_000;

/** All lines of an answer. Throws `ProtocolError`. For answers that are short: each line is an object. */
export function readPktLines(bytes: Buffer): readonly PktLine[] {
  return [...pktLines(bytes)];
}

/** The lines of an answer that may hold a pack. Its iterators throw `ProtocolError`, also when there are too many. */
export function packPktLines(answer: Buffer): Iterable<PktLine> {
  return pktLines(answer, Math.ceil(answer.length / PACK_LINE_BYTES) + SPARE_LINES);
}

/** Read anew, line by line, by each iterator; its iterators throw `ProtocolError`. */
export function pktLines(bytes: Buffer, most = Number.POSITIVE_INFINITY): Iterable<PktLine> {
  return { [Symbol.iterator]: () => scan(bytes, most) };
}

function* scan(bytes: Buffer, most: number): Generator<PktLine, void, undefined> {
  let count = 0;
  let at = 0;
  while (at < bytes.length) {
    if (++count > most) throw new ProtocolError('its answer has too many lines');
    const head = bytes.toString('latin1', at, at + 4);
    if (!/^[0-9a-f]{4}$/i.test(head)) throw new ProtocolError('its answer is not framed as Git frames it');
    const length = Number.parseInt(head, 16);
    const mark = MARKS[length];
    if (mark === undefined && (length < 4 || at + length > bytes.length))
      throw new ProtocolError('its answer was cut or is malformed');
    yield mark ?? bytes.subarray(at + 4, at + length);
    at += Math.max(4, length);
  }
}

/** The payloads of all lines, or null when the framing is broken or cut. */
export function pktPayloads(bytes: Buffer): readonly Buffer[] | null {
  try {
    return readPktLines(bytes).filter((line) => typeof line !== 'string');
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}

export function pktLine(text: string): string {
  const length = Buffer.byteLength(text) + 5;
  if (length > LONGEST_LINE) throw new ProtocolError('a line of the request is too long');
  return `${length.toString(16).padStart(4, '0')}${text}\n`;
}

const PACK_BAND = 1;
const ERROR_BAND = 3;

/** The pack and the server's own error text (an `ERR` line or band 3) in an upload-pack answer. Goes over `lines` twice. */
export function readPackAnswer(lines: Iterable<PktLine>): { pack: Buffer; error: string | null } {
  let length = 0;
  for (const line of lines) {
    if (typeof line === 'string') continue;
    const error = errorIn(line);
    if (error !== null) return { pack: Buffer.alloc(0), error };
    if (line[0] === PACK_BAND) length += line.length - 1;
  }
  const pack = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for (const line of lines) if (typeof line !== 'string' && line[0] === PACK_BAND) at += line.copy(pack, at, 1);
  return { pack, error: null };
}

/** What the server says is wrong; null: this line says nothing of the kind. */
export function errorIn(payload: Buffer): string | null {
  if (payload[0] === ERROR_BAND) return payload.toString('utf8', 1).trim();
  return payload.subarray(0, 4).toString('latin1') === 'ERR ' ? payload.toString('utf8', 4).trim() : null;
}
