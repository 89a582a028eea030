// One connection to the broker and a goodbye, under any client id. Publishes nothing and listens to nothing.
import { deviceTopic } from '../../fleet/wire/topics.ts';
import { connectBroker, type MqttConfig, type ProtocolVersion } from '../mqtt/connection.ts';
import type { BrokerAnswer } from './broker.ts';

const END_MS = 1000;
const KEEPALIVE_S = 30;

export async function tryBroker(
  given: { readonly config: MqttConfig; readonly fleet: string; readonly device: string; readonly clientId: string },
  signal: AbortSignal,
): Promise<BrokerAnswer> {
  // Only a check that is cut off in the middle leaves a will, and this one is neither kept nor of any meaning: not the
  // device's presence, which belongs to the agent.
  const will = { topic: deviceTopic(given.fleet, given.device, 'event'), payload: '', retain: false };
  const { config, clientId } = given;
  const attemptWith = (version: ProtocolVersion) =>
    connectBroker(
      {
        config,
        clientId,
        version,
        will,
        keepaliveS: KEEPALIVE_S,
        onMessage: () => undefined,
        onClose: () => undefined,
      },
      signal,
    );
  const first = await attemptWith(5);
  const attempt = first.kind === 'failed' && first.cause !== 'other' && !signal.aborted ? await attemptWith(4) : first;
  if (attempt.kind === 'failed') return { kind: 'failed', message: attempt.message };
  await attempt.connection.end(END_MS);
  return { kind: 'connected', protocol: attempt.connection.version === 5 ? 'MQTT 5' : 'MQTT 3.1.1' };
}
