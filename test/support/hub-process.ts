// Hubs as the processes that they are: started from a configuration, killed, frozen, asked over HTTP.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Device, deviceSchema, summarySchema } from '../../hub/api/schemas.ts';
import { freePort, type Program, startProgram } from './machine.ts';
import { waitFor } from './wait.ts';

const READY_MS = 60_000;
const ANSWER_MS = 20_000;

export interface HubProcess {
  readonly id: string;
  readonly http: string;
  /** Where devices connect, unless there is a broker. */
  readonly mqtt: string;
  /** Starts the program (again) on the same ports and store; resolves when it is ready. */
  start(): Promise<Program>;
  /** The sum of all series of this metric whose labels hold `labels`. */
  metric(name: string, labels?: string): Promise<number>;
  devices(): Promise<number>;
  /** null: it knows none of that id. */
  device(id: string): Promise<Device | null>;
}

/** `config`: more of hub.yaml, as YAML's JSON. */
export async function makeHubProcess(folder: string, id: string, config: object): Promise<HubProcess> {
  const [httpPort, mqttPort] = [await freePort(), await freePort()];
  const file = join(folder, `${id}.yaml`);
  const whole = {
    id,
    http: { port: httpPort },
    mqtt: { port: mqttPort },
    store: { path: join(folder, `${id}.db`) },
    limits: { devices: 200_000 },
    log: { level: 'warn' },
    ...config,
  };
  await writeFile(file, JSON.stringify(whole));
  const http = `http://127.0.0.1:${httpPort}`;
  const ask = (path: string) => fetch(`${http}${path}`, { signal: AbortSignal.timeout(ANSWER_MS) });
  return {
    id,
    http,
    mqtt: `mqtt://127.0.0.1:${mqttPort}`,
    async start() {
      const program = await startProgram(process.execPath, ['hub/main.ts', 'hub', '--config', file]);
      await waitFor(
        async () => {
          if (program.child.exitCode !== null) throw new Error(program.output());
          return (await ask('/readyz')).ok;
        },
        { timeoutMs: READY_MS, what: `the hub ${id} is ready: ${program.output()}` },
      );
      return program;
    },
    async metric(name, labels = '') {
      const text = await (await ask('/metrics')).text();
      const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
      return lines
        .filter((line) => line.includes(labels))
        .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    },
    async device(id) {
      const answer = await ask(`/api/v1/devices/${id}`);
      return answer.ok ? deviceSchema.parse(await answer.json()) : null;
    },
    devices: async () => summarySchema.parse(await (await ask('/api/v1/summary')).json()).devices,
  };
}
