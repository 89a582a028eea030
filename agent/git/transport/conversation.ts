// One conversation with `git-upload-pack` of one repository: what HTTP and SSH have in common. Knows Git's framing
// (pkt-line) where a stream has to be cut into answers, and nothing of what is said.
import type { HttpClient } from 'isomorphic-git';
import { HoldfastError } from '../../../fleet/error.ts';

export interface Conversation {
  /**
   * What the server offers in protocol v2, by name: `fetch` → `shallow wait-for-done filter`, `ls-refs` → `unborn`,
   * `object-format` → `sha1`. Asked once. null: it speaks an older protocol only. Throws what `ask` throws.
   */
  capabilities(signal: AbortSignal): Promise<ReadonlyMap<string, string> | null>;
  /**
   * Sends one protocol-v2 command (pkt-lines with their closing flush) and gives the whole answer, pkt-lines as they
   * came, closing flush included if it was sent. Throws `GitUnreachable`, `GitAuthentication`, `GitRefNotFound` (no
   * such repository) and `GitContentRefused` when the answer is larger than `maxBytes`.
   */
  ask(request: Buffer, maxBytes: number, signal: AbortSignal): Promise<Buffer>;
  /** What is asked next is answered out of the repository as it is then: one run of upload-pack remembers the refs that it read. */
  renew(signal: AbortSignal): Promise<void>;
  /** The same connection for isomorphic-git's fetch from a server without v2 or filters; answers are checked by `check` first. */
  client(given: ClientOptions): HttpClient;
  /** So far, framing and headers included where the transport can see them. */
  readonly traffic: Traffic;
  close(): void;
}

export interface ClientOptions {
  /** Of one answer. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  /** Rejects for an answer of upload-pack that the library must not see; gets the whole answer. */
  readonly check: (answer: Buffer) => Promise<void>;
}

export interface Traffic {
  requests: number;
  sentBytes: number;
  receivedBytes: number;
}

/**
 * The cause of a `GitUnreachable` that came in place of an answer and may mean that the server lacks what was asked of
 * it: `status`, HTTP said no (4xx, 5xx); `ended`, git-upload-pack ended or speaks an older protocol.
 */
export class NoAnswer extends Error {
  readonly kind: 'status' | 'ended';
  constructor(kind: NoAnswer['kind']) {
    super(kind);
    this.kind = kind;
  }
}

export function tooLarge(shown: string, maxBytes: number): HoldfastError {
  return new HoldfastError(
    'GitContentRefused',
    `${shown} sent more than ${maxBytes} bytes. Make the repository smaller, or raise limits.source_bytes.`,
  );
}
