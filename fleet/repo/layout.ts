// Where things are in a fleet repository.

export const FLEET_FILE = 'fleet.yaml';
const DEVICES = 'devices';

/** Where a device's folder is unless the agent is told otherwise. */
export function devicePath(device: string): string {
  return `${DEVICES}/${device}`;
}
