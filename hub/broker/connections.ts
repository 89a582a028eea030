// Who speaks on which connection of the embedded broker, so that a device can be cut off at once. A connection is known from
// the moment that it claims a device, before its credentials are looked up: one that is revoked in between is cut as well.
import type { TLSSocket } from 'node:tls';
import type { Client } from 'aedes';
import { type Bucket, createBucket } from '../bucket.ts';
import { admit, claimOf, type DeviceCredential, type Hello, type Speaker, type Verdict } from './rules.ts';

/** The agent, and checks beside it. */
const PER_DEVICE = 4;
/** What one client may publish: a device that was away for long hands in its outbox, and nobody drowns the others. */
const PUBLISH_RATE = { perSecond: 200, burst: 10_000 };

/** What the broker asks before it lets a device in. */
export interface DeviceAccess {
  /** Devices that were not enrolled may connect without credentials. */
  readonly anonymous: boolean;
  /** null: neither enrolled nor revoked. */
  readonly credential: (fleet: string, device: string) => Promise<DeviceCredential | null>;
}

export interface Connections {
  admit(client: Client, username: string | undefined, password: Buffer | undefined): Promise<Verdict>;
  speaker(client: Client): Speaker;
  /** Milliseconds that the client has to wait before its next publish. */
  pace(client: Client): number;
  left(client: Client): void;
  cut(fleet: string, device: string): void;
}

export function createConnections(access: DeviceAccess, now: () => number): Connections {
  const byDevice = new Map<string, Set<Client>>();
  const known = new WeakMap<Client, { speaker: Speaker; bucket: Bucket }>();

  function enter(client: Client, key: string): boolean {
    const clients = byDevice.get(key) ?? new Set<Client>();
    // One under the same id takes the place of the older one.
    const others = [...clients].filter(({ id }) => id !== client.id);
    if (others.length >= PER_DEVICE) return false;
    byDevice.set(key, clients.add(client));
    return true;
  }
  return {
    async admit(client, username, password) {
      const claim = claimOf(client.id);
      // It went away already: nobody would tell that it left.
      if (client.closed) return { admitted: false, why: 'client id' };
      if (claim !== null && !enter(client, keyOf(claim))) return { admitted: false, why: 'client id' };
      const credential = claim === null ? null : await access.credential(claim.fleet, claim.device);
      const hello: Hello = {
        clientId: client.id,
        username,
        password: password?.toString('utf8'),
        certificate: certificateOf(client),
      };
      const verdict = admit(hello, credential, access.anonymous);
      if (verdict.admitted) known.set(client, { speaker: verdict.speaker, bucket: createBucket(PUBLISH_RATE) });
      return verdict;
    },
    speaker: (client) => known.get(client)?.speaker ?? null,
    pace: (client) => known.get(client)?.bucket.take(now()) ?? 0,
    left(client) {
      const claim = claimOf(client.id ?? '');
      if (claim === null) return;
      const clients = byDevice.get(keyOf(claim));
      clients?.delete(client);
      if (clients?.size === 0) byDevice.delete(keyOf(claim));
    },
    cut(fleet, device) {
      for (const client of byDevice.get(keyOf({ fleet, device })) ?? []) client.close();
    },
  };
}

function keyOf({ fleet, device }: { readonly fleet: string; readonly device: string }): string {
  return `${fleet}/${device}`;
}

function certificateOf(client: Client): Hello['certificate'] {
  const socket = client.conn as Partial<TLSSocket>;
  if (socket.authorized !== true || socket.getPeerCertificate === undefined) return null;
  const { CN, O } = socket.getPeerCertificate().subject ?? {};
  // A certificate may hold a name twice; that one is nobody's.
  if (typeof CN !== 'string') return null;
  return { CN, O: typeof O === 'string' ? O : undefined };
}
