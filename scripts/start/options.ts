// The demo's command line.
import { parseArgs } from 'node:util';
import { isId } from '../../fleet/names.ts';

export interface Options {
  /** Wait until the device is in sync and healthy, print the fleet, end. */
  readonly once: boolean;
  /** 0: any free port. */
  readonly httpPort: number;
  readonly mqttPort: number;
  readonly device: string;
  /** A private Engine, even when one answers. */
  readonly ownEngine: boolean;
}

export const USAGE = `usage: npm start -- [options]

  --once            wait until the device is in sync and healthy, print the fleet, end
  --http-port N     where the hub serves the dashboard and its API (default 8080, or a free one)
  --mqtt-port N     where the hub's broker listens (default 1883, or a free one)
  --device ID       the device's id (default edge-01)
  --own-engine      start a private Docker Engine, even when one answers (root only)`;

/** null: help was asked for. Throws with a sentence for people. */
export function readOptions(args: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      once: { type: 'boolean', default: false },
      'http-port': { type: 'string', default: '8080' },
      'mqtt-port': { type: 'string', default: '1883' },
      device: { type: 'string', default: 'edge-01' },
      'own-engine': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return null;
  if (!isId(values.device)) {
    throw new Error(`--device ${values.device}: lower-case letters, digits and dashes, 63 at most.`);
  }
  return {
    once: values.once,
    httpPort: port('--http-port', values['http-port']),
    mqttPort: port('--mqtt-port', values['mqtt-port']),
    device: values.device,
    ownEngine: values['own-engine'],
  };
}

function port(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65535) throw new Error(`${name} ${text}: a port is 0 to 65535.`);
  return value;
}
