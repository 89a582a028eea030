// Watches the bytes of one MQTT connection and knows each packet's declared length before anything buffers it.
// Pure; it reads fixed headers only (MQTT 3.1.1, section 2.2) and alters nothing.

/** A payload of 64 KiB and its header; no packet of the wire contract comes near this. */
export const PACKET_BYTES = 80 * 1024;

/** @returns a function that takes the stream's chunks in order and says false once a packet is refused */
export function createFrameWatch(limit = PACKET_BYTES): (chunk: Uint8Array) => boolean {
  let state: 'type' | 'length' | 'body' = 'type';
  let length = 0;
  let digits = 0;
  let left = 0;
  return (chunk) => {
    let at = 0;
    while (at < chunk.length) {
      if (state === 'body') {
        const step = Math.min(left, chunk.length - at);
        left -= step;
        at += step;
        if (left === 0) state = 'type';
        continue;
      }
      const byte = chunk[at++] ?? 0;
      if (state === 'type') {
        state = 'length';
        length = 0;
        digits = 0;
        continue;
      }
      length += (byte & 0x7f) * 128 ** digits;
      digits++;
      if (length > limit || digits > 4) return false;
      if ((byte & 0x80) !== 0) continue;
      left = length;
      state = left === 0 ? 'type' : 'body';
    }
    return true;
  };
}
