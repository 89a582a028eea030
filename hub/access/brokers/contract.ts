// The rules of the wire contract for a broker that is not the hub's own, as `hub/broker/rules.ts` has them for the embedded one:
// a device writes its own reports and reads its own hints, a hub the other way round, and nobody anything else.
import type { CredentialList } from '../../api/access.ts';

/** Under which all hubs sign in. A hub has several connections, and takes over those of a hub that died, so that client ids are its
 * own to choose; devices have no such choice. */
export const HUB_USER = 'holdfast-hub';

export const BROKERS = ['mosquitto', 'emqx'] as const;
export type BrokerKind = (typeof BROKERS)[number];

export interface BrokerInput {
  readonly fleet: string;
  /** Where the files will lie on the broker's host; an absolute path. */
  readonly folder: string;
  readonly port: number;
  /** A listener for the hubs alone. */
  readonly hubPort: number;
  /** Devices prove themselves with a certificate (CN: the device) in place of a password. */
  readonly mtls: boolean;
}

export interface BrokerFile {
  readonly name: string;
  readonly text: string;
}

/** A credential as the hub keeps it; `user` is what signs in. */
export type BrokerUser = Pick<CredentialList['items'][number], 'salt' | 'hash'> & { readonly user: string };

export const REPORTS = ['presence', 'status', 'event'] as const;
export const HINT = 'cmd/reconcile';

/** Bytes: a payload of 64 KiB, and with its header. */
export const PAYLOAD_BYTES = 65_536;
export const PACKET_BYTES = 81_920;
