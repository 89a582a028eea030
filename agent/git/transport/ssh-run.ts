// One run of `git-upload-pack` on the server: what is written to it, its answers cut by framing or by its end, and what
// its end means. Bounded in bytes; ends with the connection.
import type { ClientChannel } from 'ssh2';
import { HoldfastError } from '../../../fleet/error.ts';
import { ProtocolError } from '../pkt-line.ts';
import { NoAnswer, tooLarge } from './conversation.ts';
import { AnswerTooLarge, createFramer, type Framer } from './framer.ts';
import { printable, type SshConnection, unreachable } from './ssh-connection.ts';

export interface Bound {
  readonly maxBytes: number;
  /** Of a longer answer: refuse it, or take its beginning. The run is over in either case. */
  readonly over: 'refuse' | 'cut';
}

export interface Run {
  /** It can be written to and may answer. */
  readonly isAlive: boolean;
  /** Something came since it was last written to. */
  readonly hasAnswered: boolean;
  write(bytes: Buffer): void;
  /** Nothing more will be written. */
  endInput(): void;
  /** Up to and with the next flush, or whole lines up to its end. Throws what `failure` gives when it ends without a word. */
  answer(bound: Bound): Promise<Buffer>;
  /** Up to its end. */
  rest(maxBytes: number): Promise<Buffer>;
  close(): void;
}

/** What is kept of its complaints. */
const COMPLAINT_BYTES = 4096;
const NO_SUCH_COMMAND = 127;

export function createRun(channel: ClientChannel, shown: string, connection: SshConnection): Run {
  const inlet = createInlet(channel, shown, connection);
  let complaint = '';
  channel.on('error', inlet.close);
  channel.stderr.on('error', () => undefined);
  channel.stderr.on('data', (chunk: Buffer) => {
    if (complaint.length < COMPLAINT_BYTES) complaint += chunk.toString('utf8');
  });
  return {
    get isAlive() {
      return !inlet.state.ended && !connection.lost.aborted;
    },
    get hasAnswered() {
      return inlet.state.hasAnswered;
    },
    write(bytes) {
      inlet.state.hasAnswered = false;
      channel.write(bytes);
    },
    endInput() {
      channel.end();
    },
    async answer({ maxBytes, over }) {
      const framer = createFramer(maxBytes);
      return await inlet.read((chunk) => {
        if (chunk !== null) return push(framer, chunk, { maxBytes, over }) ? framer.bytes() : null;
        if (!framer.isWhole) throw unreachable(shown, 'its answer was cut');
        return endedWith(framer.bytes());
      });
    },
    async rest(maxBytes) {
      const chunks: Buffer[] = [];
      let length = 0;
      return await inlet.read((chunk) => {
        if (chunk === null) return endedWith(Buffer.concat(chunks));
        chunks.push(chunk);
        length += chunk.length;
        if (length > maxBytes) throw tooLarge(shown, maxBytes);
        return null;
      });
    },
    close: inlet.close,
  };

  function push(framer: Framer, chunk: Buffer, { maxBytes, over }: Bound): boolean {
    try {
      return framer.push(chunk);
    } catch (error) {
      if (!(error instanceof AnswerTooLarge)) throw error;
      if (over === 'refuse') throw tooLarge(shown, maxBytes);
      inlet.close();
      return true;
    }
  }

  function endedWith(answer: Buffer): Buffer {
    if (answer.length > 0) return answer;
    throw complain(shown, complaint, inlet.state.status);
  }
}

/** What comes from the run, for one reader at a time. */
interface Inlet {
  /** `take` gets the next bytes, or null for the end; gives null until the answer is complete, and throws to give up. */
  read(take: (chunk: Buffer | null) => Buffer | null): Promise<Buffer>;
  readonly state: { ended: boolean; status: number | null; hasAnswered: boolean };
  readonly close: () => void;
}

function createInlet(channel: ClientChannel, shown: string, { lost, end }: SshConnection): Inlet {
  const state: Inlet['state'] = { ended: false, status: null, hasAnswered: false };
  let reader: ((chunk: Buffer | null) => void) | null = null;
  channel.on('close', (code: number | null | undefined) => {
    state.status = code ?? null;
    state.ended = true;
    reader?.(null);
  });
  return { read, state, close };

  function read(take: (chunk: Buffer | null) => Buffer | null): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        reader = null;
        lost.removeEventListener('abort', stop);
        act();
      };
      const stop = (): void => settle(() => reject(lost.reason));
      if (lost.aborted) return stop();
      lost.addEventListener('abort', stop, { once: true });
      reader = (chunk) => {
        try {
          const answer = take(chunk);
          if (answer !== null) settle(() => resolve(answer));
        } catch (error) {
          const failure = error instanceof ProtocolError ? unreachable(shown, error.message, error) : error;
          settle(() => reject(failure));
          // The end of a run says nothing of the connection; bytes that should not be there do.
          if (chunk !== null) end(failure);
        }
      };
      if (state.ended) reader(null);
      else listen();
    });
  }

  /** Until there is a first reader, ssh2 keeps what comes, within the channel's window. */
  function listen(): void {
    if (channel.listenerCount('data') > 0) return;
    channel.on('data', (chunk: Buffer) => {
      state.hasAnswered = true;
      if (reader !== null) reader(chunk);
      else if (!state.ended) end(unreachable(shown, 'it speaks without being asked'));
    });
  }

  function close(): void {
    state.ended = true;
    channel.close();
    // What still comes is not taken, so that no more is sent.
    channel.pause();
  }
}

/** What a run that gave no answer means. */
function complain(shown: string, complaint: string, status: number | null): HoldfastError {
  const said = printable(
    complaint
      .split('\n')
      .filter((line) => /[a-z0-9]/i.test(line))
      .join(' '),
  );
  if (status === NO_SUCH_COMMAND) return unreachable(shown, `it has no git-upload-pack (it says: ${said})`);
  if (isNoRepository(said)) return noRepository(shown, said);
  const how = status === null ? 'ended without an answer' : `ended with status ${status}`;
  const why = `git-upload-pack ${how}${said === '' ? '' : ` and says: ${said}`}`;
  return unreachable(shown, why, new NoAnswer('ended'));
}

export function noRepository(shown: string, said: string): HoldfastError {
  return new HoldfastError(
    'GitRefNotFound',
    `${shown}: there is no such repository, or it is hidden from this key. Check source.url and source.auth. It says: ${said}`,
  );
}

/** Servers say it in their own words. */
export function isNoRepository(said: string): boolean {
  return /does not appear to be a git repository|not found|could not be found|does not exist|no such/i.test(said);
}
