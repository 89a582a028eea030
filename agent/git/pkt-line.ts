// The framing of Git's wire protocol, checked before the library reads an answer: it assumes well-formed lines.
// Pure. Source: gitprotocol-common (pkt-line), gitprotocol-pack (side-band-64k).

/** The payloads of all lines, or null when the framing is broken or cut. Flush and delimiter lines have no payload. */
export function pktPayloads(bytes: Buffer): readonly Buffer[] | null {
  const payloads: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    const head = bytes.toString('latin1', at, at + 4);
    if (!/^[0-9a-f]{4}$/i.test(head)) return null;
    const length = Number.parseInt(head, 16);
    if (length === 3 || (length > 4 && at + length > bytes.length)) return null;
    if (length > 4) payloads.push(bytes.subarray(at + 4, at + length));
    at += Math.max(4, length);
  }
  return payloads;
}

const PACK_BAND = 1;
const ERROR_BAND = 3;

/** The pack and the server's own error text (an `ERR` line or band 3) in an upload-pack answer. */
export function readPackAnswer(payloads: readonly Buffer[]): { pack: Buffer; error: string | null } {
  const chunks: Buffer[] = [];
  for (const payload of payloads) {
    if (payload[0] === PACK_BAND) chunks.push(payload.subarray(1));
    if (payload[0] === ERROR_BAND) return { pack: Buffer.alloc(0), error: payload.toString('utf8', 1).trim() };
    if (payload.subarray(0, 4).toString('latin1') === 'ERR ')
      return { pack: Buffer.alloc(0), error: payload.toString('utf8', 4).trim() };
  }
  return { pack: Buffer.concat(chunks), error: null };
}
