// What a device with credentials of its own, or somebody with none, may try against another device. Each attack marks what it sends
// with EVIL and keeps what it was given in `loot`.
import type { IClientOptions, MqttClient } from 'mqtt';
import { type Arena, ATTACKER, FLEET, VICTIM } from './arena.ts';

export const EVIL = 'EVIL';
export const ROOT = `holdfast/v1/${FLEET}`;

export interface Attempt {
  readonly arena: Arena;
  readonly version: 4 | 5;
  readonly loot: string[];
}

const DEADLINE_MS = 3000;

/** Whatever the broker makes of it: an answer, a refusal, a cut line. */
async function whatever(work: Promise<unknown>): Promise<void> {
  const late = new Promise((resolve) => setTimeout(resolve, DEADLINE_MS).unref());
  await Promise.race([work.catch(() => undefined), late]);
}

async function join({ arena, version, loot }: Attempt, options: IClientOptions = {}): Promise<MqttClient | null> {
  const client = await arena.connect(ATTACKER, version, options).catch(() => null);
  client?.on('message', (topic, payload) => loot.push(`${topic} ${payload}`));
  return client;
}

/** Until the line is down: what waits for an acknowledgement then will get none. */
function gone(client: MqttClient): Promise<unknown> {
  return new Promise((resolve) => (client.connected ? client.once('close', () => resolve(null)) : resolve(null)));
}

const publishing =
  (topic: string, options: { qos?: 0 | 1 | 2; retain?: boolean } = {}) =>
  async (attempt: Attempt) => {
    const client = await join(attempt);
    if (client === null) return;
    const sent = client.publishAsync(topic, EVIL, { qos: 1, ...options });
    await whatever(Promise.race([sent, gone(client)]));
  };

const subscribing = (filter: string) => async (attempt: Attempt) => {
  const client = await join(attempt);
  if (client !== null) await whatever(Promise.race([client.subscribeAsync(filter, { qos: 1 }), gone(client)]));
};

const dying = (topic: string) => async (attempt: Attempt) => {
  const client = await join(attempt, { will: { topic, payload: Buffer.from(EVIL), qos: 1, retain: true } });
  client?.stream.destroy();
  // The broker is done with the old connection, and its will, before it admits another one like it.
  (await join(attempt))?.end(true);
};

/** As somebody else: what comes of it is tried out by reading and writing. */
const posing = (options: IClientOptions) => async (attempt: Attempt) => {
  const client = await join(attempt, options);
  if (client === null) return;
  await whatever(Promise.race([client.subscribeAsync(`${ROOT}/${VICTIM}/cmd/reconcile`, { qos: 1 }), gone(client)]));
  await whatever(
    Promise.race([client.publishAsync(`${ROOT}/${VICTIM}/status`, EVIL, { qos: 1, retain: true }), gone(client)]),
  );
};

export const ATTACKS: Readonly<Record<string, (attempt: Attempt) => Promise<void>>> = {
  'writes the presence of another': publishing(`${ROOT}/${VICTIM}/presence`, { retain: true }),
  'writes the status of another': publishing(`${ROOT}/${VICTIM}/status`, { retain: true }),
  'writes an event of another': publishing(`${ROOT}/${VICTIM}/event`),
  'writes the status of another with QoS 0': publishing(`${ROOT}/${VICTIM}/status`, { qos: 0 }),
  'writes the status of another with QoS 2': publishing(`${ROOT}/${VICTIM}/status`, { qos: 2 }),
  'hints another': publishing(`${ROOT}/${VICTIM}/cmd/reconcile`),
  'leaves a hint for another': publishing(`${ROOT}/${VICTIM}/cmd/reconcile`, { retain: true }),
  'speaks for the hub': publishing(`${ROOT}/_hub/hub/state`, { retain: true }),
  'writes in another fleet': publishing(`holdfast/v1/beta/${ATTACKER}/status`),
  'climbs out of its own topic': publishing(`${ROOT}/${ATTACKER}/../${VICTIM}/status`),
  'writes below its own topic': publishing(`${ROOT}/${ATTACKER}/status/${VICTIM}`),
  'writes elsewhere': publishing('anything/at/all'),
  'leaves a will as presence of another': dying(`${ROOT}/${VICTIM}/presence`),
  'leaves a will as a hint for another': dying(`${ROOT}/${VICTIM}/cmd/reconcile`),
  'leaves a will for the hub': dying(`${ROOT}/_hub/hub/state`),
  'reads everything': subscribing('#'),
  'reads the fleet': subscribing(`${ROOT}/#`),
  'reads every status': subscribing(`${ROOT}/+/status`),
  'reads every hint': subscribing(`${ROOT}/+/cmd/reconcile`),
  'reads the status of another': subscribing(`${ROOT}/${VICTIM}/status`),
  'reads the hints of another': subscribing(`${ROOT}/${VICTIM}/cmd/reconcile`),
  'reads the hints of another in a shared subscription': subscribing(`$share/g/${ROOT}/${VICTIM}/cmd/reconcile`),
  'reads the insides of the broker': subscribing('$SYS/#'),
  "takes another's client id": posing({ clientId: `holdfast:${FLEET}:${VICTIM}` }),
  "takes another's client id and its session": posing({ clientId: `holdfast:${FLEET}:${VICTIM}`, clean: false }),
  "takes another's name with its own password": posing({ username: VICTIM }),
  "takes another's name and client id": posing({ username: VICTIM, clientId: `holdfast:${FLEET}:${VICTIM}` }),
  'has a wildcard for a name': posing({ username: '+' }),
  'has a slash in its name': posing({ username: `${VICTIM}/presence` }),
  'has a hub for a name': posing({ username: 'holdfast-hub', clientId: 'holdfast-hub-hub' }),
  'has no password': posing({ username: VICTIM, password: '', clientId: `holdfast:${FLEET}:${VICTIM}` }),
};
