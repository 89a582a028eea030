// EMQX 5: configuration, access control list, users. Pure. Source: EMQX documentation, "Use Built-in Database", "ACL File",
// "MQTT" (use_username_as_clientid), "X.509 certificate authentication".
import {
  type BrokerFile,
  type BrokerInput,
  type BrokerUser,
  HINT,
  HUB_USER,
  PACKET_BYTES,
  REPORTS,
} from './contract.ts';

export function emqxFiles(input: BrokerInput): readonly BrokerFile[] {
  return [
    { name: 'holdfast.hocon', text: configuration(input) },
    { name: 'acl.conf', text: acl(input) },
  ];
}

function configuration({ fleet, folder, port, hubPort, mtls }: BrokerInput): string {
  const password = `# Written by: holdfast broker users --for emqx > ${folder}/users.csv. Read when EMQX makes its database; later changes: its
# dashboard or REST API.
authentication = [
  {
    mechanism = password_based
    backend = built_in_database
    user_id_type = username
    password_hash_algorithm { name = sha512, salt_position = suffix }
    bootstrap_file = "${folder}/users.csv"
    bootstrap_type = hash
  }
]
`;
  const certificate = `# The certificate says who it is: CN is the device. A hub has one too, CN ${HUB_USER}.
mqtt.peer_cert_as_username = cn
`;
  const verify = mtls
    ? `
    cacertfile = "${folder}/devices-ca.pem"
    verify = verify_peer
    fail_if_no_peer_cert = true`
    : '';
  return `# EMQX for the fleet ${fleet} of Holdfast: merge into base.hocon. Another fleet needs a broker of its own, since a user name is a
# device of this one.
listeners.tcp.default.enable = false
listeners.ws.default.enable = false
listeners.wss.default.enable = false
listeners.ssl.default {
  bind = ${port}
  ssl_options {
    certfile = "${folder}/server.pem"
    keyfile = "${folder}/server.key"
    versions = ["tlsv1.3", "tlsv1.2"]${verify}
  }
}
# Hubs, which choose their client ids. Bind it where hubs alone can reach it: devices may not.
listeners.ssl.hubs {
  bind = "127.0.0.1:${hubPort}"
  zone = hubs
  ssl_options {
    certfile = "${folder}/server.pem"
    keyfile = "${folder}/server.key"
    versions = ["tlsv1.3", "tlsv1.2"]${verify}
  }
}
zones.hubs.mqtt.use_username_as_clientid = false

${mtls ? certificate : password}
# A client is who it proved to be: no client id takes over the session, the subscriptions or the will of another.
mqtt.use_username_as_clientid = true
mqtt.max_packet_size = ${PACKET_BYTES}B
mqtt.max_topic_levels = 16

authorization {
  no_match = deny
  deny_action = ignore
  sources = [
    { type = file, enable = true, path = "${folder}/acl.conf" }
  ]
}
`;
}

function acl({ fleet }: BrokerInput): string {
  const root = `holdfast/v1/${fleet}`;
  const list = (topics: readonly string[]) => `[${topics.map((topic) => `"${topic}"`).join(', ')}]`;
  const states = `${root}/_hub/+/state`;
  return `${[
    `{allow, {username, "${HUB_USER}"}, subscribe, ${list([...REPORTS.map((leaf) => `${root}/+/${leaf}`), states])}}.`,
    `{allow, {username, "${HUB_USER}"}, publish, ${list([`${root}/+/${HINT}`, states])}}.`,
    '%% Every device: its own reports, its own hints, and nothing of another.',
    `{allow, all, publish, ${list(REPORTS.map((leaf) => `${root}/\${username}/${leaf}`))}}.`,
    `{allow, all, subscribe, ${list([`${root}/\${username}/${HINT}`])}}.`,
    '{deny, all}.',
  ].join('\n')}\n`;
}

/** A bootstrap file of the built-in database. */
export function emqxUsers(users: readonly BrokerUser[]): string {
  const rows = users.map(({ user, salt, hash }) => `${user},${hash},${salt},false`);
  return `${['user_id,password_hash,salt,is_superuser', ...rows].join('\n')}\n`;
}
