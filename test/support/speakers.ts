// Devices of which only the wire is real: each says what it does with growing sequence numbers, and remembers what was
// acknowledged; and what a hub shows of them.
import mqtt, { type MqttClient } from 'mqtt';
import { deviceTopic } from '../../fleet/wire/topics.ts';
import { type DeviceItem, devicePageSchema, eventPageSchema } from '../../hub/api/schemas.ts';
import { event, presence, status } from '../hub/sample.ts';

/** What the API of one hub lists, all pages, by id. */
async function rosterOf(http: string): Promise<ReadonlyMap<string, DeviceItem>> {
  const roster = new Map<string, DeviceItem>();
  for (let cursor: string | null = ''; cursor !== null; ) {
    const from: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const page = devicePageSchema.parse(await (await fetch(`${http}/api/v1/devices?sort=id&limit=500${from}`)).json());
    for (const item of page.items) roster.set(item.id, item);
    cursor = page.next;
  }
  return roster;
}

/** The messages of all events that one hub knows, newest first. */
export async function eventsOf(http: string): Promise<readonly string[]> {
  const messages: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const from: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const page = eventPageSchema.parse(await (await fetch(`${http}/api/v1/events?limit=500${from}`)).json());
    messages.push(...page.items.map(({ message }) => message));
    cursor = page.next;
  }
  return messages;
}

/** Devices that a hub does not show in their last acknowledged state. */
export async function behind(http: string, { states }: Speakers): Promise<readonly string[]> {
  const roster = await rosterOf(http);
  return [...states].flatMap(([id, round]) =>
    roster.get(id)?.labels.round === round ? [] : [`${id} is not at ${round}`],
  );
}

/** What a hub does not show yet of what was acknowledged; empty: it shows all of it. */
export async function missing(http: string, speakers: Speakers): Promise<readonly string[]> {
  const known = new Set(await eventsOf(http));
  const lost = speakers.events.filter((message) => !known.has(message));
  return [...(await behind(http, speakers)), ...lost.map((message) => `no event ${message}`)];
}

export interface Speakers {
  /** Each device says its state and one event; settles when the broker has acknowledged all that it took. */
  round(): Promise<void>;
  /** Each device says one event: what no broker keeps once it is acknowledged. */
  tell(): Promise<void>;
  /** The last acknowledged state of each device, by id: what a roster has to show. */
  readonly states: ReadonlyMap<string, string>;
  /** Messages of acknowledged events. */
  readonly events: readonly string[];
  end(): void;
}

const FLEET = 'acme';
const CONNECTIONS = 10;

/** Many devices over a few connections: the hub cannot tell. The state is the label `round`. */
export async function createSpeakers(broker: string, count: number): Promise<Speakers> {
  const ids = Array.from({ length: count }, (_, index) => `edge-${String(index).padStart(5, '0')}`);
  const clients = await Promise.all(
    Array.from({ length: Math.min(CONNECTIONS, count) }, () =>
      mqtt.connectAsync(broker, { protocolVersion: 5, reconnectPeriod: 0 }),
    ),
  );
  const states = new Map<string, string>();
  const events: string[] = [];
  let seq = 0;
  const send = (client: MqttClient, id: string, leaf: 'presence' | 'status' | 'event', body: object) =>
    client.publishAsync(deviceTopic(FLEET, id, leaf), JSON.stringify({ ...body, device: id }), {
      qos: 1,
      retain: leaf !== 'event',
    });
  async function state(id: string, client: MqttClient, at: number): Promise<void> {
    const ts = new Date().toISOString();
    if (at === 1) await send(client, id, 'presence', presence({ ts }));
    await send(client, id, 'status', status({ seq: at * 2, ts, labels: { round: String(at) } }));
    states.set(id, String(at));
  }
  async function tell(id: string, client: MqttClient, at: number): Promise<void> {
    const message = `${id} ${at}`;
    await send(client, id, 'event', event({ seq: at * 2 + 1, ts: new Date().toISOString(), message }));
    events.push(message);
  }
  async function each(say: (id: string, client: MqttClient, at: number) => Promise<void>): Promise<void> {
    const at = ++seq;
    const all = ids.map((id, index) => {
      const client = clients[index % clients.length];
      return client === undefined ? undefined : say(id, client, at);
    });
    await Promise.all(all);
  }
  return {
    states,
    events,
    tell: () => each(tell),
    round: () =>
      each(async (id, client, at) => {
        await state(id, client, at);
        await tell(id, client, at);
      }),
    end() {
      for (const client of clients) client.end(true);
    },
  };
}
