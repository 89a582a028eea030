// What is written for brokers of one's own. That it holds on Mosquitto is shown by deliveries (test/scenario/broker-attacks.test.ts).
import { expect, test } from 'vitest';
import { holdfast } from '../cli/holdfast.ts';

test('the rules for Mosquitto', async () => {
  const { out } = await holdfast(['broker', 'config', '--for', 'mosquitto', '--fleet', 'acme']);
  expect(out).toMatchInlineSnapshot(`
    "# ---- /etc/mosquitto/holdfast/holdfast.conf
    # Mosquitto 2 for the fleet acme of Holdfast. Another fleet needs a listener of its own, since a user name is a device of this one.
    per_listener_settings true
    max_packet_size 81920
    message_size_limit 65536
    # What waits for a hub that is away, and what is on its way to one: all of it.
    max_queued_messages 0
    max_inflight_messages 0

    # Devices. A client is who it proved to be: no client id takes over the session, the subscriptions or the will of another.
    listener 8883
    certfile /etc/mosquitto/holdfast/server.pem
    keyfile /etc/mosquitto/holdfast/server.key
    tls_version tlsv1.2
    allow_anonymous false
    # Written by: holdfast broker users --for mosquitto > /etc/mosquitto/holdfast/devices.passwd (then send mosquitto a SIGHUP)
    password_file /etc/mosquitto/holdfast/devices.passwd
    acl_file /etc/mosquitto/holdfast/devices.acl
    use_username_as_clientid true

    # Hubs: mosquitto_passwd -c /etc/mosquitto/holdfast/hubs.passwd holdfast-hub
    listener 8884
    certfile /etc/mosquitto/holdfast/server.pem
    keyfile /etc/mosquitto/holdfast/server.key
    tls_version tlsv1.2
    allow_anonymous false
    password_file /etc/mosquitto/holdfast/hubs.passwd
    acl_file /etc/mosquitto/holdfast/hubs.acl

    # ---- /etc/mosquitto/holdfast/devices.acl
    # Every device: its own reports, its own hints, and nothing of another.
    pattern write holdfast/v1/acme/%u/presence
    pattern write holdfast/v1/acme/%u/status
    pattern write holdfast/v1/acme/%u/event
    pattern read holdfast/v1/acme/%u/cmd/reconcile

    # ---- /etc/mosquitto/holdfast/hubs.acl
    user holdfast-hub
    topic read holdfast/v1/acme/+/presence
    topic read holdfast/v1/acme/+/status
    topic read holdfast/v1/acme/+/event
    topic write holdfast/v1/acme/+/cmd/reconcile
    topic readwrite holdfast/v1/acme/_hub/+/state
    "
  `);
});

test('the rules for EMQX', async () => {
  const { out } = await holdfast(['broker', 'config', '--for', 'emqx', '--fleet', 'acme']);
  expect(out).toMatchInlineSnapshot(`
    "# ---- /opt/emqx/etc/holdfast/holdfast.hocon
    # EMQX for the fleet acme of Holdfast: merge into base.hocon. Another fleet needs a broker of its own, since a user name is a
    # device of this one.
    listeners.tcp.default.enable = false
    listeners.ws.default.enable = false
    listeners.wss.default.enable = false
    listeners.ssl.default {
      bind = 8883
      ssl_options {
        certfile = "/opt/emqx/etc/holdfast/server.pem"
        keyfile = "/opt/emqx/etc/holdfast/server.key"
        versions = ["tlsv1.3", "tlsv1.2"]
      }
    }
    # Hubs, which choose their client ids. Bind it where hubs alone can reach it: devices may not.
    listeners.ssl.hubs {
      bind = "127.0.0.1:8884"
      zone = hubs
      ssl_options {
        certfile = "/opt/emqx/etc/holdfast/server.pem"
        keyfile = "/opt/emqx/etc/holdfast/server.key"
        versions = ["tlsv1.3", "tlsv1.2"]
      }
    }
    zones.hubs.mqtt.use_username_as_clientid = false

    # Written by: holdfast broker users --for emqx > /opt/emqx/etc/holdfast/users.csv. Read when EMQX makes its database; later changes: its
    # dashboard or REST API.
    authentication = [
      {
        mechanism = password_based
        backend = built_in_database
        user_id_type = username
        password_hash_algorithm { name = sha512, salt_position = suffix }
        bootstrap_file = "/opt/emqx/etc/holdfast/users.csv"
        bootstrap_type = hash
      }
    ]

    # A client is who it proved to be: no client id takes over the session, the subscriptions or the will of another.
    mqtt.use_username_as_clientid = true
    mqtt.max_packet_size = 81920B
    mqtt.max_topic_levels = 16

    authorization {
      no_match = deny
      deny_action = ignore
      sources = [
        { type = file, enable = true, path = "/opt/emqx/etc/holdfast/acl.conf" }
      ]
    }

    %% ---- /opt/emqx/etc/holdfast/acl.conf
    {allow, {username, "holdfast-hub"}, subscribe, ["holdfast/v1/acme/+/presence", "holdfast/v1/acme/+/status", "holdfast/v1/acme/+/event", "holdfast/v1/acme/_hub/+/state"]}.
    {allow, {username, "holdfast-hub"}, publish, ["holdfast/v1/acme/+/cmd/reconcile", "holdfast/v1/acme/_hub/+/state"]}.
    %% Every device: its own reports, its own hints, and nothing of another.
    {allow, all, publish, ["holdfast/v1/acme/\${username}/presence", "holdfast/v1/acme/\${username}/status", "holdfast/v1/acme/\${username}/event"]}.
    {allow, all, subscribe, ["holdfast/v1/acme/\${username}/cmd/reconcile"]}.
    {deny, all}.
    "
  `);
});

test('with certificates devices have no passwords', async () => {
  for (const broker of ['mosquitto', 'emqx']) {
    const { out } = await holdfast(['broker', 'config', '--for', broker, '--mtls', '--dir', '/certs']);
    expect(out).not.toMatch(/devices\.passwd|^authentication/m);
    expect(out).toMatch(/\/certs\/devices-ca\.pem/);
    expect(out).toMatch(/^(use_identity_as_username true|mqtt\.peer_cert_as_username = cn)$/m);
  }
});

test.each([
  ['--fleet', 'A/b'],
  ['--fleet', '#'],
])('%s %s is no id, and nothing is printed', async (option, value) => {
  const { exit, out } = await holdfast(['broker', 'config', '--for', 'mosquitto', option, value]);
  expect([exit, out]).toEqual([2, '']);
});
