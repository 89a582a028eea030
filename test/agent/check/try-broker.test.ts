// One connection to real brokers.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tryBroker } from '../../../agent/check/try-broker.ts';
import { agentClientId } from '../../../fleet/wire/topics.ts';
import { admit, mayPublish, maySubscribe, type Speaker } from '../../../hub/broker/rules.ts';
import { startAedes } from '../mqtt/aedes-broker.ts';
import { brokerFolder, mosquittoOnFreePort } from '../mqtt/mosquitto.ts';

const never = new AbortController().signal;
const fleet = 'acme';
const device = 'edge-01';
const AGENT = agentClientId(fleet, device);
const CHECK = `${AGENT}:check-0011aabb`;

/** What the hub takes such a client for where nothing has to be proved. */
function speaker(clientId: string): Speaker {
  const verdict = admit({ clientId, username: undefined, password: undefined, certificate: null }, null, true);
  return verdict.admitted ? verdict.speaker : null;
}

describe('one connection', () => {
  it('under an id of its own leaves the agent connected and publishes nothing', async () => {
    const { broker, url } = await startAedes();
    const seen: string[] = [];
    const gone: string[] = [];
    broker.on('publish', (packet, client) => client !== null && seen.push(packet.topic));
    broker.on('clientDisconnect', (client) => gone.push(client.id));
    broker.authenticate = (client, _name, _password, done) => done(null, speaker(client.id) !== null);
    const asked = { config: { url }, fleet, device };
    const agents = new Set<string>();
    broker.on('client', (client) => agents.add(client.id));
    expect(await tryBroker({ ...asked, clientId: CHECK }, never)).toEqual({
      kind: 'connected',
      protocol: 'MQTT 3.1.1',
    });
    expect(agents).toEqual(new Set([CHECK]));
    await expect.poll(() => gone).toEqual([CHECK]);
    expect(seen).toEqual([]);
  });

  it('is let in by the rules of the hub with the longest names that there are, and may listen to no device', () => {
    const longest = 'x'.repeat(63);
    const check = speaker(`${agentClientId(longest, longest)}:check-0011aabb`);
    expect(check).toMatchObject({ device: longest, check: true });
    expect(maySubscribe(check, `holdfast/v1/${longest}/${longest}/cmd/reconcile`)).toBe(false);
    expect(mayPublish(check, `holdfast/v1/${longest}/${longest}/presence`)).toBe(false);
  });

  it('speaks MQTT 5 where the broker does, and says why it is refused', async () => {
    const folder = brokerFolder();
    writeFileSync(join(folder, 'users'), '', { mode: 0o600 });
    writeFileSync(join(folder, 'password'), 'wrong\n');
    const open = await mosquittoOnFreePort();
    await open.start();
    const given = { fleet, device, clientId: CHECK };
    expect(await tryBroker({ ...given, config: { url: open.url } }, never)).toEqual({
      kind: 'connected',
      protocol: 'MQTT 5',
    });
    const closed = await mosquittoOnFreePort({
      folder,
      lines: ['allow_anonymous false', `password_file ${join(folder, 'users')}`],
    });
    await closed.start();
    const config = { url: closed.url, username: 'edge-01', password_file: join(folder, 'password') };
    const refused = await tryBroker({ ...given, config }, never);
    expect(refused).toMatchObject({ kind: 'failed' });
    expect(refused.kind === 'failed' ? refused.message : '').toMatch(/not authorized|bad user ?name/i);
  });

  it('that nobody takes fails with the cause', async () => {
    const { url } = await mosquittoOnFreePort();
    const found = await tryBroker({ fleet, device, clientId: CHECK, config: { url } }, never);
    expect(found.kind === 'failed' ? found.message : '').toContain('ECONNREFUSED');
  });
});
