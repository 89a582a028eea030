// Who may publish and read what on the embedded broker. Pure. Without credentials a client speaks for the device that
// its client id names, `holdfast:<fleet>:<device>`, and for no other.
import { agentClientId, parseDeviceTopic } from '../../fleet/wire/topics.ts';

const TOPIC_CHARS = 256;
const CLIENT_ID_CHARS = 192;

export function mayConnect(clientId: string): boolean {
  return clientId.length <= CLIENT_ID_CHARS;
}

/** Only its own reports: a device gives no hints, and nothing outside the contract's topics is carried. */
export function mayPublish(clientId: string, topic: string): boolean {
  if (topic.length > TOPIC_CHARS) return false;
  const place = parseDeviceTopic(topic);
  return place !== null && place.leaf !== 'cmd/reconcile' && speaksFor(clientId, place.fleet, place.device);
}

/** One exact topic; never a wildcard: a slow reader of everything would take the broker down in a burst. */
export function maySubscribe(clientId: string, filter: string): boolean {
  if (filter.length > TOPIC_CHARS || filter.includes('+') || filter.includes('#') || filter.startsWith('$'))
    return false;
  const place = parseDeviceTopic(filter);
  if (place === null) return /^holdfast\/v1\/[a-z0-9-]+\/_hub\/[a-z0-9-]+\/state$/.test(filter);
  return !clientId.startsWith('holdfast:') || speaksFor(clientId, place.fleet, place.device);
}

function speaksFor(clientId: string, fleet: string, device: string): boolean {
  return clientId === agentClientId(fleet, device);
}
