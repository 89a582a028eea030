// A real hub for scenarios: the program itself on free ports, and its API.
import { join } from 'node:path';
import type { Device as HubDevice } from '../../hub/api/schemas.ts';
import { freePort, type Program, startProgram } from './machine.ts';
import { waitFor } from './wait.ts';

export interface Hub {
  readonly mqttUrl: string;
  readonly httpUrl: string;
  /** What the API says of a device; null: it knows none of that id. */
  device(id: string): Promise<HubDevice | null>;
  /** Starts the program (again), on the same ports and database; `await using` ends it with SIGKILL. */
  start(): Promise<Program>;
}

export async function makeHub(folder: string): Promise<Hub> {
  const [http, mqtt] = [await freePort(), await freePort()];
  const httpUrl = `http://127.0.0.1:${http}`;
  return {
    mqttUrl: `mqtt://127.0.0.1:${mqtt}`,
    httpUrl,
    async device(id) {
      const answer = await fetch(`${httpUrl}/api/v1/devices/${id}`, { signal: AbortSignal.timeout(5000) });
      return answer.status === 200 ? ((await answer.json()) as HubDevice) : null;
    },
    async start() {
      const ports = ['--http-port', String(http), '--mqtt-port', String(mqtt)];
      const program = await startProgram(process.execPath, [
        'hub/main.ts',
        'hub',
        ...ports,
        '--db',
        join(folder, 'hub.db'),
      ]);
      await waitFor(async () => (await fetch(`${httpUrl}/readyz`)).status === 200, {
        timeoutMs: 20_000,
        what: 'the hub is ready',
      });
      return program;
    },
  };
}
