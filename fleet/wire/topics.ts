// MQTT topics: `holdfast/v1/<fleet>/<device>/<leaf>`. Ids are checked, so a topic never holds a wildcard.
import { isId } from '../names.ts';

const ROOT = 'holdfast/v1';

export type Leaf = 'presence' | 'status' | 'event' | 'cmd/reconcile';

export function deviceTopic(fleet: string, device: string, leaf: Leaf): string {
  return `${ROOT}/${fleet}/${device}/${leaf}`;
}

/** The MQTT client id of a device's agent. No id holds a colon, so no two devices share one. */
export function agentClientId(fleet: string, device: string): string {
  return `holdfast:${fleet}:${device}`;
}

/** Retained state of one hub; its last will says offline. */
export function hubTopic(fleet: string, hub: string): string {
  return `${ROOT}/${fleet}/_hub/${hub}/state`;
}

/** The states of all hubs. */
export function hubStateFilter(fleet = '+'): string {
  return `${ROOT}/${fleet}/_hub/+/state`;
}

/** Which hub's state this is; null: none's. */
export function parseHubTopic(topic: string): string | null {
  const [root, version, , place, hub, leaf, ...rest] = topic.split('/');
  const known = `${root}/${version}` === ROOT && place === '_hub' && leaf === 'state' && rest.length === 0;
  return known && hub !== undefined && isId(hub) ? hub : null;
}

/** What the hub listens to: every device of one fleet, or of all fleets with `+`. */
export function reportFilters(fleet = '+'): readonly string[] {
  return (['presence', 'status', 'event'] as const).map((leaf) => `${ROOT}/${fleet}/+/${leaf}`);
}

/** null: not a device's topic. */
export function parseDeviceTopic(topic: string): { fleet: string; device: string; leaf: Leaf } | null {
  const parts = topic.split('/');
  const [root, version, fleet, device, ...rest] = parts;
  if (`${root}/${version}` !== ROOT || fleet === undefined || device === undefined) return null;
  if (!isId(fleet) || !isId(device)) return null;
  const leaf = rest.join('/');
  if (leaf !== 'presence' && leaf !== 'status' && leaf !== 'event' && leaf !== 'cmd/reconcile') return null;
  return { fleet, device, leaf };
}
