// The embedded MQTT broker. The hub reads every publish before the broker acknowledges it: PUBACK means "on disk".
// Owns sockets, admission and retained state in memory; decides nothing about devices.
import type { EventEmitter } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type SecureContextOptions, type Server as TlsServer } from 'node:tls';
import { Aedes, type AuthenticateError, type AuthenticateHandler, type Client } from 'aedes';
import { HoldfastError, messageOf } from '../../fleet/error.ts';
import { parseDeviceTopic } from '../../fleet/wire/topics.ts';
import type { Ingest } from '../ingest/ingest.ts';
import { PAYLOAD_BYTES } from '../ingest/parse.ts';
import { type Link, PUBLISH_DEADLINE_MS } from '../link.ts';
import type { Log } from '../log.ts';
import { type Connections, createConnections, type DeviceAccess } from './connections.ts';
import { createFrameWatch } from './frames.ts';
import { mayPublish, maySubscribe } from './rules.ts';

const MAX_CONNECTIONS = 20_000;
const CONNECT_TIMEOUT_MS = 10_000;
/** A client that does not read for this long is cut off, so that nothing piles up behind it. */
const DRAIN_TIMEOUT_MS = 2_000;
const STOP_DEADLINE_MS = 1_000;

export interface EmbeddedInput {
  readonly host: string;
  readonly port: number;
  /** null: in the clear. */
  readonly tls: { readonly context: SecureContextOptions; readonly onServer: (server: TlsServer) => void } | null;
  readonly access: DeviceAccess;
  readonly ingest: Pick<Ingest, 'offer' | 'drop' | 'alive'>;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface EmbeddedBroker extends Link {
  /** Ends every connection of the device. */
  cut(fleet: string, device: string): void;
}

export function createEmbeddedBroker(input: EmbeddedInput): EmbeddedBroker {
  const { host, port, ingest, log } = input;
  let stopping = false;
  const sockets = new Set<Socket>();
  const connections = createConnections(input.access, input.now);
  const aedes = new Aedes({
    concurrency: 0,
    drainTimeout: DRAIN_TIMEOUT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    maxTopicLevels: 16,
    preConnect: (_client, packet, callback) => {
      // No session outlives its connection: a queue for an absent device would grow in memory. Agents poll anyway.
      packet.clean = true;
      callback(null, !stopping);
    },
    authenticate: authenticating(connections, input),
    authorizeSubscribe: (client, subscription, callback) => {
      const allowed = maySubscribe(connections.speaker(client), subscription.topic);
      if (!allowed) log.debug({ client: client.id, filter: subscription.topic }, 'subscription refused');
      callback(null, allowed ? subscription : null);
    },
    // Said again at delivery, whatever a subscription was granted for.
    authorizeForward: (client, packet) => (maySubscribe(connections.speaker(client), packet.topic) ? packet : null),
    authorizePublish: (client, packet, callback) => {
      // While the hub stops, the wills of devices that it disconnects itself say nothing about the devices.
      if (stopping || client === null) return callback(new Error('the hub is stopping'));
      const place = parseDeviceTopic(packet.topic);
      if (place === null || !mayPublish(connections.speaker(client), packet.topic)) {
        ingest.drop(place === null ? 'topic' : 'forbidden');
        return callback(new Error(`client ${JSON.stringify(client.id)} may not publish to this topic`));
      }
      const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload;
      const event = place.leaf === 'event';
      const offer = () => ingest.offer(packet.topic, payload, false);
      inTurn(connections, client, offer).then(
        (outcome) => {
          // What is dropped is acknowledged, or it would come back for ever; but it is neither kept nor passed on.
          if (outcome !== 'accepted' || event || payload.byteLength > PAYLOAD_BYTES) packet.retain = false;
          callback(null);
        },
        (error: unknown) => callback(error instanceof Error ? error : new Error(messageOf(error))),
      );
    },
  });
  listen(aedes, log);
  aedes.on('ping', (_packet, client) => {
    const speaker = connections.speaker(client);
    if (speaker !== null && !speaker.check) ingest.alive(speaker.fleet, speaker.device);
  });
  const server = listener(input, (socket) => handle(socket, aedes, sockets, connections, ingest));
  server.maxConnections = MAX_CONNECTIONS;

  return {
    async start(onUp) {
      await aedes.listen();
      const bound = await bind(server, host, port);
      onUp();
      return { url: `${input.tls === null ? 'mqtt' : 'mqtts'}://${bound}` };
    },
    publish: (topic, payload, { retain }) =>
      withDeadline(
        new Promise((resolve, reject) => {
          const packet = { cmd: 'publish', qos: 1, dup: false, topic, payload: Buffer.from(payload), retain } as const;
          aedes.publish(packet, (error) => (error ? reject(error) : resolve()));
        }),
      ),
    ready: () => server.listening && !stopping,
    clients: () => aedes.connectedClients ?? 0,
    cut: connections.cut,
    async stop() {
      stopping = true;
      server.close();
      await Promise.race([
        new Promise<void>((resolve) => aedes.close(resolve)),
        new Promise<void>((resolve) => setTimeout(resolve, STOP_DEADLINE_MS).unref()),
      ]);
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** A client that publishes faster than its rate is read more slowly; nothing of it is dropped. */
async function inTurn<T>(connections: Connections, client: Client, offer: () => Promise<T>): Promise<T> {
  for (let wait = connections.pace(client); wait > 0; wait = connections.pace(client)) {
    await new Promise((resolve) => setTimeout(resolve, wait));
    if (client.closed) throw new Error('the client is gone');
  }
  return await offer();
}

function authenticating(connections: Connections, { ingest, log }: EmbeddedInput): AuthenticateHandler {
  return (client, username, password, done) => {
    connections.admit(client, username, password).then(
      (verdict) => {
        if (verdict.admitted) return done(null, true);
        ingest.drop('forbidden');
        log.debug({ client: client.id, why: verdict.why }, 'connection refused');
        done(refusal(verdict.why), false);
      },
      (error: unknown) => {
        log.error({ error: messageOf(error) }, 'credentials cannot be looked up; the device is refused for now');
        done(refusal('hub'), false);
      },
    );
  };
}

/** MQTT 3.1.1, 3.2.2.3: 2 identifier rejected, 3 server unavailable, 4 bad user name or password. */
function refusal(why: 'client id' | 'credentials' | 'hub'): AuthenticateError {
  const returnCode = { 'client id': 2, credentials: 4, hub: 3 }[why];
  return Object.assign(new Error(`refused: ${why}`), { returnCode }) as AuthenticateError;
}

function listener({ tls, log }: EmbeddedInput, onSocket: (socket: Socket) => void): Server {
  if (tls === null) return createServer(onSocket);
  // A certificate is asked for where there is a CA to judge it; a device without one may still have a password.
  const client = { requestCert: tls.context.ca !== undefined, rejectUnauthorized: false };
  const server = createTlsServer({ ...tls.context, ...client, handshakeTimeout: CONNECT_TIMEOUT_MS }, onSocket);
  server.on('tlsClientError', (error) => log.debug({ error: error.message }, 'TLS handshake failed'));
  tls.onServer(server);
  return server;
}

function listen(aedes: Aedes, log: Log): void {
  const quiet = (client: Client | null, error: Error) =>
    log.debug({ client: client?.id, error: error.message }, 'client failed');
  aedes.on('clientError', quiet);
  aedes.on('connectionError', quiet);
  // Its types leave out that it is an emitter which also says `error`; unheard, that would end the program.
  const emitter: EventEmitter = aedes;
  emitter.on('error', (error: unknown) => log.error({ error: messageOf(error) }, 'broker failed'));
}

function handle(
  socket: Socket,
  aedes: Aedes,
  sockets: Set<Socket>,
  connections: Connections,
  ingest: Pick<Ingest, 'drop'>,
): void {
  sockets.add(socket);
  socket.setNoDelay(true);
  const watch = createFrameWatch();
  const read = socket.read.bind(socket);
  // The broker reads through this: a packet that declares too much is refused before its body is buffered.
  socket.read = (size?: number) => {
    const chunk: unknown = read(size);
    if (!(chunk instanceof Uint8Array) || watch(chunk)) return chunk;
    ingest.drop('oversized');
    socket.destroy();
    return null;
  };
  const client = aedes.handle(socket);
  socket.once('close', () => {
    sockets.delete(socket);
    connections.left(client);
  });
}

async function bind(server: Server, host: string, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'the port is already in use' : error.message;
      reject(
        new HoldfastError(
          'ConfigInvalid',
          `MQTT cannot listen on ${host}:${port}: ${why}; choose another with mqtt.port (or --mqtt-port)`,
          { cause: error },
        ),
      );
    });
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return `${host.includes(':') ? `[${host}]` : host}:${bound}`;
}

async function withDeadline(work: Promise<void>): Promise<void> {
  const late = AbortSignal.timeout(PUBLISH_DEADLINE_MS);
  const deadline = new Promise<never>((_, reject) => {
    late.addEventListener('abort', () => reject(new Error('the broker did not answer in time')), { once: true });
  });
  await Promise.race([work, deadline]);
}
