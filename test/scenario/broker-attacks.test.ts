// No device can write as, read from, or send a will for another: judged by what was delivered, on the embedded broker and on a
// Mosquitto with what `holdfast broker config` and `holdfast broker users` print.
import type { MqttClient } from 'mqtt';
import { describe, expect, test } from 'vitest';
import { until } from '../agent/mqtt/reporting.ts';
import { ARENAS, type Arena, ATTACKER, VICTIM } from './support/brokers/arena.ts';
import { ATTACKS, EVIL, ROOT } from './support/brokers/attacks.ts';

/** A victim that is at work: connected, with a will, a status that is kept, listening for hints. */
async function victimOn(arena: Arena, version: 4 | 5) {
  const will = { topic: `${ROOT}/${VICTIM}/presence`, payload: Buffer.from('offline'), qos: 1, retain: true } as const;
  const client = await arena.connect(VICTIM, version, { will });
  const hints: string[] = [];
  client.on('message', (topic, payload) => hints.push(`${topic} ${payload}`));
  await client.subscribeAsync(`${ROOT}/${VICTIM}/cmd/reconcile`, { qos: 1 });
  await client.publishAsync(`${ROOT}/${VICTIM}/status`, 'mine', { qos: 1, retain: true });
  return { client, hints };
}

async function say(client: MqttClient, news: string): Promise<boolean> {
  if (!client.connected) return false;
  const cut = Promise.withResolvers<boolean>();
  const close = () => cut.resolve(false);
  client.once('close', close);
  const said = client.publishAsync(`${ROOT}/${VICTIM}/status`, news, { qos: 1, retain: true });
  const heard = await Promise.race([cut.promise, said.then(() => true)]);
  client.off('close', close);
  return heard;
}

describe.each(Object.entries(ARENAS))('on %s', (_name, open) => {
  test('no attack of a device on another gets anywhere', { timeout: 60_000 }, async () => {
    const arena = await open();
    let round = 0;
    for (const version of arena.versions) {
      const victim = await victimOn(arena, version);
      for (const [name, attack] of Object.entries(ATTACKS)) {
        const loot: string[] = [];
        const hint = `hint ${++round}`;
        const news = `news ${round}`;
        await attack({ arena, version, loot });
        // Fences: what the attack left behind is delivered before these are.
        await arena.hint(VICTIM, hint);
        // A victim that was cut off would wait for its acknowledgement for ever.
        expect({ name, version, connected: await say(victim.client, news) }).toEqual({
          name,
          version,
          connected: true,
        });
        const attacker = await arena.connect(ATTACKER, version);
        await attacker.publishAsync(`${ROOT}/${ATTACKER}/event`, news, { qos: 1 });
        const heard = (topic: string) => arena.heard.some((one) => one.topic === topic && one.payload === news);
        const both = () => heard(`${ROOT}/${VICTIM}/status`) && heard(`${ROOT}/${ATTACKER}/event`);
        await until(`the news after: ${name}`, () => both() && victim.hints.some((one) => one.endsWith(hint)));
        attacker.end(true);
        const evil = arena.heard.filter(({ payload }) => payload === EVIL);
        const foreign = victim.hints.filter((one) => one.includes(EVIL));
        expect({ name, version, evil, foreign, loot }).toEqual({ name, version, evil: [], foreign: [], loot: [] });
      }
      expect(arena.heard.some(({ payload }) => payload === 'offline')).toBe(false);
      await victim.client.endAsync();
    }
  });

  test('the table can fail: what a device may, it can', async () => {
    const arena = await open();
    const client = await arena.connect(ATTACKER, 4, {
      will: { topic: `${ROOT}/${ATTACKER}/presence`, payload: Buffer.from(EVIL), qos: 1, retain: true },
    });
    const loot: string[] = [];
    client.on('message', (_topic, payload) => loot.push(payload.toString()));
    await client.subscribeAsync(`${ROOT}/${ATTACKER}/cmd/reconcile`, { qos: 1 });
    await arena.hint(ATTACKER, 'for you');
    await until('its own hint', () => loot.includes('for you'));
    client.stream.destroy();
    await until('its own will', () => arena.heard.some(({ payload }) => payload === EVIL));
  });
});
