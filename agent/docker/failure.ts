// Turns what goes wrong between the agent and the Engine into the closed set of codes. Must not retry or log.

import { type ErrorCode, HoldfastError, messageOf } from '../../fleet/error.ts';
import { cutShort } from '../../fleet/mask.ts';

/** An answer that the Engine gave, whatever its status. `body` is parsed JSON, or the text when it is not JSON. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Anything that a connection throws: refused, reset, cut in the middle, an unusable socket. */
export function connectionFailure(error: unknown, socket: string): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const code = codeOf(error);
  const hint =
    code === 'EACCES'
      ? 'The agent may not use this socket; run it as root or in the docker group.'
      : code === 'ENOENT' || code === 'ECONNREFUSED'
        ? 'Start it, or set docker.socket to where it listens.'
        : 'The call is made again in the next cycle.';
  const what =
    code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'EACCES' ? 'No Engine answers' : 'The connection broke';
  return new HoldfastError('DockerUnavailable', `${what} at ${socket}: ${messageOf(error)}. ${hint}`, { cause: error });
}

/** The Engine said no. `code` replaces `DockerRefused` where a status has a meaning of its own; a full disk is always `DiskPressure`. */
export function refusal(what: string, answer: Answer, code: ErrorCode = 'DockerRefused'): HoldfastError {
  const message = engineMessage(answer);
  if (isDiskFull(message)) {
    const text = `The Engine's disk is full: ${what}: ${message}. Free space on the host.`;
    return new HoldfastError('DiskPressure', shortIds(text));
  }
  return new HoldfastError(code, shortIds(`The Engine refused to ${what}: ${message}`));
}

/** People know containers by the first twelve characters of an id. */
function shortIds(text: string): string {
  return text.replace(/\b([0-9a-f]{12})[0-9a-f]{52}\b/g, '$1');
}

/** The Engine's own sentence in an error answer, bounded. */
export function engineMessage(answer: Answer): string {
  const { body } = answer;
  const text =
    typeof body === 'object' && body !== null && 'message' in body && typeof body.message === 'string'
      ? body.message
      : typeof body === 'string'
        ? body
        : '';
  return cutShort(text.trim(), MESSAGE_CHARS) || `HTTP ${answer.status}`;
}

export function isDiskFull(message: string): boolean {
  return /no space left on device|disk quota exceeded/i.test(message);
}

const MESSAGE_CHARS = 2000;

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}
