// The Reporter over MQTT: presence, the newest status, and events until the broker has acknowledged each.
// INVARIANTS: nothing here makes the loop wait; nothing is queued but in the store's bounded outbox; an event leaves
// the outbox only after its PUBACK; presence and status are said again after every CONNACK.
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../fleet/error.ts';
import { hintSchema } from '../../fleet/wire/messages.ts';
import { agentClientId, deviceTopic } from '../../fleet/wire/topics.ts';
import { type Backoff, backoffMs } from '../backoff.ts';
import { redactUrl } from '../host/network-error.ts';
import type { Store } from '../store/store.ts';
import { type Connection, connectBroker, type MqttConfig, type ProtocolVersion } from './connection.ts';
import { createDelivery } from './delivery.ts';
import { createMessages } from './messages.ts';
import type { Reporter } from './reporter.ts';

/** Between two attempts to reach the broker. */
export const RECONNECT: Backoff = { firstMs: 1_000, capMs: 60_000 };
const KEEPALIVE_S = 30;
/** A connection that lived this long was a good one: the next outage starts with short waits again. */
const STABLE_MS = 30_000;
/** Together under the second that stopping may take. */
const FAREWELL_MS = 600;
const END_MS = 300;
const HINT_BYTES = 1024;
/** A device with nothing to say repeats its birth, so that silence means something: hubs call it stale after 5 minutes. */
const HEARTBEAT_MS = 120_000;

export type ReporterLog = (level: 'debug' | 'info' | 'warn', message: string, fields?: object) => void;

export interface ReporterOptions {
  readonly config: MqttConfig;
  readonly fleet: string;
  readonly device: string;
  readonly identity: Store['identity'];
  readonly store: Pick<Store, 'pushOutbox' | 'peekOutbox' | 'ackOutbox'>;
  readonly now: () => Date;
  readonly log: ReporterLog;
  /** Order within this boot; by default 1, 2, 3… */
  readonly nextOrder?: () => number;
  /** For tests. */
  readonly timing?: {
    readonly backoff?: Backoff;
    readonly keepaliveS?: number;
    readonly heartbeatMs?: number;
    readonly random?: () => number;
  };
}

export function createReporter(options: ReporterOptions): Reporter {
  const { config, fleet, device, log, now, timing } = options;
  const broker = redactUrl(config.url);
  let order = 0;
  const nextOrder = options.nextOrder ?? (() => ++order);
  const messages = createMessages({ device, identity: options.identity, nextOrder, now });
  const delivery = createDelivery({ fleet, device, messages, store: options.store, log });
  const presenceTopic = deviceTopic(fleet, device, 'presence');
  const hintTopic = deviceTopic(fleet, device, 'cmd/reconcile');
  let ignoredHints = 0;

  return {
    status: delivery.status,
    event: delivery.event,
    connected: delivery.connected,
    idle: delivery.idle,
    async run(onHint, signal) {
      signal.addEventListener('abort', delivery.ring, { once: true });
      let version: ProtocolVersion = 5;
      let failures = 0;
      let turned = false;
      while (!signal.aborted) {
        const started = performance.now();
        const attempt = await connectBroker(connectOptions(version, onHint), signal);
        if (attempt.kind === 'connected') {
          turned = false;
          await serve(attempt.connection, signal);
          if (performance.now() - started > STABLE_MS) failures = 0;
        } else if (!signal.aborted) {
          if (attempt.cause !== 'other') version = version === 5 ? 4 : 5;
          const again = attempt.cause === 'version' && !turned;
          turned = attempt.cause === 'version';
          if (again) continue;
          log('warn', 'the broker cannot be reached; it is tried again', { broker, error: attempt.message, failures });
        }
        await rest(failures++, signal);
      }
    },
  };

  /** Until the connection is over or the signal aborts; the second never waits for the broker. */
  async function serve(connection: Connection, signal: AbortSignal): Promise<void> {
    log('info', 'connected to the broker', { broker, protocol: connection.version });
    const reporting = report(connection, signal).catch((error: unknown) => {
      log('debug', 'the connection ended while something was on its way', { broker, error: messageOf(error) });
    });
    await untilAborted(reporting, signal);
    if (signal.aborted && connection.isOpen()) {
      const farewell = { topic: presenceTopic, payload: messages.presence(false), retain: true };
      await Promise.race([connection.publish(farewell).catch(() => undefined), sleep(FAREWELL_MS)]);
    }
    await connection.end(END_MS);
    await reporting;
  }

  async function report(connection: Connection, signal: AbortSignal): Promise<void> {
    const birth = { topic: presenceTopic, payload: messages.presence(true), retain: true };
    await connection.publish(birth);
    await connection.subscribe(hintTopic).catch((error: unknown) => {
      log('warn', 'hints cannot be received; polling goes on', { topic: hintTopic, error: messageOf(error) });
    });
    // A link that is lost says so itself.
    const repeat = () => void connection.publish(birth).catch(() => undefined);
    const heartbeat = setInterval(repeat, timing?.heartbeatMs ?? HEARTBEAT_MS);
    try {
      await delivery.serve(connection, signal);
    } finally {
      clearInterval(heartbeat);
    }
  }

  function connectOptions(version: ProtocolVersion, onHint: () => void) {
    return {
      config,
      version,
      clientId: agentClientId(fleet, device),
      will: { topic: presenceTopic, payload: messages.presence(false), retain: true },
      keepaliveS: timing?.keepaliveS ?? KEEPALIVE_S,
      onMessage: (topic: string, payload: Uint8Array, retained: boolean) => {
        // A retained hint was left there long ago; hints are "now" or nothing.
        if (topic === hintTopic && !retained && isHint(payload)) onHint();
        else log('debug', 'a message that is no hint was ignored', { topic, ignored: ++ignoredHints });
      },
      onClose: (why: string) => {
        delivery.ring();
        log('info', 'disconnected from the broker', { broker, why });
      },
    };
  }

  async function rest(failures: number, signal: AbortSignal): Promise<void> {
    const random = timing?.random ?? Math.random;
    const delayMs = backoffMs(timing?.backoff ?? RECONNECT, failures, random());
    // An abort only ends the wait; the caller looks at the signal.
    await sleep(delayMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Resolves with `work` or with the abort, whichever comes first, and leaves no listener behind. */
async function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const stopped = Promise.withResolvers<void>();
  const stop = (): void => stopped.resolve();
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  await Promise.race([work, stopped.promise]);
  signal.removeEventListener('abort', stop);
}

function isHint(payload: Uint8Array): boolean {
  if (payload.length > HINT_BYTES) return false;
  try {
    return hintSchema.safeParse(JSON.parse(Buffer.from(payload).toString('utf8'))).success;
  } catch {
    // Not JSON: no hint.
    return false;
  }
}
