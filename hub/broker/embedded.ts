// The embedded MQTT broker. The hub reads every publish before the broker acknowledges it: PUBACK means "on disk".
// Owns sockets, admission and retained state in memory; decides nothing about devices.
import type { EventEmitter } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { Aedes, type AuthenticateError, type Client } from 'aedes';
import { HoldfastError, messageOf } from '../../fleet/error.ts';
import { parseDeviceTopic } from '../../fleet/wire/topics.ts';
import type { Ingest } from '../ingest/ingest.ts';
import { PAYLOAD_BYTES } from '../ingest/parse.ts';
import { type Link, PUBLISH_DEADLINE_MS } from '../link.ts';
import type { Log } from '../log.ts';
import { createFrameWatch } from './frames.ts';
import { mayConnect, mayPublish, maySubscribe } from './rules.ts';

const MAX_CONNECTIONS = 20_000;
const CONNECT_TIMEOUT_MS = 10_000;
/** A client that does not read for this long is cut off, so that nothing piles up behind it. */
const DRAIN_TIMEOUT_MS = 2_000;
const STOP_DEADLINE_MS = 1_000;

export interface EmbeddedInput {
  readonly host: string;
  readonly port: number;
  readonly ingest: Pick<Ingest, 'offer' | 'drop' | 'alive'>;
  readonly log: Log;
}

export function createEmbeddedBroker({ host, port, ingest, log }: EmbeddedInput): Link {
  let stopping = false;
  const sockets = new Set<Socket>();
  /** Which device a connection turned out to be. */
  const speakers = new WeakMap<Client, { fleet: string; device: string }>();
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
    authenticate: (client, _username, _password, done) => {
      if (mayConnect(client.id)) return done(null, true);
      done(Object.assign(new Error('client id too long'), { returnCode: 2 }) as AuthenticateError, false);
    },
    authorizeSubscribe: (client, subscription, callback) => {
      const allowed = maySubscribe(client.id, subscription.topic);
      if (!allowed) log.debug({ client: client.id, filter: subscription.topic }, 'subscription refused');
      callback(null, allowed ? subscription : null);
    },
    authorizePublish: (client, packet, callback) => {
      // While the hub stops, the wills of devices that it disconnects itself say nothing about the devices.
      if (stopping || client === null) return callback(new Error('the hub is stopping'));
      const place = parseDeviceTopic(packet.topic);
      if (place === null || !mayPublish(client.id, packet.topic)) {
        ingest.drop(place === null ? 'topic' : 'forbidden');
        return callback(new Error(`client ${JSON.stringify(client.id)} may not publish to this topic`));
      }
      const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload;
      const event = place.leaf === 'event';
      speakers.set(client, place);
      ingest.offer(packet.topic, payload, false).then(
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
    const speaker = speakers.get(client);
    if (speaker !== undefined) ingest.alive(speaker.fleet, speaker.device);
  });
  const server = createServer((socket) => admit(socket, aedes, sockets, ingest));
  server.maxConnections = MAX_CONNECTIONS;

  return {
    async start(onUp) {
      await aedes.listen();
      const url = await bind(server, host, port);
      onUp();
      return { url };
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

function listen(aedes: Aedes, log: Log): void {
  const quiet = (client: Client | null, error: Error) =>
    log.debug({ client: client?.id, error: error.message }, 'client failed');
  aedes.on('clientError', quiet);
  aedes.on('connectionError', quiet);
  // Its types leave out that it is an emitter which also says `error`; unheard, that would end the program.
  const emitter: EventEmitter = aedes;
  emitter.on('error', (error: unknown) => log.error({ error: messageOf(error) }, 'broker failed'));
}

function admit(socket: Socket, aedes: Aedes, sockets: Set<Socket>, ingest: Pick<Ingest, 'drop'>): void {
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
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
  aedes.handle(socket);
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
  return `mqtt://${host.includes(':') ? `[${host}]` : host}:${bound}`;
}

async function withDeadline(work: Promise<void>): Promise<void> {
  const late = AbortSignal.timeout(PUBLISH_DEADLINE_MS);
  const deadline = new Promise<never>((_, reject) => {
    late.addEventListener('abort', () => reject(new Error('the broker did not answer in time')), { once: true });
  });
  await Promise.race([work, deadline]);
}
