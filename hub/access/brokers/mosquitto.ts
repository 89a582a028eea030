// Mosquitto 2: configuration, access control list, password file. Pure. Source: mosquitto.conf(5), mosquitto_passwd(1).
// Mosquitto judges at delivery what it granted at SUBSCRIBE, so only deliveries tell whether these rules hold.
import {
  type BrokerFile,
  type BrokerInput,
  type BrokerUser,
  HINT,
  HUB_USER,
  PACKET_BYTES,
  PAYLOAD_BYTES,
  REPORTS,
} from './contract.ts';

export function mosquittoFiles(input: BrokerInput): readonly BrokerFile[] {
  return [
    { name: 'holdfast.conf', text: configuration(input) },
    { name: 'devices.acl', text: devicesAcl(input.fleet) },
    { name: 'hubs.acl', text: hubsAcl(input.fleet) },
  ];
}

function configuration({ fleet, folder, port, hubPort, mtls }: BrokerInput): string {
  const tls = [`certfile ${folder}/server.pem`, `keyfile ${folder}/server.key`, 'tls_version tlsv1.2'];
  const bounds = [
    `max_packet_size ${PACKET_BYTES}`,
    `message_size_limit ${PAYLOAD_BYTES}`,
    '# What waits for a hub that is away, and what is on its way to one: all of it.',
    'max_queued_messages 0',
    'max_inflight_messages 0',
  ];
  return lines([
    `# Mosquitto 2 for the fleet ${fleet} of Holdfast. Another fleet needs a listener of its own, since a user name is a device of this one.`,
    'per_listener_settings true',
    ...bounds,
    '',
    '# Devices. A client is who it proved to be: no client id takes over the session, the subscriptions or the will of another.',
    `listener ${port}`,
    ...tls,
    'allow_anonymous false',
    ...(mtls ? certificates(folder) : passwords(folder)),
    `acl_file ${folder}/devices.acl`,
    'use_username_as_clientid true',
    '',
    `# Hubs: mosquitto_passwd -c ${folder}/hubs.passwd ${HUB_USER}`,
    `listener ${hubPort}`,
    ...tls,
    'allow_anonymous false',
    `password_file ${folder}/hubs.passwd`,
    `acl_file ${folder}/hubs.acl`,
  ]);
}

function certificates(folder: string): readonly string[] {
  return [
    '# The certificate says who it is: CN is the device.',
    `cafile ${folder}/devices-ca.pem`,
    `# crlfile ${folder}/revoked.pem`,
    'require_certificate true',
    'use_identity_as_username true',
  ];
}

function passwords(folder: string): readonly string[] {
  return [
    `# Written by: holdfast broker users --for mosquitto > ${folder}/devices.passwd (then send mosquitto a SIGHUP)`,
    `password_file ${folder}/devices.passwd`,
  ];
}

function devicesAcl(fleet: string): string {
  const own = `holdfast/v1/${fleet}/%u`;
  return lines([
    '# Every device: its own reports, its own hints, and nothing of another.',
    ...REPORTS.map((leaf) => `pattern write ${own}/${leaf}`),
    `pattern read ${own}/${HINT}`,
  ]);
}

function hubsAcl(fleet: string): string {
  const root = `holdfast/v1/${fleet}`;
  return lines([
    `user ${HUB_USER}`,
    ...REPORTS.map((leaf) => `topic read ${root}/+/${leaf}`),
    `topic write ${root}/+/${HINT}`,
    `topic readwrite ${root}/_hub/+/state`,
  ]);
}

/** Lines of a password file, in the format `$6$`: SHA-512 over password and salt. */
export function mosquittoUsers(users: readonly BrokerUser[]): string {
  return lines(
    users.map(({ user, salt, hash }) => {
      const [saltText, hashText] = [Buffer.from(salt, 'utf8'), Buffer.from(hash, 'hex')];
      return `${user}:$6$${saltText.toString('base64')}$${hashText.toString('base64')}`;
    }),
  );
}

function lines(all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join('');
}
