// Cuts one answer out of a stream of pkt-lines as it arrives: the stream of SSH has no other mark of its end. Goes by
// the framing alone, since a pack holds any bytes; keeps at most `maxBytes`. Pure.
// Source: gitprotocol-common (pkt-line), gitprotocol-v2 (an answer ends at its flush).
import { ProtocolError } from '../pkt-line.ts';

/** More came than may come. What came before is kept. */
export class AnswerTooLarge extends Error {}

export interface Framer {
  /** True: the flush came. Throws `ProtocolError` and `AnswerTooLarge`. */
  push(chunk: Buffer): boolean;
  /** What came so far, never more than `maxBytes`. */
  bytes(): Buffer;
  /** No line is open: what came so far is whole lines. */
  readonly isWhole: boolean;
}

const HEAD_BYTES = 4;
const FLUSH = 0;
/** Delimiter and end of response: marks without a payload. */
const LAST_MARK = 2;

export function createFramer(maxBytes: number): Framer {
  const chunks: Buffer[] = [];
  let length = 0;
  let head = '';
  let payloadLeft = 0;
  let flushed = false;
  return {
    push(chunk) {
      chunks.push(chunk);
      length += chunk.length;
      follow(chunk);
      if (length > maxBytes) throw new AnswerTooLarge(`more than ${maxBytes} bytes`);
      return flushed;
    },
    bytes: () => Buffer.concat(chunks).subarray(0, maxBytes),
    get isWhole() {
      return head === '' && payloadLeft === 0;
    },
  };

  function follow(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (flushed) throw new ProtocolError('it says more than it was asked for');
      if (payloadLeft > 0) {
        const step = Math.min(payloadLeft, chunk.length - at);
        payloadLeft -= step;
        at += step;
        continue;
      }
      const part = chunk.toString('latin1', at, at + HEAD_BYTES - head.length);
      head += part;
      at += part.length;
      if (head.length === HEAD_BYTES) endHead();
    }
  }

  function endHead(): void {
    const lineLength = /^[0-9a-f]{4}$/i.test(head) ? Number.parseInt(head, 16) : Number.NaN;
    head = '';
    if (lineLength === FLUSH) flushed = true;
    else if (lineLength >= HEAD_BYTES) payloadLeft = lineLength - HEAD_BYTES;
    else if (!(lineLength <= LAST_MARK)) throw new ProtocolError('its answer is not framed as Git frames it');
  }
}
