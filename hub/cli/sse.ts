// Reads server-sent events from a response body (WHATWG HTML, section 9.2). Ends when the stream does, for whatever
// reason: whoever reads comes back.

/** A frame that never ends is not one of ours. */
const FRAME_CHARS = 4 * 1024 * 1024;

export async function* readSse(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<{ event: string; data: unknown }> {
  const decoder = new TextDecoder();
  let buffer = '';
  try {
    for await (const chunk of body) {
      buffer += decoder.decode(chunk, { stream: true });
      const frames = buffer.split('\n\n');
      buffer = frames.pop() ?? '';
      if (buffer.length > FRAME_CHARS) return;
      for (const frame of frames) {
        const parsed = parseFrame(frame);
        if (parsed !== null) yield parsed;
      }
      if (signal.aborted) return;
    }
  } catch {
    // The connection broke or the signal aborted: the same as an end.
  }
}

function parseFrame(frame: string): { event: string; data: unknown } | null {
  let event = 'message';
  const data: string[] = [];
  for (const line of frame.split('\n')) {
    if (line.startsWith('event:')) event = line.slice(6).trim();
    else if (line.startsWith('data:')) data.push(line.slice(5));
  }
  if (data.length === 0) return null;
  try {
    return { event, data: JSON.parse(data.join('\n')) };
  } catch {
    // Not JSON: not a frame of ours; the next one may be.
    return null;
  }
}
