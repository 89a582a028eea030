// Who may connect, publish and read what on the embedded broker. Pure. A client id says for which device a client speaks,
// `holdfast:<fleet>:<device>`; its password or certificate proves it. What `holdfast broker config` writes for other brokers
// says the same.

import { isId } from '../../fleet/names.ts';
import { deviceTopic, parseDeviceTopic } from '../../fleet/wire/topics.ts';
import { isPassword, type PasswordHash } from '../access/credentials.ts';

const TOPIC_CHARS = 256;
const CLIENT_ID_CHARS = 192;

/** What is known of a device that was enrolled or revoked. */
export interface DeviceCredential extends PasswordHash {
  readonly revoked: boolean;
}

export interface Claim {
  readonly fleet: string;
  readonly device: string;
  /** A check of the same device under an id of its own, so that it does not end the agent's session: it reports nothing. */
  readonly check: boolean;
}

/** Who a connection speaks for. `null`: for no device; it may only listen, and only where nothing has to be proved. */
export type Speaker = (Claim & { readonly proven: boolean }) | null;

export interface Hello {
  readonly clientId: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Subject of a client certificate that `mqtt.tls.client_ca_file` vouches for. */
  readonly certificate: { readonly CN: string; readonly O: string | undefined } | null;
}

export type Verdict =
  | { readonly admitted: true; readonly speaker: Speaker }
  | { readonly admitted: false; readonly why: 'client id' | 'credentials' };

/** null: the client id names no device. */
export function claimOf(clientId: string): Claim | null {
  if (clientId.length > CLIENT_ID_CHARS) return null;
  const [program, fleet = '', device = '', check, ...more] = clientId.split(':');
  if (program !== 'holdfast' || !isId(fleet) || !isId(device) || more.length > 0) return null;
  if (check !== undefined && !/^check-[\w-]{1,64}$/.test(check)) return null;
  return { fleet, device, check: check !== undefined };
}

/** @param known of the device that the client id names; @param anonymous nothing has to be proved for other devices */
export function admit(hello: Hello, known: DeviceCredential | null, anonymous: boolean): Verdict {
  const claim = claimOf(hello.clientId);
  if (claim === null) {
    const listener = anonymous && hello.clientId.length <= CLIENT_ID_CHARS && !hello.clientId.startsWith('holdfast:');
    return listener ? { admitted: true, speaker: null } : { admitted: false, why: 'client id' };
  }
  if (known?.revoked === true) return { admitted: false, why: 'credentials' };
  if (proves(hello, claim, known)) return { admitted: true, speaker: { ...claim, proven: true } };
  if (known === null && anonymous) return { admitted: true, speaker: { ...claim, proven: false } };
  return { admitted: false, why: 'credentials' };
}

function proves({ certificate, username, password }: Hello, claim: Claim, known: DeviceCredential | null): boolean {
  if (certificate !== null) {
    return certificate.CN === claim.device && (certificate.O === undefined || certificate.O === claim.fleet);
  }
  if (known === null || username !== claim.device || password === undefined) return false;
  return isPassword(password, known);
}

/** Only its own reports: a device gives no hints, and nothing outside the contract's topics is carried. */
export function mayPublish(speaker: Speaker, topic: string): boolean {
  if (speaker === null || speaker.check || topic.length > TOPIC_CHARS) return false;
  const place = parseDeviceTopic(topic);
  return place !== null && place.leaf !== 'cmd/reconcile' && isOf(speaker, place);
}

/** One exact topic; never a wildcard: a slow reader of everything would take the broker down in a burst. */
export function maySubscribe(speaker: Speaker, filter: string): boolean {
  if (filter.length > TOPIC_CHARS || filter.includes('+') || filter.includes('#') || filter.startsWith('$'))
    return false;
  if (speaker?.check === true) return false;
  if (speaker?.proven === true) return filter === deviceTopic(speaker.fleet, speaker.device, 'cmd/reconcile');
  const place = parseDeviceTopic(filter);
  if (place === null) return /^holdfast\/v1\/[a-z0-9-]+\/_hub\/[a-z0-9-]+\/state$/.test(filter);
  return speaker === null || isOf(speaker, place);
}

function isOf(speaker: Claim, place: { readonly fleet: string; readonly device: string }): boolean {
  return speaker.fleet === place.fleet && speaker.device === place.device;
}
