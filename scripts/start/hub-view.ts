// Asks the hub's API how the device is. Reads only.
import { setTimeout as sleep } from 'node:timers/promises';
import { deviceItemSchema } from '../../hub/api/schemas.ts';

const POLL_MS = 250;
const CALL_MS = 5_000;

/** Waits for the hub to answer at all. */
export async function hubAnswers(url: string, deadlineMs: number, signal: AbortSignal): Promise<void> {
  await poll(deadlineMs, signal, async () => ((await get(`${url}/healthz`, signal)) === null ? 'no answer yet' : null));
}

/** Waits until the hub has the device online, in sync and healthy; `note` hears what is missing. */
export async function deviceIsWell(
  url: string,
  device: string,
  deadlineMs: number,
  signal: AbortSignal,
  note: (text: string) => void,
): Promise<void> {
  await poll(deadlineMs, signal, async () => {
    const lacks = await whatDeviceLacks(url, device, signal);
    if (lacks !== null) note(lacks);
    return lacks;
  });
}

async function whatDeviceLacks(url: string, device: string, signal: AbortSignal): Promise<string | null> {
  const answer = await get(`${url}/api/v1/devices/${device}`, signal);
  if (answer === null) return 'the hub has not heard of it yet';
  const parsed = deviceItemSchema.safeParse(answer);
  if (!parsed.success) return `the hub's answer is not understood: ${parsed.error.issues[0]?.message ?? ''}`;
  const { presence, sync, health, reason, message } = parsed.data;
  // Healthy and in sync can be said a moment before the cycle is over.
  if (presence === 'online' && sync === 'Synced' && health === 'Healthy' && reason === 'Succeeded') return null;
  return `${presence}, ${sync}, ${health}: ${message === '' ? reason : message}`;
}

/** null: no answer, or not a good one. */
async function get(url: string, signal: AbortSignal): Promise<unknown> {
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)]) });
    const text = await response.text();
    if (!response.ok) return null;
    return response.headers.get('content-type')?.includes('json') === true ? (JSON.parse(text) as unknown) : text;
  } catch {
    // Not there yet, or going: the caller's deadline decides.
    return null;
  }
}

/** `look` returns null when all is well, else what is missing. */
async function poll(deadlineMs: number, signal: AbortSignal, look: () => Promise<string | null>): Promise<void> {
  const end = performance.now() + deadlineMs;
  let missing = await look();
  while (missing !== null) {
    signal.throwIfAborted();
    if (performance.now() > end) throw new Error(`Not after ${deadlineMs / 1000} s: ${missing}.`);
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
    missing = await look();
  }
}
