// What a server says about itself in its answer to info/refs. Pure; throws `ProtocolError` alone.
// Source: gitprotocol-http (smart service), gitprotocol-v2 (capability advertisement).
import { errorIn, ProtocolError, pktPayloads, readPktLines } from '../pkt-line.ts';

/** Far more than any server offers in v2; of a list of refs in the older protocols, the beginning is enough. */
export const ADVERTISEMENT_BYTES = 64 * 1024;

const SERVICE = '001e# service=git-upload-pack\n0000';
const VERSION_2 = '000eversion 2\n';
/** `version 1`, or a first ref, or the line that stands for no refs at all. */
const OLDER = /^(000eversion 1\n|[0-9a-f]{4}([0-9a-f]{40}|[0-9a-f]{64}) )/;

/** Name to value (empty: none) of protocol v2; null: an older protocol. `bytes` may be cut at `ADVERTISEMENT_BYTES`. */
export function readAdvertisement(bytes: Buffer): ReadonlyMap<string, string> | null {
  const said = bytes.toString('latin1').startsWith(SERVICE) ? bytes.subarray(SERVICE.length) : bytes;
  const head = said.toString('latin1', 0, 80);
  if (!head.startsWith(VERSION_2)) {
    if (OLDER.test(head) || said.toString('latin1') === '0000') return null;
    const [first] = pktPayloads(said) ?? [];
    const refusal = first === undefined ? null : errorIn(first);
    throw new ProtocolError(
      refusal === null
        ? 'its answer is not what Git sends'
        : `it says: ${refusal.replace(/[^\x20-\x7e]/g, '?').slice(0, 200)}`,
    );
  }
  const offered = new Map<string, string>();
  for (const line of readPktLines(said).slice(1)) {
    if (line === 'flush') return offered;
    if (typeof line === 'string') break;
    const text = line.toString('utf8').replace(/\n$/, '');
    const at = text.indexOf('=');
    offered.set(at < 0 ? text : text.slice(0, at), at < 0 ? '' : text.slice(at + 1));
  }
  throw new ProtocolError('its list of capabilities was cut or is malformed');
}
