// One call to the Engine, with a deadline that destroys the socket, a bound on the answer, and the negotiated API version in the
// path. Must not know what any call means.
import type { IncomingMessage } from 'node:http';
import { type ErrorCode, HoldfastError } from '../../fleet/error.ts';
import type { EngineInfo } from '../../fleet/model/observed.ts';
import { withDeadline } from './deadline.ts';
import { type Asked, createDial, isCutOff } from './dial.ts';
import { type Answer, connectionFailure, engineMessage, refusal } from './failure.ts';
import { createRemembered } from './remembered.ts';
import { hostTraits, negotiate } from './version.ts';

export interface Call extends Asked {
  /** What it does, for people: `start container kiosk-web-1`. */
  readonly what: string;
  readonly deadlineMs?: number;
  /** Of the failure when the deadline passes; by default `DockerUnavailable`. */
  readonly late?: ErrorCode;
  readonly signal: AbortSignal;
}

export interface Connection {
  readonly socket: string;
  /** Asks `/version` again; every later call uses the outcome. */
  info(signal: AbortSignal): Promise<EngineInfo>;
  /** What `info` said last; asks again after a connection has broken. */
  knownInfo(signal: AbortSignal): Promise<EngineInfo>;
  /** Any status; throws `DockerUnavailable` only when there is no whole answer. */
  call(call: Call): Promise<Answer>;
  /** `call` whose status has to be 2xx, or one of `also`; otherwise `DockerRefused`. */
  expect(call: Call, also?: readonly number[]): Promise<Answer>;
  /**
   * A streamed answer: `use` gets the bytes of a 200, and the socket is destroyed when it returns. The deadline is for the headers
   * only. Any other status throws what `refuse` makes of it.
   */
  stream<T>(
    call: Call,
    use: (chunks: AsyncIterable<Uint8Array>) => Promise<T>,
    refuse?: (answer: Answer) => HoldfastError,
  ): Promise<T>;
}

/** Long enough for a busy small board; calls that wait for containers set their own. */
export const CALL_MS = 30_000;
/** Largest answer that is read: a host with thousands of containers stays below. */
export const ANSWER_BYTES = 64 * 1024 * 1024;

export function createConnection(socket: string): Connection {
  const dial = createDial(socket);
  const remembered = createRemembered();
  let negotiated: EngineInfo | null = null;

  const info = async (signal: AbortSignal): Promise<EngineInfo> => {
    const call: Call = { method: 'GET', path: '/version', what: 'ask the Engine for its version', signal };
    const answer = await withDeadline({ what: call.what, ms: VERSION_MS, signal }, (inner) => whole(call, '', inner));
    if (answer.status !== 200) {
      throw new HoldfastError('DockerUnavailable', `The Engine at ${socket} is not ready: ${engineMessage(answer)}`);
    }
    const engine = negotiate(answer.body, socket);
    const about: Call = { method: 'GET', path: '/info', what: 'ask the Engine about its host', signal };
    const traits = await withDeadline({ what: about.what, ms: VERSION_MS, signal }, (inner) =>
      whole(about, `/v${engine.apiVersion}`, inner),
    );
    negotiated = traits.status === 200 ? { ...engine, ...hostTraits(traits.body) } : engine;
    return negotiated;
  };

  const whole = async (call: Call, prefix: string, signal: AbortSignal): Promise<Answer> => {
    try {
      const response = await answered(call, prefix, signal);
      const text = await readText(response);
      const body = call.method === 'GET' ? remembered.parse(keyOf(call), text, parsed) : parsed(text);
      return { status: response.statusCode ?? 0, body };
    } catch (error) {
      negotiated = null;
      throw signal.aborted ? signal.reason : connectionFailure(error, socket);
    }
  };

  /** What only reads goes over kept connections; the Engine may have closed one in the meantime, which a fresh one settles. */
  const answered = async (call: Call, prefix: string, signal: AbortSignal): Promise<IncomingMessage> => {
    if (call.method !== 'GET') return dial.fresh(call, prefix, signal);
    try {
      return await dial.kept(call, prefix, signal);
    } catch (error) {
      if (signal.aborted || !isCutOff(error)) throw error;
      return dial.fresh(call, prefix, signal);
    }
  };

  const knownInfo = async (signal: AbortSignal): Promise<EngineInfo> => negotiated ?? (await info(signal));
  const prefix = async (signal: AbortSignal): Promise<string> => `/v${(await knownInfo(signal)).apiVersion}`;

  const call = async (request: Call): Promise<Answer> => {
    const version = await prefix(request.signal);
    const deadline = { what: request.what, ms: request.deadlineMs ?? CALL_MS, signal: request.signal };
    return withDeadline(deadline, (signal) => whole(request, version, signal));
  };

  return {
    socket,
    info,
    knownInfo,
    call,
    expect: async (request, also = []) => {
      const answer = await call(request);
      if ((answer.status >= 200 && answer.status < 300) || also.includes(answer.status)) return answer;
      throw refusal(request.what, answer);
    },
    stream: async (request, use, refuse = (answer) => refusal(request.what, answer)) => {
      const version = await prefix(request.signal);
      const life = new AbortController();
      const signal = AbortSignal.any([request.signal, life.signal]);
      const deadline = { what: request.what, ms: request.deadlineMs ?? CALL_MS, late: request.late, signal };
      try {
        const response = await withDeadline(deadline, () => dial.fresh(request, version, signal));
        const status = response.statusCode ?? 0;
        if (status !== 200) {
          throw refuse({ status, body: parsed(await withDeadline(deadline, () => readText(response))) });
        }
        return await use(response);
      } catch (error) {
        if (request.signal.aborted) throw request.signal.reason;
        if (!(error instanceof HoldfastError)) negotiated = null;
        throw connectionFailure(error, socket);
      } finally {
        life.abort();
      }
    },
  };
}

const VERSION_MS = 10_000;

function readText(response: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes <= ANSWER_BYTES) return;
      reject(new HoldfastError('DockerRefused', `The Engine's answer is larger than ${ANSWER_BYTES} bytes.`));
      response.destroy();
    });
    response.on('error', reject);
    response.on('close', () => {
      if (response.complete) resolve(Buffer.concat(chunks).toString('utf8'));
      else reject(response.errored ?? new Error('the Engine cut its answer off'));
    });
  });
}

function keyOf({ path, query = {} }: Call): string {
  return [path, ...Object.entries(query).flat()].join('\n');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: an empty body, or a proxy's plain text. The caller decides by status and shape.
    return text;
  }
}
